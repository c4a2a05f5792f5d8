import type { Topic } from "../../base/events.ts";
import { FEED_EVENTS_MAX } from "./limits.ts";
import type { EventFeed, FeedItem, GapReason, LoggedEvent } from "./port.ts";

/** A feed seen by the log that fills it. */
export interface Feed extends EventFeed {
  /** Hands over one event of the log; repeats and others' events are dropped. */
  offer(event: LoggedEvent): void;
  /** Says that everything up to `id` cannot be told any more. */
  gap(reason: GapReason, id: string): void;
  /** Only events behind `id` are wanted. */
  startAfter(id: number): void;
  /** From here on what was offered may be read; with an id, only what comes after it. */
  startAt(id: number | null): void;
}

export interface FeedOptions {
  readonly topics: readonly Topic[];
  readonly userId: number | null | "any";
  readonly onClose: () => void;
  /** Id of the newest event of the log that this process has read. */
  readonly readNewestId: () => number;
}

/** Makes a listener's queue: bounded, in order, without repeats. */
export function createFeed(options: FeedOptions): Feed {
  const topics = new Set(options.topics);
  let items: FeedItem[] = [];
  let lastId = 0;
  // Events that wait are behind this one: resuming after it tells them again.
  let handedId = 0;
  let isStarted = false;
  let isClosed = false;
  let wake: (() => void) | null = null;

  function push(item: FeedItem): void {
    lastId = Number(item.id);
    items.push(item);
    if (items.length > FEED_EVENTS_MAX) items = [{ gap: "overflow", id: item.id }];
    if (isStarted) wake?.();
  }

  return {
    offer(event) {
      if (isClosed || Number(event.id) <= lastId) return;
      if (!topics.has(event.topic)) return;
      const isForAll = event.userId === null || options.userId === "any";
      if (!isForAll && event.userId !== options.userId) return;
      push(event);
    },
    gap: (reason, id) => push({ gap: reason, id }),
    startAfter(id) {
      lastId = id;
      handedId = id;
    },
    startAt(id) {
      if (id !== null) {
        items = items.filter((item) => Number(item.id) > id);
        lastId = Math.max(lastId, id);
        handedId = lastId;
      }
      isStarted = true;
      if (items.length > 0) wake?.();
    },
    async next(signal, quietMs) {
      if (items.length === 0 && !isClosed && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const stopWaiting = () => resolve();
        const timer = quietMs === undefined ? undefined : setTimeout(stopWaiting, quietMs);
        wake = stopWaiting;
        signal.addEventListener("abort", stopWaiting, { once: true });
        await promise;
        signal.removeEventListener("abort", stopWaiting);
        clearTimeout(timer);
      }
      const ready = items;
      items = [];
      handedId = lastId;
      return ready;
    },
    position: () => String(items.length > 0 ? handedId : Math.max(lastId, options.readNewestId())),
    get isClosed() {
      return isClosed;
    },
    close() {
      isClosed = true;
      wake?.();
      options.onClose();
    },
  };
}
