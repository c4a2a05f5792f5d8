/** One event as the test server logs it. */
export interface LoggedTestEvent {
  readonly id: string;
  readonly topic: string;
  readonly at: string;
  readonly data: unknown;
}

/** A small event log that listeners can follow and resume. */
export interface TestEventLog {
  readonly events: readonly LoggedTestEvent[];
  /** Positions below this are gone. */
  oldest: number;
  /** Listeners that would hear an event raised now. */
  readonly followers: number;
  raise(topic: string, data: unknown): LoggedTestEvent;
  /** Gives events after a position as they come; a position that is gone comes back as a gap. */
  follow(
    topics: readonly string[],
    lastEventId: string | null,
    signal: AbortSignal,
  ): AsyncGenerator<Followed, void>;
}

/** What a follower is told. */
export type Followed =
  | LoggedTestEvent
  | { readonly id: string; readonly topic: "gap"; readonly at: string; readonly reason: "expired" }
  | { readonly id: string; readonly topic: "mark"; readonly at: string };

/** Makes an empty log; ids count from 1. */
export function createTestEventLog(options: { readonly hasMarks: boolean }): TestEventLog {
  const events: LoggedTestEvent[] = [];
  const wakers = new Set<() => void>();
  let followers = 0;
  const at = () => new Date(0).toISOString();
  const log: TestEventLog = {
    events,
    oldest: 0,
    get followers() {
      return followers;
    },
    raise(topic, data) {
      const event = { id: String(events.length + 1), topic, at: at(), data };
      events.push(event);
      for (const wake of wakers) wake();
      return event;
    },
    async *follow(topics, lastEventId, signal) {
      followers += 1;
      try {
        let position = lastEventId === null ? events.length : Number(lastEventId);
        if (options.hasMarks && lastEventId === null) yield { id: String(position), topic: "mark", at: at() };
        if (position < log.oldest) {
          position = log.oldest;
          yield { id: String(position), topic: "gap", at: at(), reason: "expired" };
        }
        while (!signal.aborted) {
          const event = events[position];
          if (event === undefined) {
            await nextWake(wakers, signal);
            continue;
          }
          position += 1;
          if (topics.includes(event.topic)) yield event;
        }
      } finally {
        followers -= 1;
      }
    },
  };
  return log;
}

function nextWake(wakers: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      wakers.delete(wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    wakers.add(wake);
    signal.addEventListener("abort", wake);
  });
}
