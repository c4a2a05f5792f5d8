import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { Id, list } from "../../base/schemas.ts";
import {
  type Rom,
  RomMetadataSchema,
  type RomParts,
  RomSchema,
  RomSiblingSchema,
  RomUserPropsSchema,
} from "../contract.ts";
import { RomFileSchema } from "../files/contract.ts";
import { type FilterValues, FilterValuesSchema } from "../filter-values/contract.ts";
import { filterEntries, SoughtText } from "../filters/contract.ts";
import { ROM_PAGE_DEFAULT, ROM_PAGE_MAX } from "../limits.ts";
import { type RomMembership, RomMembershipSchema } from "../memberships/contract.ts";
import { type RomNote, RomNoteSchema } from "../notes/contract.ts";
import { type RomUserFiles, RomUserFilesSchema } from "../user-files/contract.ts";

/** How the files of a rom lie on disk. */
export interface FileShape {
  /** Some file lies deeper than the platform's rom folder. */
  readonly isMultiFile: boolean;
  /** Files that are the rom itself or lie directly in its folder. */
  readonly topLevelCount: number;
}

/** Everything the compatible API shows of a rom. */
export interface RomDetails extends Rom, RomParts {
  /** The operator's own name of the platform; "" without one. */
  readonly platformCustomName: string;
  readonly youtubeVideoId: string | null;
  readonly urlCover: string;
  readonly pathManual: string | null;
  readonly urlManual: string;
  readonly pathVideo: string | null;
  /** Library resources first, then links. */
  readonly screenshots: readonly string[];
  /** What each provider said, by provider slug. */
  readonly providerMetadata: Readonly<Record<string, unknown>>;
  readonly fileShape: FileShape;
  readonly hasNotes: boolean;
  readonly hasSoundtrack: boolean;
  /** The caller's row of this rom, when there is one. */
  readonly userRow: {
    readonly id: number;
    readonly userId: number;
    readonly createdAt: Instant;
    readonly updatedAt: Instant;
  } | null;
}

export const RomDetailsSchema = v.object({
  ...RomSchema.entries,
  files: list(RomFileSchema),
  metadata: RomMetadataSchema,
  siblings: list(RomSiblingSchema),
  user: v.nullable(RomUserPropsSchema),
  platformCustomName: v.string(),
  youtubeVideoId: v.nullable(v.string()),
  urlCover: v.string(),
  pathManual: v.nullable(v.string()),
  urlManual: v.string(),
  pathVideo: v.nullable(v.string()),
  screenshots: list(v.string()),
  providerMetadata: v.record(v.string(), v.unknown()),
  fileShape: v.object({ isMultiFile: v.boolean(), topLevelCount: v.number() }),
  hasNotes: v.boolean(),
  hasSoundtrack: v.boolean(),
  userRow: v.nullable(v.object({ id: Id, userId: Id, createdAt: v.string(), updatedAt: v.string() })),
});

/** A rom with what users keep beside it, as far as the caller may see it. */
export interface DetailedRom extends RomDetails {
  /** The newest first. */
  readonly notes: readonly RomNote[];
  /** The caller's own first. */
  readonly collections: readonly RomMembership[];
  /** The caller, whose own files come first; null for callers without an account. */
  readonly viewerId: number | null;
  readonly userFiles: RomUserFiles;
}

export const DetailedRomSchema = v.object({
  ...RomDetailsSchema.entries,
  notes: list(RomNoteSchema),
  collections: list(RomMembershipSchema),
  viewerId: v.nullable(Id),
  userFiles: RomUserFilesSchema,
});

export const RomIdInput = v.strictObject({ romId: Id });

const HashText = v.optional(v.pipe(SoughtText, v.trim(), v.toLowerCase()));
/** Ids of providers by which a rom is looked up; any that matches counts. */
const SoughtNumber = v.optional(v.pipe(v.number(), v.integer()));
export const FindRomByProvidersInput = v.strictObject({
  igdb: SoughtNumber,
  moby: SoughtNumber,
  ss: SoughtNumber,
  ra: SoughtNumber,
  launchbox: SoughtNumber,
  hasheous: SoughtNumber,
  tgdb: SoughtNumber,
  hltb: SoughtNumber,
  flashpoint: v.optional(SoughtText),
});
export type ProviderQuery = v.InferOutput<typeof FindRomByProvidersInput>;

export const FindRomByHashesInput = v.strictObject({
  crc32: HashText,
  md5: HashText,
  sha1: HashText,
  raHash: HashText,
});

/** A page of the compatible list with its side indexes; an index that was not asked for is empty. */
export interface RomOffsetPage {
  readonly items: readonly RomDetails[];
  readonly total: number | null;
  readonly limit: number;
  readonly offset: number;
  readonly charIndex: Readonly<Record<string, number>>;
  /** Ids of the whole list in its order, as a JSON array: there may be hundreds of thousands. */
  readonly idIndexJson: string;
  readonly filterValues: FilterValues;
}

export const RomOffsetPageSchema = v.object({
  items: list(RomDetailsSchema),
  total: v.nullable(v.number()),
  limit: v.number(),
  offset: v.number(),
  charIndex: v.record(v.string(), v.number()),
  idIndexJson: v.string(),
  filterValues: FilterValuesSchema,
});

/** The compatible list: paged by offset, with side indexes on request. */
export const ListRomsByOffsetInput = v.strictObject({
  ...filterEntries,
  orderBy: v.optional(v.string(), "name"),
  limit: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(ROM_PAGE_MAX)),
    ROM_PAGE_DEFAULT,
  ),
  offset: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  withTotal: v.optional(v.boolean(), true),
  withCharIndex: v.optional(v.boolean(), true),
  withFilterValues: v.optional(v.boolean(), true),
  withIdIndex: v.optional(v.boolean(), true),
  withFiles: v.optional(v.boolean(), false),
});
