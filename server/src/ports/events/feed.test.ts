import { describe, expect, test } from "bun:test";
import type { Topic } from "../../base/events.ts";
import { createFeed } from "./feed.ts";
import { FEED_EVENTS_MAX } from "./limits.ts";
import type { LoggedEvent } from "./port.ts";

function event(id: number, over: { topic?: Topic; userId?: number | null } = {}): LoggedEvent {
  const data = { change: "updated", entity: "rom", ids: [id] } as const;
  return {
    id: String(id),
    at: "2026-01-01T00:00:00.000Z",
    userId: null,
    topic: "library",
    data,
    ...over,
  } as LoggedEvent;
}

function makeFeed(userId: number | null | "any" = 1) {
  return createFeed({ topics: ["library"], userId, onClose: () => undefined, readNewestId: () => 50 });
}

const idle = new AbortController().signal;

describe("createFeed", () => {
  test("hands out events in order and never twice", async () => {
    const feed = makeFeed();
    for (const id of [1, 2, 2, 1, 3]) feed.offer(event(id));
    feed.startAt(null);
    expect((await feed.next(idle)).map((item) => item.id)).toEqual(["1", "2", "3"]);
  });

  test("keeps other users' events and other topics out", async () => {
    const feed = makeFeed(1);
    feed.offer(event(1, { userId: 2 }));
    feed.offer(event(2, { topic: "scan" }));
    feed.offer(event(3, { userId: 1 }));
    feed.startAt(null);
    expect((await feed.next(idle)).map((item) => item.id)).toEqual(["3"]);
  });

  test("tells a listener for anybody of every user's events", async () => {
    const feed = makeFeed("any");
    feed.offer(event(1, { userId: 2 }));
    feed.offer(event(2));
    feed.offer(event(3, { userId: 1 }));
    feed.startAt(null);
    expect((await feed.next(idle)).map((item) => item.id)).toEqual(["1", "2", "3"]);
  });

  test("tells a slow listener of a gap instead of growing", async () => {
    const feed = makeFeed();
    feed.startAt(null);
    for (let id = 1; id <= FEED_EVENTS_MAX + 1; id += 1) feed.offer(event(id));
    expect(await feed.next(idle)).toEqual([{ gap: "overflow", id: String(FEED_EVENTS_MAX + 1) }]);
  });

  test("wakes a waiting listener on an event, on abort and on close", async () => {
    const feed = makeFeed();
    feed.startAt(null);
    const waiting = feed.next(idle);
    feed.offer(event(1));
    expect(await waiting).toHaveLength(1);
    const abort = new AbortController();
    const aborted = feed.next(abort.signal);
    abort.abort();
    expect(await aborted).toEqual([]);
    const closed = feed.next(idle);
    feed.close();
    expect(await closed).toEqual([]);
  });

  test("tells a quiet listener how far the log is, but never past what it was not handed", async () => {
    const feed = makeFeed();
    feed.startAt(40);
    expect(feed.position()).toBe("50");
    feed.offer(event(60));
    expect(feed.position()).toBe("40");
    await feed.next(idle);
    expect(feed.position()).toBe("60");
  });
});
