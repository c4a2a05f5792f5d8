import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import { GivenMoment, Id, InstantText, list } from "../base/schemas.ts";
import {
  COLLECTION_DESCRIPTION_CHARS_MAX,
  COLLECTION_NAME_CHARS_MAX,
  COLLECTION_ROMS_MAX,
  COVER_URL_CHARS_MAX,
} from "./limits.ts";

/** The cover of one rom of a collection, below the resources folder. */
export interface RomCover {
  readonly romId: number;
  readonly small: string | null;
  readonly large: string | null;
  /** When the rom changed last. */
  readonly updatedAt: Instant;
}

export const RomCoverSchema = v.object({
  romId: Id,
  small: v.nullable(v.string()),
  large: v.nullable(v.string()),
  updatedAt: InstantText,
});

/** Roms that somebody put together. */
export interface Collection {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly ownerId: number;
  readonly ownerUsername: string;
  /** Others may see it. */
  readonly isPublic: boolean;
  /** Its owner's favourites; everyone has at most one. */
  readonly isFavorite: boolean;
  /** Roms that the caller may see. */
  readonly romCount: number;
  /** Its own cover, below the resources folder. */
  readonly coverSmall: string | null;
  readonly coverLarge: string | null;
  /** Where that cover came from; "" for none. */
  readonly urlCover: string;
  /** Covers of its first roms that have one. */
  readonly romCovers: readonly RomCover[];
  readonly createdAt: Instant;
  /** When the collection, or what is in it, changed last. */
  readonly updatedAt: Instant;
}

/** Parts of a collection that are read only when asked for by name. */
export interface CollectionParts {
  /** Ascending. */
  readonly romIds: readonly number[];
}

export type CollectionPart = keyof CollectionParts;
export type CollectionWithParts = Collection & Partial<CollectionParts>;

export const COLLECTION_PARTS = ["romIds"] as const satisfies readonly CollectionPart[];
export const WithParts = v.optional(list(v.picklist(COLLECTION_PARTS)), []);

export const RomIdsPart = v.exactOptional(list(Id));
export const CollectionSchema = v.object({
  id: Id,
  name: v.string(),
  description: v.string(),
  ownerId: Id,
  ownerUsername: v.string(),
  isPublic: v.boolean(),
  isFavorite: v.boolean(),
  romCount: v.number(),
  coverSmall: v.nullable(v.string()),
  coverLarge: v.nullable(v.string()),
  urlCover: v.string(),
  romCovers: list(RomCoverSchema),
  createdAt: InstantText,
  updatedAt: InstantText,
});
export const CollectionWithPartsSchema = v.object({ ...CollectionSchema.entries, romIds: RomIdsPart });
export const CollectionListSchema = list(CollectionWithPartsSchema);
export const IdListSchema = list(Id);

/** The database can store no zero character. */
const hasNoZero = (text: string) => !text.includes("\0");
const NO_ZERO = "Input should not contain a zero character";

export const CollectionName = v.pipe(
  v.string(),
  v.check((text) => text.trim() !== "", "Name cannot be empty"),
  v.maxLength(COLLECTION_NAME_CHARS_MAX),
  v.check(hasNoZero, NO_ZERO),
);
export const CollectionDescription = v.pipe(
  v.string(),
  v.maxLength(COLLECTION_DESCRIPTION_CHARS_MAX),
  v.check(hasNoZero, NO_ZERO),
);
const isWebAddress = (text: string) => text === "" || /^https?:\/\//i.test(text);
const CoverUrl = v.pipe(
  v.string(),
  v.maxLength(COVER_URL_CHARS_MAX),
  v.check((text) => hasNoZero(text) && isWebAddress(text), "Input should be an http or https address"),
);
const RomIds = v.pipe(v.array(Id), v.maxLength(COLLECTION_ROMS_MAX), v.readonly());

export const ListCollectionsInput = v.strictObject({
  /** Only those that changed after this moment. */
  updatedAfter: v.optional(GivenMoment),
  with: WithParts,
});

export const CollectionIdInput = v.strictObject({ collectionId: Id });
export const GetCollectionInput = v.strictObject({ ...CollectionIdInput.entries, with: WithParts });

export const CreateCollectionInput = v.strictObject({
  name: CollectionName,
  description: v.optional(CollectionDescription, ""),
  isPublic: v.optional(v.boolean(), false),
  isFavorite: v.optional(v.boolean()),
  /** Its picture becomes the cover. */
  urlCover: v.optional(CoverUrl, ""),
  with: WithParts,
});
export type CreateCollectionInput = v.InferOutput<typeof CreateCollectionInput>;

/** What changes of a collection; what is left out stays. */
export const UpdateCollectionInput = v.strictObject({
  collectionId: Id,
  name: v.optional(CollectionName),
  description: v.optional(CollectionDescription),
  isPublic: v.optional(v.boolean()),
  /** Its picture replaces the cover, if it is another address than before. */
  urlCover: v.optional(CoverUrl),
  /** Also forgets where it came from. */
  removeCover: v.optional(v.boolean(), false),
  /** All roms; unknown ones are left out, and those that the caller may not see stay. */
  romIds: v.optional(RomIds),
  with: WithParts,
});
export type UpdateCollectionInput = v.InferOutput<typeof UpdateCollectionInput>;

/** The bytes of a picture. */
const Artwork = v.optional(v.instance(Uint8Array));
export const CollectionFormInput = v.strictObject({ ...CreateCollectionInput.entries, artwork: Artwork });
export const UpdateCollectionFormInput = v.strictObject({
  ...UpdateCollectionInput.entries,
  artwork: Artwork,
});

export const CollectionRomsInput = v.strictObject({ collectionId: Id, romIds: RomIds, with: WithParts });
