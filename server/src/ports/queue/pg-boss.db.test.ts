import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { createTestDatabase } from "@multitap/db/testing";
import { codeOf, createQueueTracker, until } from "./contract-kit.ts";
import { QUEUE_LOSSES_MAX } from "./limits.ts";
import { createOpener, type TestDatabase } from "./pg-boss.testing.ts";
import type { Queue } from "./port.ts";

describe("pg-boss", () => {
  let database: TestDatabase;
  let opener: ReturnType<typeof createOpener>;
  beforeAll(async () => {
    database = await createTestDatabase();
    opener = createOpener(database);
  });
  afterEach(() => opener.close());
  afterAll(() => database?.drop());
  /** Leaves a job as a killed worker does. */
  const abandon = async (queue: Queue, name: string) => {
    const id = await queue.enqueue(name, null, { retryMax: 0 });
    await database.handle.sql`
      update pgboss.job set state = 'active', started_on = now(), heartbeat_on = now() where id = ${id}`;
    return id;
  };

  test("a sole process runs at once what its killed predecessor left", async () => {
    const queue = await opener.open();
    await abandon(queue, "sole");
    await queue.stop({ drainMs: 0 });
    const successor = await opener.open({ isSoleProcess: true, leaseMs: 60_000 });
    const seen = createQueueTracker();
    await successor.work("sole", { concurrency: 1 }, seen.handler);
    await until(() => seen.data.length > 0, 1_000);
    expect(seen.data).toHaveLength(1);
  });

  test("a job that loses its worker again and again is given up", async () => {
    const problems: string[] = [];
    const queue = await opener.open({ leaseMs: 450 }, problems);
    const id = await abandon(queue, "poison");
    const readState = async () => {
      const [row] = await database.handle.sql`select state from pgboss.job where id = ${id}`;
      return row?.state;
    };
    const states: string[] = [];
    for (let loss = 0; loss <= QUEUE_LOSSES_MAX; loss += 1) {
      await database.handle.sql`
        update pgboss.job set state = 'active', heartbeat_on = now() - interval '1 hour' where id = ${id}`;
      await until(async () => (await readState()) !== "active");
      states.push(await readState());
    }
    expect(states).toEqual([...Array(QUEUE_LOSSES_MAX).fill("retry"), "failed"]);
    await until(() => problems.length > QUEUE_LOSSES_MAX);
    expect(problems.at(-1)).toContain("is given up");
  }, 10_000);

  test("a second start finds everything in place and jobs where they were", async () => {
    const before = await opener.open({ names: ["kept"] });
    await before.enqueue("kept", "still here");
    await before.stop({ drainMs: 0 });
    const problems: string[] = [];
    const after = await opener.open({ names: ["kept"] }, problems);
    const seen = createQueueTracker();
    await after.work("kept", { concurrency: 1 }, seen.handler);
    await until(() => seen.data.length > 0);
    expect(seen.data).toEqual(["still here"]);
    expect(problems).toEqual([]);
  });

  test("serves, wakes and hears again after its connections were cut", async () => {
    const queue = await opener.open();
    const seen = createQueueTracker();
    await queue.work("cut", { concurrency: 1 }, seen.handler);
    const gate = Promise.withResolvers<void>();
    const long = createQueueTracker(() => gate.promise);
    await queue.work("long", { concurrency: 1 }, long.handler);
    await queue.enqueue("long", "before");
    await until(() => long.data.length === 1);
    // postgres.js leaves a rejection unhandled when a connection is cut while it still opens.
    await Bun.sleep(100);
    await database.handle.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`;
    gate.resolve();
    for (let round = 0; round < 3; round += 1) {
      await until(async () => (await codeOf(queue.enqueue("cut", round))) === "no failure");
      await until(() => seen.data.length > round);
    }
    expect(seen.data).toEqual([0, 1, 2]);
    // Whether the cut met the completion or not: done, or done again; never lost.
    expect(long.data.every((data) => data === "before")).toBe(true);
  }, 10_000);
});
