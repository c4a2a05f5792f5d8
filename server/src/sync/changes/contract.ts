import * as v from "valibot";
import { list } from "../../base/schemas.ts";
import { CHANGES_PAGE_MAX } from "../limits.ts";
import { KindName, type RemoteSave, RemoteSaveSchema } from "../plans/contract.ts";

export const ListChangesInput = v.optional(
  v.strictObject({
    /** Null or left out: from the beginning, which is everything. */
    cursor: v.optional(v.nullable(v.string())),
    kinds: v.optional(v.pipe(v.array(KindName), v.minLength(1), v.readonly()), ["save", "state"]),
    limit: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(CHANGES_PAGE_MAX)),
      CHANGES_PAGE_MAX,
    ),
  }),
  {},
);

/** A version that is gone. */
export interface RemovedVersion {
  readonly kind: "save" | "state";
  readonly id: number;
}

/** What became of one's saves and states behind a cursor. */
export interface ChangedVersions {
  /** New and changed versions as they are now. One may come again unchanged. */
  readonly items: readonly RemoteSave[];
  /** Versions to forget; may name some that the caller never saw. Apply them after `items`. */
  readonly removed: readonly RemovedVersion[];
  /** Where to go on, also later. */
  readonly nextCursor: string;
  /** Whether the next page holds more already. */
  readonly hasMore: boolean;
}

export const ChangedVersionsSchema = v.object({
  items: list(RemoteSaveSchema),
  removed: list(v.object({ kind: KindName, id: v.number() })),
  nextCursor: v.string(),
  hasMore: v.boolean(),
});
