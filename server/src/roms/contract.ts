import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import { pageSchema } from "../base/page-schema.ts";
import { Id, InstantText, list } from "../base/schemas.ts";
import { type RomFile, RomFileSchema } from "./files/contract.ts";
import { filterEntries, SoughtText } from "./filters/contract.ts";
import { ROM_CURSOR_PAGE_MAX, ROM_MARKS_MAX, ROM_PAGE_DEFAULT } from "./limits.ts";

/** What metadata providers call a rom; null when they do not know it. */
export interface RomProviderIds {
  readonly igdb: number | null;
  readonly sgdb: number | null;
  readonly moby: number | null;
  readonly ss: number | null;
  readonly ra: number | null;
  readonly launchbox: number | null;
  readonly hasheous: number | null;
  readonly tgdb: number | null;
  readonly hltb: number | null;
  readonly flashpoint: string | null;
  readonly gamelist: string | null;
  readonly libretro: string | null;
}

const IntOrNull = v.nullable(v.number());
const TextOrNull = v.nullable(v.string());

export const RomProviderIdsSchema = v.object({
  igdb: IntOrNull,
  sgdb: IntOrNull,
  moby: IntOrNull,
  ss: IntOrNull,
  ra: IntOrNull,
  launchbox: IntOrNull,
  hasheous: IntOrNull,
  tgdb: IntOrNull,
  hltb: IntOrNull,
  flashpoint: TextOrNull,
  gamelist: TextOrNull,
  libretro: TextOrNull,
});

