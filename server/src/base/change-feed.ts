/** Reading what changed since one last asked: places in a stream of rows, and how far a reader may go. */

/** A place in a stream of changes: behind this moment, and behind this id among what has the same one. */
export interface Place {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly id: number;
}

/** Moments that are written with four digits of the year, as the database reads them. */
const FIRST_MS = Date.parse("0001-01-01T00:00:00Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");
/** Tells moments that a place can have. */
export const isMoment = (atMs: number) => atMs >= FIRST_MS && atMs <= LAST_MS;

/** Before everything. */
export const BEGINNING: Place = { atMs: FIRST_MS, id: 0 };

/** What a page of a stream came to. */
export interface StreamPage {
  /** Behind the last row of the page; null for an empty page. */
  readonly last: Place | null;
  readonly isFull: boolean;
}

/**
 * Where a stream goes on. Never behind `horizonMs`: a transaction that began then may still commit rows of that age.
 * Rows behind it are told of at once, and again later.
 * @returns The place, and whether there is more to read now.
 */
export function advance(
  from: Place,
  { last, isFull }: StreamPage,
  horizonMs: number,
): { readonly place: Place; readonly hasMore: boolean } {
  if (isFull && last !== null && last.atMs < horizonMs) return { place: last, hasMore: true };
  // Everything before the horizon was seen.
  return { place: horizonMs > from.atMs ? { atMs: horizonMs, id: 0 } : from, hasMore: false };
}

/** Reads the JSON of a cursor; null for anything else. */
export function parsePlainJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
