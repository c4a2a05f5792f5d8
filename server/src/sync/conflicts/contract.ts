import * as v from "valibot";
import { RESOLUTIONS, SyncConflictSchema } from "../../assets/conflicts/contract.ts";
import { Id, list } from "../../base/schemas.ts";
import { CONFLICTS_PAGE_MAX } from "../limits.ts";

export const ListConflictsInput = v.optional(
  v.strictObject({
    /** Only those that nobody decided, or only the others. */
    isOpen: v.optional(v.boolean()),
    romId: v.optional(Id),
    /** Only older ones than this. */
    beforeId: v.optional(Id),
    limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(CONFLICTS_PAGE_MAX)), 100),
  }),
  {},
);

export const ResolvedConflictSchema = SyncConflictSchema;
export const SyncConflictsSchema = list(SyncConflictSchema);

export const ResolveConflictInput = v.strictObject({
  conflictId: Id,
  resolution: v.picklist(RESOLUTIONS),
});
