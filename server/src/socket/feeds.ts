import type { Topic } from "../base/events.ts";
import type { EventFeed, Events, FeedItem } from "../ports/events/port.ts";
import { FEED_RETRY_MS } from "./limits.ts";

export interface FollowOptions {
  readonly events: Events;
  readonly topics: readonly Topic[];
  /** Told in order; the next call waits for this one. */
  readonly onEvents: (items: readonly FeedItem[]) => Promise<void>;
  /** Told of what `onEvents` threw, and of a feed that cannot be opened. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Hands on what happens in any process, whomever it concerns, until stopped. What it was not fast enough for is
 * a gap among the items.
 * @returns Stops, and waits for the call that is under way.
 * @throws AppError `EVENTS_FULL` when too many listen.
 */
export async function followEvents(options: FollowOptions): Promise<() => Promise<void>> {
  const stop = new AbortController();
  const open = (resumeFrom: string | null) =>
    options.events.open({ topics: options.topics, userId: "any", resumeFrom });
  // What happens from here on is not missed.
  const first = await open(null);
  const following = follow(first, { ...options, open, signal: stop.signal });
  return async () => {
    stop.abort();
    await following;
  };
}

interface Following extends FollowOptions {
  readonly open: (resumeFrom: string | null) => Promise<EventFeed>;
  readonly signal: AbortSignal;
}

async function follow(first: EventFeed, options: Following): Promise<void> {
  const { open, onFailure, signal } = options;
  let feed: EventFeed | null = first;
  let position: string | null = null;
  while (!signal.aborted) {
    if (feed !== null) {
      await readFeed(feed, options);
      position = feed.position();
      feed.close();
    }
    if (signal.aborted) return;
    await Bun.sleep(FEED_RETRY_MS);
    feed = await open(position).catch((error: unknown) => {
      onFailure(error);
      return null;
    });
  }
  feed?.close();
}

async function readFeed(feed: EventFeed, { onEvents, onFailure, signal }: Following): Promise<void> {
  while (!signal.aborted && !feed.isClosed) {
    const items = await feed.next(signal);
    if (items.length > 0 && !signal.aborted) await onEvents(items).catch(onFailure);
  }
}
