import { type Environment, toInstant } from "../environment.ts";
import type { MultitapError } from "../errors.ts";
import { comparePositions, isGap, oldestPosition, type StreamMessage } from "./messages.ts";
import type { GapEvent } from "./types.ts";

/** One reader of the event connection. */
export interface EventReader {
  readonly topics: ReadonlySet<string>;
  /** Position after which it wants events; null: from the next one on. */
  readonly resumeFrom: string | null;
  onMessage(message: StreamMessage): void;
  /** The server said where its log is: from here on nothing that happens is missed. */
  onMark?(): void;
  onEnd(error: MultitapError | null): void;
}

/** A reader, and how far it has come. */
interface Place {
  readonly reader: EventReader;
  /** Id of the last message it has had, or would have had if it were of its topics. */
  after: string | null;
  /** It was connected before, so what happens without a connection is missing to it. */
  hasBegun: boolean;
}

/** What a connection covers so far. */
export interface Coverage {
  readonly topics: ReadonlySet<string>;
  /** The last position it told, or began from; null when it told none yet. */
  readonly position: string | null;
  readonly isOpen: boolean;
}

/** All readers of one connection, each at its own place in the log. */
export interface Readers {
  readonly count: number;
  add(reader: EventReader): () => void;
  /** What a connection for all of them asks for. */
  want(): { readonly topics: ReadonlySet<string>; readonly lastEventId: string | null };
  /** Tells whether a connection gives every reader what it wants; if so, new ones go on from its position. */
  areServedBy(coverage: Coverage): boolean;
  /** A connection has opened: from here on nobody may miss anything. */
  begin(): void;
  deliver(message: StreamMessage): void;
  /** The log began anew: no old position means anything. */
  restart(): void;
  /** Ends the readers that want a topic outside of `accepted`, or all of them when none does. */
  refuse(error: MultitapError, accepted: ReadonlySet<string>): void;
  endAll(error: MultitapError | null): void;
}

/** Makes an empty set of readers. */
export function createReaders(environment: Environment): Readers {
  const places = new Map<symbol, Place>();
  const all = () => [...places.values()];
  const gap = (): GapEvent => ({
    id: "",
    topic: "gap",
    at: toInstant(environment.now()),
    reason: "restarted",
  });
  const end = (ended: readonly (readonly [symbol, Place])[], error: MultitapError | null) => {
    for (const [key] of ended) places.delete(key);
    for (const [, { reader }] of ended) reader.onEnd(error);
  };
  return {
    get count() {
      return places.size;
    },
    add(reader) {
      const key = Symbol();
      places.set(key, { reader, after: reader.resumeFrom, hasBegun: false });
      return () => void places.delete(key);
    },
    want: () => ({
      topics: new Set(all().flatMap(({ reader }) => [...reader.topics])),
      lastEventId: oldestPosition(all().map(({ after }) => after)),
    }),
    areServedBy(coverage) {
      if (!all().every((place) => place.hasBegun || isServed(place, coverage))) return false;
      for (const place of all()) {
        place.after ??= coverage.position;
        place.hasBegun ||= coverage.isOpen;
      }
      return true;
    },
    begin() {
      for (const place of all()) {
        // No message ever told a position, so what happened in between cannot be asked for.
        if (place.hasBegun && place.after === null) place.reader.onMessage(gap());
        place.hasBegun = true;
      }
    },
    deliver(message) {
      for (const place of all()) deliver(place, message);
    },
    restart() {
      for (const place of all()) {
        place.after = null;
        place.reader.onMessage(gap());
      }
    },
    refuse(error, accepted) {
      const isNew = ({ reader }: Place) => [...reader.topics].some((topic) => !accepted.has(topic));
      const culprits = [...places].filter(([, place]) => isNew(place));
      end(culprits.length > 0 ? culprits : [...places], error);
    },
    endAll: (error) => end([...places], error),
  };
}

function isServed({ reader, after }: Place, { topics, position }: Coverage): boolean {
  if ([...reader.topics].some((topic) => !topics.has(topic))) return false;
  if (after === null) return true;
  const order = position === null ? null : comparePositions(after, position);
  return order !== null && order >= 0;
}

function deliver(place: Place, message: StreamMessage): void {
  if (message.topic === "mark") place.reader.onMark?.();
  if (message.id !== "") {
    const order = place.after === null ? null : comparePositions(message.id, place.after);
    // Sent again for the sake of another reader.
    if (order !== null && order <= 0) return;
    place.after = message.id;
  }
  if (isGap(message) || place.reader.topics.has(message.topic)) place.reader.onMessage(message);
}
