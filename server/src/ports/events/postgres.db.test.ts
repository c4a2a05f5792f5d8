import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createTestDatabase, type TestDatabase } from "@multitap/db/testing";
import { createPgListener, type PgListener } from "../kv/pg-listener.ts";
import { createLog } from "../log/pino.ts";
import { LOG_EVENTS_MAX } from "./limits.ts";
import { sweepLog } from "./log-table.ts";
import type { Events, RaisedEvent } from "./port.ts";
import { createPostgresEvents } from "./postgres.ts";

const problems: string[] = [];
const log = createLog({ level: "warn", format: "text", write: (line) => problems.push(line) });
const idle = new AbortController().signal;

let database: TestDatabase;
let listener: PgListener;
let events: Events;
let other: Events;

beforeAll(async () => {
  database = await createTestDatabase();
  listener = createPgListener(database.handle.sql, (message) => problems.push(message));
  events = await createPostgresEvents(database.handle, { listener, log });
  other = await createPostgresEvents(database.handle, { listener, log });
});

// What another test raised and did not wait for must not arrive in the next one.
beforeEach(async () => {
  await events.flush();
  await other.flush();
});

afterAll(async () => {
  await events.close();
  await other.close();
  await listener.close();
  await database.drop();
  expect(problems).toEqual([]);
});

const rom = (id: number, userId: number | null = null): RaisedEvent => ({
  topic: "library",
  userId,
  data: { change: "updated", entity: "rom", ids: [id] },
});

async function take(feed: Awaited<ReturnType<Events["open"]>>, count: number) {
  const items: Awaited<ReturnType<typeof feed.next>>[number][] = [];
  while (items.length < count) items.push(...(await feed.next(AbortSignal.timeout(5_000))));
  return items;
}

const idsOf = (items: readonly object[]) =>
  items.map((item) => ("data" in item ? (item.data as { ids: number[] }).ids[0] : item));

describe("createPostgresEvents", () => {
  test("tells listeners of this and of another process, in order", async () => {
    const here = await events.open({ topics: ["library"], userId: 1, resumeFrom: null });
    const there = await other.open({ topics: ["library"], userId: 1, resumeFrom: null });
    for (const id of [1, 2, 3]) events.raise(rom(id));
    expect(idsOf(await take(here, 3))).toEqual([1, 2, 3]);
    expect(idsOf(await take(there, 3))).toEqual([1, 2, 3]);
    here.close();
    there.close();
  });

  test("resumes behind the last event that was seen, without loss or repeat", async () => {
    const first = await events.open({ topics: ["library"], userId: 1, resumeFrom: null });
    for (const id of [10, 11, 12, 13]) events.raise(rom(id));
    const seen = await take(first, 4);
    first.close();
    const resumeFrom = seen[1]?.id ?? "";
    const again = await events.open({ topics: ["library"], userId: 1, resumeFrom });
    events.raise(rom(14));
    expect(idsOf(await take(again, 3))).toEqual([12, 13, 14]);
    again.close();
  });

  test("keeps one user's events from another", async () => {
    const feed = await events.open({ topics: ["library"], userId: 7, resumeFrom: null });
    events.raise(rom(20, 8));
    events.raise(rom(21, 7));
    expect(idsOf(await take(feed, 1))).toEqual([21]);
    feed.close();
  });

  test("answers a resume point that it never gave with a gap", async () => {
    const feed = await events.open({ topics: ["library"], userId: 1, resumeFrom: "999999999" });
    expect(await feed.next(idle)).toMatchObject([{ gap: "restarted" }]);
    feed.close();
  });

  test("answers a resume point that was swept with a gap", async () => {
    for (const id of [30, 31, 32, 33]) events.raise(rom(id));
    await events.flush();
    const { sql } = database.handle;
    await sql`update event_log set at = now() - interval '1 hour'`;
    await sweepLog(sql);
    const [row] = await sql<{ kept: number }[]>`select count(*)::int as kept from event_log`;
    expect(row?.kept).toBe(1);
    const feed = await events.open({ topics: ["library"], userId: 1, resumeFrom: "1" });
    expect(await feed.next(idle)).toMatchObject([{ gap: "expired" }]);
    feed.close();
  });

  test("keeps no more events than its limit", async () => {
    const { sql } = database.handle;
    await sql`insert into event_log (at, topic, data)
      select now(), 'library', '{}'::jsonb from generate_series(1, ${LOG_EVENTS_MAX + 50})`;
    await sweepLog(sql);
    const [row] = await sql<{ kept: number }[]>`select count(*)::int as kept from event_log`;
    expect(row?.kept).toBe(LOG_EVENTS_MAX);
  });

  test("calls listeners of its own process at once", () => {
    const seen: number[] = [];
    const stop = events.on("library", (event) => seen.push(...event.data.ids));
    events.raise(rom(40));
    stop();
    events.raise(rom(41));
    expect(seen).toEqual([40]);
  });
});
