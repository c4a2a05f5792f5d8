// What a listener is told of things that are hidden from them: nothing.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { EventMap, Topic } from "../../base/events.ts";
import type { Identity } from "../../base/identity.ts";
import { FULL_SCOPES } from "../../base/scopes.ts";
import type { EventFeed, RaisedEvent } from "../../ports/events/port.ts";
import { openLibrary, type TestLibrary } from "../../roms/library.testing.ts";
import { openEvents } from "../../system/service.ts";
import { noteAccessChange } from "../changes/service.ts";

let library: TestLibrary;
let userId = 0;
let gba = 0;
let n64 = 0;
let shown = 0;
let secret = 0;
let inN64 = 0;
const feeds: EventFeed[] = [];

beforeAll(async () => {
  library = await openLibrary();
  const ids = await library.addRoms("gba", ["Plain.gba", "Secret.gba"]);
  [shown = 0, secret = 0] = [ids["Plain.gba"], ids["Secret.gba"]];
  inN64 = (await library.addRoms("n64", ["Deep.z64"]))["Deep.z64"] ?? 0;
  gba = await library.addPlatform("gba");
  n64 = await library.addPlatform("n64");
  const { sql } = library.app.database.handle;
  const [row] = await sql<{ id: number }[]>`select id from users where username = 'ana'`;
  userId = row?.id ?? 0;
}, 30_000);
afterAll(async () => {
  for (const feed of feeds) feed.close();
  await library.close();
});
beforeEach(() => hide());

/** Replaces what is hidden from the viewer. */
async function hide(...what: readonly (readonly [entity: string, id: number])[]): Promise<void> {
  const { sql } = library.app.database.handle;
  await sql`delete from hidden_entities`;
  for (const [entity, id] of what) {
    await sql`insert into hidden_entities (entity, entity_id, user_id) values (${entity}, ${id}, ${userId})`;
  }
  noteAccessChange(library.app);
}

async function listen(topics: readonly Topic[], isAdmin = false): Promise<EventFeed> {
  const identity: Identity = {
    kind: "user",
    userId,
    username: "ana",
    isAdmin,
    scopes: new Set(FULL_SCOPES),
    proof: "access_token",
    deviceId: null,
    sessionId: null,
  };
  const feed = await openEvents(library.app.createContext(identity), { topics, lastEventId: null });
  feeds.push(feed);
  return feed;
}

/** What a listener is told of these events, without what every event has. */
async function tell(feed: EventFeed, events: readonly RaisedEvent[]): Promise<readonly unknown[]> {
  for (const event of events) library.app.ports.events.raise(event);
  await library.app.ports.events.flush();
  const items = await feed.next(new AbortController().signal, 50);
  return items.map((item) => ("gap" in item ? item : item.data));
}

const playing = (romId: number): EventMap["activity"] => ({
  change: "updated",
  romId,
  userId: 1,
  deviceId: "deck",
  via: "rest",
  startedAt: "2026-01-02T03:04:05.000Z",
});
const ofLibrary = (entity: "rom" | "platform", ...ids: number[]): RaisedEvent => ({
  topic: "library",
  userId: null,
  data: { change: "created", entity, ids },
});

describe("the event stream", () => {
  test("tells everything to whom nothing is hidden from", async () => {
    const feed = await listen(["library"]);
    expect(await tell(feed, [ofLibrary("rom", shown, secret, 99_999)])).toMatchObject([
      { ids: [shown, secret, 99_999] },
    ]);
  });

  test("takes out hidden roms, also those of hidden platforms and those it cannot place any more", async () => {
    await hide(["roms", secret], ["platforms", n64]);
    const feed = await listen(["library"]);
    const told = await tell(feed, [
      ofLibrary("rom", secret),
      ofLibrary("rom", inN64, shown, secret, 99_999),
      ofLibrary("platform", n64, gba),
      ofLibrary("platform", n64),
    ]);
    expect(told).toEqual([
      { change: "created", entity: "rom", ids: [shown] },
      { change: "created", entity: "platform", ids: [gba] },
    ]);
  });

  test("tells of roms that are gone while only single roms are hidden", async () => {
    await hide(["roms", secret]);
    const feed = await listen(["library"]);
    expect(await tell(feed, [ofLibrary("rom", secret, 99_999)])).toMatchObject([{ ids: [99_999] }]);
  });

  test("keeps the names of hidden folders out of the progress of scans", async () => {
    await hide(["platforms", n64]);
    const feed = await listen(["scan"]);
    const scanOf = (platformFsSlug: string | null) =>
      ({ topic: "scan", userId: null, data: { scanId: 1, platformFsSlug } }) as unknown as RaisedEvent;
    expect(await tell(feed, [scanOf("gba"), scanOf("n64"), scanOf(null)])).toEqual([
      { scanId: 1, platformFsSlug: "gba" },
      { scanId: 1, platformFsSlug: null },
      { scanId: 1, platformFsSlug: null },
    ]);
  });

  test("drops what others do with hidden roms, and lets all else through", async () => {
    await hide(["platforms", n64]);
    const feed = await listen(["activity", "saves", "permissions"]);
    const told = await tell(feed, [
      { topic: "activity", userId: null, data: playing(inN64) },
      { topic: "activity", userId: null, data: playing(shown) },
      {
        topic: "saves",
        userId,
        data: {
          change: "stored",
          kind: "saves",
          romId: inN64,
          versionId: 1,
          slot: null,
          originDeviceId: null,
        },
      },
      { topic: "permissions", userId, data: { userId } },
    ]);
    expect(told).toEqual([playing(shown), { userId }]);
  });

  test("follows changes while the listener listens", async () => {
    const feed = await listen(["library"]);
    expect(await tell(feed, [ofLibrary("rom", secret)])).toHaveLength(1);
    await hide(["roms", secret]);
    const before = feed.position();
    expect(await tell(feed, [ofLibrary("rom", secret)])).toEqual([]);
    // What was dropped is behind the place where the listener resumes.
    expect(Number(feed.position())).toBeGreaterThan(Number(before));
  });

  test("tells administrators everything", async () => {
    await hide(["roms", secret], ["platforms", n64]);
    const feed = await listen(["library"], true);
    expect(await tell(feed, [ofLibrary("rom", secret, inN64)])).toMatchObject([{ ids: [secret, inN64] }]);
  });

  test("ends with its feed", async () => {
    await hide(["roms", secret]);
    const feed = await listen(["library"]);
    const end = feed.next(new AbortController().signal);
    feed.close();
    expect([await end, feed.isClosed]).toEqual([[], true]);
  });
});
