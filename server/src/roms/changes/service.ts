import { advance, BEGINNING } from "../../base/change-feed.ts";
import type { Context } from "../../base/context.ts";
import { operation } from "../../base/operation.ts";
import { getHidden } from "../../permissions/hidden/service.ts";
import { REMOVALS_GRACE_MS, REMOVALS_KEPT_MS, REMOVALS_SWEPT_MAX } from "../limits.ts";
import { type ChangedRoms, ChangedRomsSchema, ListChangedRomsInput } from "./contract.ts";
import { deleteRemovals, listRemovalsBehind, listRomsBehind, listRomsOf, readHorizon } from "./queries.ts";
import { compareHidden, formatChangesCursor, parseChangesCursor, staleChanges } from "./rules.ts";

/**
 * What became of the library since a cursor was given: new and changed roms, and the ids of those to forget. Without
 * a cursor it is all roms, page by page. Nothing that commits late is missed; instead a rom may come again. Whoever
 * holds what was listed applies `items` first, then `removedIds`.
 * @throws AppError `PAGE_CURSOR_INVALID`; `ROMS_CHANGES_STALE` for a cursor that is older than removals are
 *   remembered, and when platforms were hidden or shown since: begin without one.
 */
export const listChangedRoms = operation(
  { type: "query", scope: "roms.read", input: ListChangedRomsInput, output: ChangedRomsSchema },
  async (ctx, { cursor: text, limit }): Promise<ChangedRoms> => {
    const cursor = text === undefined || text === null ? null : parseChangesCursor(text);
    const hidden = await getHidden(ctx);
    // Before the rows; see there.
    const { nowMs, horizonMs } = await readHorizon(ctx.db);
    if (cursor !== null && cursor.removed.atMs < nowMs - REMOVALS_KEPT_MS) throw staleChanges();
    const isSeenAlike = cursor === null || cursor.mark === hidden.mark;
    const sight = isSeenAlike ? { hiddenIds: [], shownIds: [] } : compareHidden(cursor.hidden, hidden);
    if (sight === null) throw staleChanges();
    const from = {
      changed: cursor?.changed ?? BEGINNING,
      // Who begins holds nothing that could be removed.
      removed: cursor?.removed ?? { atMs: horizonMs, id: 0 },
    };
    const [items, removed, shown] = await Promise.all([
      listRomsBehind(ctx.db, { place: from.changed, limit, hidden }),
      cursor === null ? [] : listRemovalsBehind(ctx.db, from.removed, limit),
      listRomsOf(ctx.db, sight.shownIds, hidden),
    ]);
    const last = items.at(-1);
    const lastPlace = last === undefined ? null : { atMs: Date.parse(last.updatedAt), id: last.id };
    const changes = advance(from.changed, { last: lastPlace, isFull: items.length === limit }, horizonMs);
    const removals = { last: removed.at(-1) ?? null, isFull: removed.length === limit };
    const gone = advance(from.removed, removals, horizonMs);
    return {
      items: [...shown, ...items],
      removedIds: [...sight.hiddenIds, ...removed.map(({ romId }) => romId)],
      nextCursor: formatChangesCursor({
        changed: changes.place,
        removed: gone.place,
        hidden,
        mark: hidden.mark,
      }),
      hasMore: changes.hasMore || gone.hasMore,
    };
  },
);

/**
 * Forgets what was removed longer ago than any cursor may be old. Idempotent; to be called once a day.
 * @returns How many entries were forgotten.
 */
export async function sweepRemovals(ctx: Pick<Context, "db" | "signal">): Promise<number> {
  let forgotten = 0;
  for (let count = REMOVALS_SWEPT_MAX; count === REMOVALS_SWEPT_MAX && !ctx.signal.aborted; ) {
    count = await deleteRemovals(ctx.db, REMOVALS_KEPT_MS + REMOVALS_GRACE_MS, REMOVALS_SWEPT_MAX);
    forgotten += count;
  }
  return forgotten;
}
