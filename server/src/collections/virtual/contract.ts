import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { InstantText, list } from "../../base/schemas.ts";
import { VIRTUAL_TYPES, VirtualIdText, type VirtualType } from "../../roms/filters/contract.ts";
import { type CollectionParts, type RomCover, RomCoverSchema, RomIdsPart, WithParts } from "../contract.ts";
import { VIRTUAL_LISTED_MAX } from "../limits.ts";

export { VIRTUAL_TYPES, type VirtualType };

/** Roms of the library that share a genre, a franchise and the like; there is one once three roms do. */
export interface VirtualCollection {
  /** Holds type and name, so it outlives scans. */
  readonly id: string;
  readonly type: VirtualType;
  readonly name: string;
  readonly description: string;
  /** Roms that the caller may see. */
  readonly romCount: number;
  /** Covers of its first roms that have one. */
  readonly romCovers: readonly RomCover[];
  /** When the first of its roms came. */
  readonly createdAt: Instant;
  /** When one of its roms changed last. */
  readonly updatedAt: Instant;
}

export type VirtualCollectionWithParts = VirtualCollection & Partial<CollectionParts>;

export const VirtualCollectionWithPartsSchema = v.object({
  id: v.string(),
  type: v.picklist(VIRTUAL_TYPES),
  name: v.string(),
  description: v.string(),
  romCount: v.number(),
  romCovers: list(RomCoverSchema),
  createdAt: InstantText,
  updatedAt: InstantText,
  romIds: RomIdsPart,
});
export const VirtualCollectionListSchema = list(VirtualCollectionWithPartsSchema);
export const VirtualIdListSchema = list(v.string());

export const ListVirtualInput = v.strictObject({
  /** `all`, or one type; of any other there is none. */
  type: v.optional(v.string(), "all"),
  limit: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(VIRTUAL_LISTED_MAX)),
    VIRTUAL_LISTED_MAX,
  ),
  with: WithParts,
});

export const GetVirtualInput = v.strictObject({
  id: VirtualIdText,
  with: WithParts,
});
