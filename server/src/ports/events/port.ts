import type { Instant } from "../../base/clock.ts";
import type { EventMap, Topic } from "../../base/events.ts";

/** Something that happened, as the code that made it happen says it. */
export type RaisedEvent = {
  [T in Topic]: {
    readonly topic: T;
    /** The one user it concerns; null for everyone who may see the topic. */
    readonly userId: number | null;
    readonly data: EventMap[T];
  };
}[Topic];

/** The same event in the log that all processes share. */
export type LoggedEvent = RaisedEvent & { readonly id: string; readonly at: Instant };

/** Why a listener cannot be told everything it missed. */
export type GapReason = "expired" | "overflow" | "restarted";

/** What a listener is handed: an event, or why some before `id` are gone. */
export type FeedItem = LoggedEvent | { readonly gap: GapReason; readonly id: string };

/** One listener's place in the log. */
export interface EventFeed {
  /**
   * Waits for events behind the resume point, in order, or a gap when some of them are gone.
   * @param quietMs Gives up after this much silence with an empty list, as it does on abort and at the end.
   */
  next(signal: AbortSignal, quietMs?: number): Promise<readonly FeedItem[]>;
  /** Id up to which everything was told or is of no concern: a resume point for a listener in quiet times. */
  position(): string;
  /** True once it was closed from either side; nothing comes any more. */
  readonly isClosed: boolean;
  close(): void;
}

/**
 * Events between the parts of the server and to its listeners. Delivery is after commit and may be lost in a
 * crash: what must not be lost is a job written in the same transaction.
 */
export interface Events {
  /** Announces an event; returns at once, delivery follows in order. */
  raise(event: RaisedEvent): void;
  /** Calls `listener` in this process for each event of a topic; returns how to stop. */
  on<T extends Topic>(topic: T, listener: (event: RaisedEvent & { topic: T }) => void): () => void;
  /**
   * Opens a feed over the shared log.
   * @param userId Whose events to tell beside those for everyone; "any" tells all, for doors that hand each on to
   *   its user.
   * @param resumeFrom Id of the last event the listener saw; null begins with what comes next.
   */
  open(options: {
    topics: readonly Topic[];
    userId: number | null | "any";
    resumeFrom: string | null;
  }): Promise<EventFeed>;
  /** Waits until everything raised so far is in the log. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
