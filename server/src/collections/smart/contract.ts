import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { GivenMoment, Id, InstantText, list } from "../../base/schemas.ts";
import { type RomFilter, RomFilterSchema } from "../../roms/filters/contract.ts";
import {
  CollectionDescription,
  CollectionName,
  type CollectionParts,
  type RomCover,
  RomCoverSchema,
  RomIdsPart,
  WithParts,
} from "../contract.ts";

/**
 * What roms must meet, in the names that the query of the compatible rom list has, as JSON: `platform_ids`,
 * `search_term`, `regions` and other lists (each with `_logic`: `any`, `all` or `none`), `missing`, `matched`,
 * `favorite` and other flags, `updated_after`, `order_by`, `order_dir`. Other apps read it as well.
 */
export type SmartCriteria = Readonly<Record<string, unknown>>;

/** The roms that meet a filter, whichever those are at the moment. */
export interface SmartCollection {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly ownerId: number;
  readonly ownerUsername: string;
  /** Others may see it. */
  readonly isPublic: boolean;
  readonly criteria: SmartCriteria;
  /** The same for a list of roms; null when the criteria hold what this server cannot evaluate. */
  readonly filter: RomFilter | null;
  /** Roms that the caller may see. */
  readonly romCount: number;
  /** Covers of its first roms that have one. */
  readonly romCovers: readonly RomCover[];
  readonly createdAt: Instant;
  /** When the collection itself changed last; its roms come and go without. */
  readonly updatedAt: Instant;
}

export type SmartCollectionWithParts = SmartCollection & Partial<CollectionParts>;

// The schema of a record takes a list as well.
const CriteriaSchema = v.custom<SmartCriteria>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "Input should be an object",
);

export const SmartCollectionWithPartsSchema = v.object({
  id: Id,
  name: v.string(),
  description: v.string(),
  ownerId: Id,
  ownerUsername: v.string(),
  isPublic: v.boolean(),
  criteria: CriteriaSchema,
  filter: v.nullable(RomFilterSchema),
  romCount: v.number(),
  romCovers: list(RomCoverSchema),
  createdAt: InstantText,
  updatedAt: InstantText,
  romIds: RomIdsPart,
});
export const SmartCollectionListSchema = list(SmartCollectionWithPartsSchema);

export const ListSmartInput = v.strictObject({
  /** Only those that were changed after this moment. */
  updatedAfter: v.optional(GivenMoment),
  with: WithParts,
});
export const SmartIdInput = v.strictObject({ collectionId: Id });
export const GetSmartInput = v.strictObject({ ...SmartIdInput.entries, with: WithParts });

export const CreateSmartInput = v.strictObject({
  name: CollectionName,
  description: v.optional(CollectionDescription, ""),
  isPublic: v.optional(v.boolean(), false),
  criteria: v.optional(CriteriaSchema, {}),
  with: WithParts,
});

/** What changes of a smart collection; what is left out stays. */
export const UpdateSmartInput = v.strictObject({
  collectionId: Id,
  name: v.optional(CollectionName),
  description: v.optional(CollectionDescription),
  isPublic: v.optional(v.boolean()),
  criteria: v.optional(CriteriaSchema),
  with: WithParts,
});
