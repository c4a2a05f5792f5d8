/** The only source of time for code that decides by it; tests inject their own. */
export interface Clock {
  now(): Date;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => new Date() };

/** A moment as text: ISO 8601, UTC, milliseconds, with `Z`. */
export type Instant = string;

/** Formats a moment for the wire. */
export function toInstant(moment: Date): Instant {
  return moment.toISOString();
}

/** Formats a moment that may be absent. */
export function toInstantOrNull(moment: Date | null): Instant | null {
  return moment === null ? null : moment.toISOString();
}
