/** The clock, the dice and the timers, so that tests can hold them. */
export interface Environment {
  /** Milliseconds since 1970. */
  now(): number;
  /** At least 0, below 1. */
  random(): number;
  /** Calls `run` once after `delayMs`; the returned function calls it off. */
  startTimer(run: () => void, delayMs: number): () => void;
}

/** The machine's own clock, dice and timers. */
export const systemEnvironment: Environment = {
  now: () => Date.now(),
  random: () => Math.random(),
  startTimer(run, delayMs) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Formats a moment as ISO 8601 in UTC. */
export function toInstant(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** Makes a random UUID; `crypto.randomUUID` is missing on pages that came over plain http. */
export function createUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  // RFC 9562: version 4 in the high half of byte 6, variant 10 in the top bits of byte 8.
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
