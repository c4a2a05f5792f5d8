import type { GapEvent } from "./types.ts";

/** One message of the server's event stream, as far as the connection itself looks at it. */
export interface StreamMessage {
  /** Position in the server's log; "" when the message has none. */
  readonly id: string;
  /** A topic, `"gap"`, or a word of a newer server: such a message still moves the position. */
  readonly topic: string;
}

/** Reads a message: bare, or wrapped by tRPC together with its id. Null for anything else. */
export function readMessage(received: unknown): StreamMessage | null {
  const message = unwrap(received);
  if (typeof message !== "object" || message === null || !("topic" in message)) return null;
  if (typeof message.topic !== "string") return null;
  const id = "id" in message && typeof message.id === "string" ? message.id : "";
  return { ...message, id, topic: message.topic };
}

function unwrap(received: unknown): unknown {
  if (typeof received !== "object" || received === null || "topic" in received) return received;
  return "data" in received ? received.data : received;
}

/** Tells whether a message says that events are missing. */
export function isGap(message: StreamMessage): message is GapEvent {
  return message.topic === "gap";
}

/**
 * Compares two positions of the log: negative when `a` is older, positive when it is newer.
 * @returns Null when the order cannot be told, because one of them is not a decimal number.
 */
export function comparePositions(a: string, b: string): number | null {
  if (a === b) return 0;
  if (!isDecimal(a) || !isDecimal(b)) return null;
  return a.length - b.length || (a < b ? -1 : 1);
}

/** The oldest of the positions; null when there is none. */
export function oldestPosition(positions: Iterable<string | null>): string | null {
  let oldest: string | null = null;
  for (const position of positions) {
    if (position !== null && (oldest === null || (comparePositions(position, oldest) ?? 0) < 0))
      oldest = position;
  }
  return oldest;
}

function isDecimal(text: string): boolean {
  return /^(?:0|[1-9]\d*)$/.test(text);
}
