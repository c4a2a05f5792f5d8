import { readConflicts, settleConflict } from "../../assets/conflicts/service.ts";
import { AppError } from "../../base/errors.ts";
import { requireAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import {
  ListConflictsInput,
  ResolveConflictInput,
  ResolvedConflictSchema,
  SyncConflictsSchema,
} from "./contract.ts";

/** Saves and states of the caller's that two sides changed, newest first. Both versions of each are kept. */
export const listConflicts = operation(
  { type: "query", scope: "assets.read", input: ListConflictsInput, output: SyncConflictsSchema },
  async (ctx, { isOpen, romId, beforeId, limit }) =>
    await readConflicts(ctx, { userId: requireAccountId(ctx), isOpen, romId, beforeId, limit }),
);

/**
 * Notes what became of a conflict; the versions themselves stay as they are.
 * @throws AppError `SYNC_CONFLICT_NOT_FOUND`.
 */
export const resolveConflict = operation(
  { type: "mutation", scope: "assets.write", input: ResolveConflictInput, output: ResolvedConflictSchema },
  async (ctx, { conflictId, resolution }) => {
    const target = { id: conflictId, userId: requireAccountId(ctx), resolution };
    const conflict = await settleConflict(ctx, target);
    if (conflict !== null) return conflict;
    const message = `Conflict with ID ${conflictId} not found`;
    throw new AppError("not_found", "SYNC_CONFLICT_NOT_FOUND", { message });
  },
);
