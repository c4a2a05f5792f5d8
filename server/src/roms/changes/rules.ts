import * as v from "valibot";
import { isMoment, type Place, parsePlainJson } from "../../base/change-feed.ts";
import { AppError } from "../../base/errors.ts";
import { formatCursor, parseCursor } from "../../base/paging.ts";
import { CURSOR_HIDDEN_MAX } from "../limits.ts";

/** What was hidden when a cursor was made; null when that was more than a cursor remembers. */
export interface HiddenThen {
  readonly platformIds: readonly number[];
  readonly romIds: readonly number[];
}

/** Where a caller is. */
export interface ChangesCursor {
  /** Among roms, by their last change. */
  readonly changed: Place;
  /** Among what was removed. */
  readonly removed: Place;
  readonly hidden: HiddenThen | null;
  /** Equal for equal sets of what is hidden. */
  readonly mark: string;
}

/** Names what the cursor is for; part of its text. */
const ORDER = "roms:changes";

const Whole = v.pipe(v.number(), v.safeInteger());
const Ids = v.array(v.pipe(v.number(), v.integer(), v.minValue(1)));
const Parts = v.strictTuple([Whole, Whole, Whole, v.nullable(Ids), v.nullable(Ids), v.string()]);

/** Writes where a caller is as opaque text. */
export function formatChangesCursor({ changed, removed, hidden, mark }: ChangesCursor): string {
  const isShort =
    hidden !== null && hidden.platformIds.length + hidden.romIds.length <= CURSOR_HIDDEN_MAX ? hidden : null;
  const parts: v.InferInput<typeof Parts> = [
    changed.atMs,
    removed.atMs,
    removed.id,
    isShort === null ? null : [...isShort.platformIds],
    isShort === null ? null : [...isShort.romIds],
    mark,
  ];
  return formatCursor({ order: ORDER, value: JSON.stringify(parts), id: changed.id });
}

/**
 * Reads it back.
 * @throws AppError `PAGE_CURSOR_INVALID`.
 */
export function parseChangesCursor(text: string): ChangesCursor {
  const { value, id } = parseCursor(text, ORDER);
  const parsed = v.safeParse(Parts, parsePlainJson(String(value)));
  if (!parsed.success) throw refused();
  const [changedAtMs, removedAtMs, removedId, platformIds, romIds, mark] = parsed.output;
  if (!isMoment(changedAtMs) || !isMoment(removedAtMs) || !Number.isSafeInteger(id)) throw refused();
  return {
    changed: { atMs: changedAtMs, id },
    removed: { atMs: removedAtMs, id: removedId },
    hidden: platformIds === null || romIds === null ? null : { platformIds, romIds },
    mark,
  };
}

function refused(): AppError<"invalid"> {
  return new AppError("invalid", "PAGE_CURSOR_INVALID", { message: "cursor does not belong to this list" });
}

/** What is hidden now and was not, and the other way round; null when a cursor does not tell, or platforms are among it. */
export function compareHidden(
  then: HiddenThen | null,
  now: HiddenThen,
): { readonly hiddenIds: readonly number[]; readonly shownIds: readonly number[] } | null {
  if (then === null || String(then.platformIds) !== String(now.platformIds)) return null;
  const before = new Set(then.romIds);
  const after = new Set(now.romIds);
  return {
    hiddenIds: now.romIds.filter((id) => !before.has(id)),
    shownIds: then.romIds.filter((id) => !after.has(id)),
  };
}

/** What a caller is told whose cursor cannot be gone on from. */
export function staleChanges(): AppError<"conflict"> {
  return new AppError("conflict", "ROMS_CHANGES_STALE", {
    message: "Too much has changed since this cursor: begin without one, and forget what is not listed then",
  });
}
