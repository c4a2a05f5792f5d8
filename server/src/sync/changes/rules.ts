import * as v from "valibot";
import { isMoment, type Place, parsePlainJson } from "../../base/change-feed.ts";
import { AppError } from "../../base/errors.ts";
import { formatCursor, parseCursor } from "../../base/paging.ts";

/** Where a caller is in the streams of saves, states and removals. */
export interface Places {
  readonly saves: Place;
  readonly states: Place;
  readonly removed: Place;
}

/** Names what the cursor is for; part of its text. */
const ORDER = "sync:changes";

const Whole = v.pipe(v.number(), v.safeInteger());
const Parts = v.strictTuple([Whole, Whole, Whole, Whole, Whole]);

/** Writes where a caller is as opaque text. */
export function formatChanges({ saves, states, removed }: Places): string {
  const parts = [saves.id, states.atMs, states.id, removed.atMs, removed.id];
  return formatCursor({ order: ORDER, value: JSON.stringify(parts), id: saves.atMs });
}

/**
 * Reads it back.
 * @throws AppError `PAGE_CURSOR_INVALID`, `SYNC_CURSOR_INVALID`.
 */
export function parseChanges(text: string): Places {
  const { value, id: savesAtMs } = parseCursor(text, ORDER);
  const parsed = v.safeParse(Parts, parsePlainJson(String(value)));
  if (!parsed.success) throw staleCursor();
  const [savesId, statesAtMs, statesId, removedAtMs, removedId] = parsed.output;
  if (![savesAtMs, statesAtMs, removedAtMs].every(isMoment)) throw staleCursor();
  return {
    saves: { atMs: savesAtMs, id: savesId },
    states: { atMs: statesAtMs, id: statesId },
    removed: { atMs: removedAtMs, id: removedId },
  };
}

/** The answer to a cursor with which nothing can be read any more. */
export function staleCursor(): AppError<"invalid"> {
  return new AppError("invalid", "SYNC_CURSOR_INVALID", {
    message: "The cursor is too old: begin without one",
  });
}
