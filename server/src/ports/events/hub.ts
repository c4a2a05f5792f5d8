import type { DatabaseHandle } from "@multitap/db";
import { AppError } from "../../base/errors.ts";
import { createFeed, type Feed } from "./feed.ts";
import { FEEDS_MAX, READ_EVENTS_MAX } from "./limits.ts";
import { readEventsAfter, readLogBounds } from "./log-table.ts";
import type { EventFeed, Events } from "./port.ts";

type Sql = DatabaseHandle["sql"];

/** All feeds of this process over the shared log. */
export interface FeedHub {
  open: Events["open"];
  /** Reads what is new in the log, once for all feeds. */
  pull(): Promise<void>;
  close(): void;
}

/** Makes the hub; it begins at the present end of the log. */
export async function createFeedHub(sql: Sql): Promise<FeedHub> {
  const feeds = new Set<Feed>();
  let lastReadId = (await readLogBounds(sql)).last;
  let reading: Promise<void> | null = null;
  /** The log grew while it was read, perhaps behind what that reading saw. */
  let isStale = false;

  async function pullAll(): Promise<void> {
    for (;;) {
      isStale = false;
      const events = await readEventsAfter(sql, lastReadId);
      for (const event of events) {
        lastReadId = Number(event.id);
        for (const feed of feeds) feed.offer(event);
      }
      if (events.length < READ_EVENTS_MAX && !isStale) return;
    }
  }
  function pull(): Promise<void> {
    isStale = true;
    reading ??= pullAll().finally(() => {
      reading = null;
    });
    return reading;
  }

  async function open(options: Parameters<Events["open"]>[0]): Promise<EventFeed> {
    if (feeds.size >= FEEDS_MAX) {
      throw new AppError("unavailable", "EVENTS_FULL", {
        message: "too many event listeners",
        retryAfterMs: 5_000,
      });
    }
    const feed = createFeed({
      ...options,
      onClose: () => void feeds.delete(feed),
      readNewestId: () => lastReadId,
    });
    if (options.resumeFrom === null) {
      await pull();
      feeds.add(feed);
      feed.startAt(lastReadId);
      return feed;
    }
    // The feed takes live events only behind what it has read; it joins before its last read of the log.
    await fillFromLog(sql, options.resumeFrom, { feed, join: () => feeds.add(feed) });
    feed.startAt(null);
    return feed;
  }

  return {
    open,
    pull,
    close() {
      for (const feed of feeds) feed.close();
    },
  };
}

/** A feed and how it becomes one of the live ones. */
interface Joining {
  readonly feed: Feed;
  readonly join: () => void;
}

async function fillFromLog(sql: Sql, resumeFrom: string, { feed, join }: Joining): Promise<void> {
  const resumeId = /^\d{1,15}$/.test(resumeFrom) ? Number(resumeFrom) : -1;
  const { first, last } = await readLogBounds(sql);
  if (resumeId < 0 || resumeId > last || resumeId < first - 1) {
    feed.gap(resumeId >= 0 && resumeId <= last ? "expired" : "restarted", String(last));
    join();
    return;
  }
  feed.startAfter(resumeId);
  let after = resumeId;
  for (let isLast = false; !isLast; ) {
    const events = await readEventsAfter(sql, after);
    for (const event of events) feed.offer(event);
    after = Number(events.at(-1)?.id ?? after);
    isLast = events.length < READ_EVENTS_MAX;
  }
  join();
  // What was written between the last read and the joining.
  for (const event of await readEventsAfter(sql, after)) feed.offer(event);
}
