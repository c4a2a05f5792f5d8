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

/**
 * When a row that changes now changed last, later than the change before even within the same millisecond: apps
 * ask for what changed after the last moment they know, and take the moment for the row's version.
 */
export function nextChange(now: Date, before: Date): Date {
  return now > before ? now : new Date(before.getTime() + 1);
}
