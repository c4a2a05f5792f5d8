import * as v from "valibot";
import { Id, list } from "../../base/schemas.ts";
import { type Rom, RomSchema } from "../contract.ts";
import { CHANGES_PAGE_MAX } from "../limits.ts";

/** What became of the library behind a cursor. */
export interface ChangedRoms {
  /** New and changed roms as they are now, the longest unchanged first. A rom may come again unchanged. */
  readonly items: readonly Rom[];
  /** Roms that the caller has to forget: removed, or hidden from them. May name some that they never saw. */
  readonly removedIds: readonly number[];
  /** Where to go on, also later: keep it beside what it belongs to. */
  readonly nextCursor: string;
  /** Whether the next page holds more already. */
  readonly hasMore: boolean;
}

export const ChangedRomsSchema = v.object({
  items: list(RomSchema),
  removedIds: list(Id),
  nextCursor: v.string(),
  hasMore: v.boolean(),
});

export const ListChangedRomsInput = v.strictObject({
  /** Null or left out: from the beginning, which is all roms. */
  cursor: v.optional(v.nullable(v.string())),
  limit: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(CHANGES_PAGE_MAX)),
    CHANGES_PAGE_MAX,
  ),
});