/** One library entry: a file, or a folder of files, of one platform. */
export interface Rom {
  readonly id: number;
  readonly platformId: number;
  readonly platformSlug: string;
  readonly platformFsSlug: string;
  readonly platformName: string;
  readonly name: string;
  readonly sortKey: string;
  readonly slug: string | null;
  readonly summary: string | null;
  readonly fsName: string;
  readonly fsNameNoTags: string;
  readonly fsNameNoExt: string;
  readonly fsExtension: string;
  /** Library-relative folder that holds the rom. */
  readonly fsPath: string;
  /** Sum over all files. */
  readonly sizeBytes: number;
  readonly revision: string;
  readonly version: string;
  readonly regions: readonly string[];
  readonly languages: readonly string[];
  readonly tags: readonly string[];
  /** Lower-case hex; "" when there is none (yet). */
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
  readonly raHash: string;
  readonly providerIds: RomProviderIds;
  readonly isIdentified: boolean;
  /** The files were not found by the last scan. */
  readonly isMissing: boolean;
  readonly coverSmall: string | null;
  readonly coverLarge: string | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

const romEntries = {
  id: Id,
  platformId: Id,
  platformSlug: v.string(),
  platformFsSlug: v.string(),
  platformName: v.string(),
  name: v.string(),
  sortKey: v.string(),
  slug: TextOrNull,
  summary: TextOrNull,
  fsName: v.string(),
  fsNameNoTags: v.string(),
  fsNameNoExt: v.string(),
  fsExtension: v.string(),
  fsPath: v.string(),
  sizeBytes: v.number(),
  revision: v.string(),
  version: v.string(),
  regions: list(v.string()),
  languages: list(v.string()),
  tags: list(v.string()),
  crc32: v.string(),
  md5: v.string(),
  sha1: v.string(),
  raHash: v.string(),
  providerIds: RomProviderIdsSchema,
  isIdentified: v.boolean(),
  isMissing: v.boolean(),
  coverSmall: TextOrNull,
  coverLarge: TextOrNull,
  createdAt: InstantText,
  updatedAt: InstantText,
};

export const RomSchema = v.object(romEntries);

/** What providers and file names say about a rom, merged. */
export interface RomMetadata {
  readonly genres: readonly string[];
  readonly franchises: readonly string[];
  readonly collections: readonly string[];
  readonly companies: readonly string[];
  readonly gameModes: readonly string[];
  readonly ageRatings: readonly string[];
  readonly playerCount: string;
  /** First release, null when unknown. */
  readonly firstReleasedAt: Instant | null;
  /** 0 to 100. */
  readonly averageRating: number | null;
  readonly alternativeNames: readonly string[];
}

export const RomMetadataSchema = v.object({
  genres: list(v.string()),
  franchises: list(v.string()),
  collections: list(v.string()),
  companies: list(v.string()),
  gameModes: list(v.string()),
  ageRatings: list(v.string()),
  playerCount: v.string(),
  firstReleasedAt: v.nullable(InstantText),
  averageRating: v.nullable(v.number()),
  alternativeNames: list(v.string()),
});

/** What the caller did with a rom; null where nothing was written yet. */
export interface RomUserProps {
  readonly isMainSibling: boolean;
  readonly isBacklogged: boolean;
  readonly isNowPlaying: boolean;
  readonly isHidden: boolean;
  readonly lastPlayedAt: Instant | null;
  /** 0 to 10. */
  readonly rating: number;
  /** 0 to 10. */
  readonly difficulty: number;
  /** 0 to 100. */
  readonly completion: number;
  readonly status: string | null;
}

export const RomUserPropsSchema = v.object({
  isMainSibling: v.boolean(),
  isBacklogged: v.boolean(),
  isNowPlaying: v.boolean(),
  isHidden: v.boolean(),
  lastPlayedAt: v.nullable(InstantText),
  rating: v.number(),
  difficulty: v.number(),
  completion: v.number(),
  status: TextOrNull,
});

/** A rom of the same platform that a provider knows as the same game. */
export interface RomSibling {
  readonly id: number;
  readonly name: string;
  readonly fsNameNoTags: string;
  readonly fsNameNoExt: string;
  readonly isMainSibling: boolean;
}

export const RomSiblingSchema = v.object({
  id: Id,
  name: v.string(),
  fsNameNoTags: v.string(),
  fsNameNoExt: v.string(),
  isMainSibling: v.boolean(),
});

/** Parts of a rom that are read only when asked for by name. */
export interface RomParts {
  readonly files: readonly RomFile[];
  readonly metadata: RomMetadata;
  readonly siblings: readonly RomSibling[];
  readonly user: RomUserProps | null;
}

export type RomPart = keyof RomParts;
export type RomWithParts = Rom & Partial<RomParts>;

export const ROM_PARTS = ["files", "metadata", "siblings", "user"] as const satisfies readonly RomPart[];
const WithParts = v.optional(list(v.picklist(ROM_PARTS)), []);

export const RomWithPartsSchema = v.object({
  ...romEntries,
  files: v.exactOptional(list(RomFileSchema)),
  metadata: v.exactOptional(RomMetadataSchema),
  siblings: v.exactOptional(list(RomSiblingSchema)),
  user: v.exactOptional(v.nullable(RomUserPropsSchema)),
});

export const ListRomsInput = v.strictObject({
  ...filterEntries,
  cursor: v.optional(v.string()),
  limit: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(ROM_CURSOR_PAGE_MAX)),
    ROM_PAGE_DEFAULT,
  ),
  withTotal: v.optional(v.boolean(), false),
  with: WithParts,
});
export const RomPageSchema = pageSchema(RomWithPartsSchema);

export const GetRomInput = v.strictObject({ romId: Id, with: WithParts });

const Hex = (digits: number) => v.pipe(v.string(), v.toLowerCase(), v.hexadecimal(), v.length(digits));

/** By which mark a rom is looked for. */
export type RomMark =
  | { readonly crc32: string; readonly sizeBytes: number }
  | { readonly md5: string }
  | { readonly sha1: string }
  | { readonly raHash: string }
  | { readonly platformSlug: string; readonly fsName: string };

export const FindRomInput = v.union([
  v.strictObject({ crc32: Hex(8), sizeBytes: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
  v.strictObject({ md5: Hex(32) }),
  v.strictObject({ sha1: Hex(40) }),
  v.strictObject({ raHash: Hex(32) }),
  v.strictObject({ platformSlug: SoughtText, fsName: SoughtText }),
]);
export const FoundRomSchema = v.nullable(RomSchema);

/** Marks of many roms, to be looked up at once. */
export const FindManyRomsInput = v.strictObject({
  marks: v.pipe(v.array(FindRomInput), v.maxLength(ROM_MARKS_MAX), v.readonly()),
});
export const FoundRomsSchema = list(FoundRomSchema);
