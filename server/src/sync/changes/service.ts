import { readVersionChanges } from "../../assets/changes/service.ts";
import { requireAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { CURSOR_AGE_MAX_MS } from "../limits.ts";
import { toRemoteSave } from "../plans/rules.ts";
import { type ChangedVersions, ChangedVersionsSchema, ListChangesInput } from "./contract.ts";
import { formatChanges, parseChanges, staleCursor } from "./rules.ts";

/**
 * What became of the caller's saves and states since a cursor was given: new and changed versions, and those to
 * forget. Without a cursor it is all of them, page by page.
 * @throws AppError `PAGE_CURSOR_INVALID`, `SYNC_CURSOR_INVALID` for one that is older than removals are remembered.
 */
export const listVersionChanges = operation(
  { type: "query", scope: "assets.read", input: ListChangesInput, output: ChangedVersionsSchema },
  async (ctx, { cursor, kinds, limit }): Promise<ChangedVersions> => {
    const userId = requireAccountId(ctx);
    const places = cursor === undefined || cursor === null ? null : parseChanges(cursor);
    const page = await readVersionChanges(ctx, {
      userId,
      places,
      kinds: kinds.map((kind) => (kind === "save" ? "saves" : "states")),
      limit,
    });
    if (places !== null && places.removed.atMs < page.nowMs - CURSOR_AGE_MAX_MS) throw staleCursor();
    return {
      items: page.versions.map(toRemoteSave),
      removed: page.removals.map(({ kind, versionId }) => ({
        kind: kind === "saves" ? "save" : "state",
        id: versionId,
      })),
      nextCursor: formatChanges(page.places),
      hasMore: page.hasMore,
    };
  },
);
