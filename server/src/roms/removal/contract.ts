import * as v from "valibot";
import type { ErrorCode } from "../../base/error-codes.data.ts";
import { Id, list } from "../../base/schemas.ts";
import { ROMS_REMOVED_MAX } from "./limits.ts";

/** A rom that is still there, or whose files are, and why. */
export interface RemovalFailure {
  readonly romId: number;
  readonly code: ErrorCode;
  /** For people. */
  readonly message: string;
}

/** What became of roms that were to be removed. */
export interface RomsRemoved {
  readonly removedIds: readonly number[];
  readonly failures: readonly RemovalFailure[];
}

const RomIds = v.pipe(v.array(Id), v.maxLength(ROMS_REMOVED_MAX), v.readonly());

export const RemoveRomsInput = v.strictObject({
  romIds: v.pipe(v.array(Id), v.minLength(1), v.maxLength(ROMS_REMOVED_MAX), v.readonly()),
  /** Also their files in the library. */
  deleteFiles: v.optional(v.boolean(), false),
});

/** As in the compatible API: which of them lose their files is said rom by rom. */
export const RemoveRomsInBulkInput = v.strictObject({
  romIds: RomIds,
  deleteFilesOf: v.optional(RomIds, []),
});

export const RomsRemovedSchema = v.object({
  removedIds: list(Id),
  failures: list(
    v.object({
      romId: Id,
      code: v.custom<ErrorCode>((code) => typeof code === "string"),
      message: v.string(),
    }),
  ),
});
