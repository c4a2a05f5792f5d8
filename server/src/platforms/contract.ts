import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import { isEntryName } from "../base/entry-name.ts";
import { GivenMoment, Id, InstantText, list } from "../base/schemas.ts";
import { PLATFORM_DESCRIPTION_CHARS_MAX, PLATFORM_NAME_CHARS_MAX } from "./limits.ts";

/** What metadata providers call a platform; null when they do not know it. */
export interface PlatformProviderIds {
  readonly igdb: number | null;
  readonly sgdb: number | null;
  readonly moby: number | null;
  readonly ss: number | null;
  readonly ra: number | null;
  readonly launchbox: number | null;
  readonly hasheous: number | null;
  readonly tgdb: number | null;
  readonly flashpoint: number | null;
}

const IntOrNull = v.nullable(v.number());
const TextOrNull = v.nullable(v.string());

/** One firmware file of a platform, as platform lists show it. Hashes are lower-case hex or "". */
export interface PlatformFirmware {
  readonly id: number;
  readonly fileName: string;
  readonly fileNameNoTags: string;
  readonly fileNameNoExt: string;
  readonly fileExtension: string;
  readonly filePath: string;
  readonly sizeBytes: number;
  readonly isVerified: boolean;
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
  readonly isMissing: boolean;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export const PlatformFirmwareSchema = v.object({
  id: Id,
  fileName: v.string(),
  fileNameNoTags: v.string(),
  fileNameNoExt: v.string(),
  fileExtension: v.string(),
  filePath: v.string(),
  sizeBytes: v.number(),
  isVerified: v.boolean(),
  crc32: v.string(),
  md5: v.string(),
  sha1: v.string(),
  isMissing: v.boolean(),
  createdAt: InstantText,
  updatedAt: InstantText,
});

/** A console or computer family: one folder of the library. */
export interface Platform {
  readonly id: number;
  readonly slug: string;
  /** Name of the folder. */
  readonly fsSlug: string;
  readonly name: string;
  /** The operator's own name, or the name. */
  readonly displayName: string;
  readonly customName: string;
  readonly description: string;
  readonly romCount: number;
  readonly sizeBytes: number;
  readonly firmware: readonly PlatformFirmware[];
  readonly providerIds: PlatformProviderIds;
  readonly igdbSlug: string | null;
  readonly mobySlug: string | null;
  readonly hltbSlug: string | null;
  readonly libretroSlug: string | null;
  readonly category: string | null;
  readonly generation: number | null;
  readonly familyName: string | null;
  readonly familySlug: string | null;
  readonly url: string | null;
  readonly logoUrl: string | null;
  readonly isIdentified: boolean;
  readonly isMissing: boolean;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export const PlatformSchema = v.object({
  /** -1 for a platform that is known but has no folder. */
  id: v.pipe(v.number(), v.integer()),
  slug: v.string(),
  fsSlug: v.string(),
  name: v.string(),
  displayName: v.string(),
  customName: v.string(),
  description: v.string(),
  romCount: v.number(),
  sizeBytes: v.number(),
  firmware: list(PlatformFirmwareSchema),
  providerIds: v.object({
    igdb: IntOrNull,
    sgdb: IntOrNull,
    moby: IntOrNull,
    ss: IntOrNull,
    ra: IntOrNull,
    launchbox: IntOrNull,
    hasheous: IntOrNull,
    tgdb: IntOrNull,
    flashpoint: IntOrNull,
  }),
  igdbSlug: TextOrNull,
  mobySlug: TextOrNull,
  hltbSlug: TextOrNull,
  libretroSlug: TextOrNull,
  category: TextOrNull,
  generation: IntOrNull,
  familyName: TextOrNull,
  familySlug: TextOrNull,
  url: TextOrNull,
  logoUrl: TextOrNull,
  isIdentified: v.boolean(),
  isMissing: v.boolean(),
  createdAt: InstantText,
  updatedAt: InstantText,
});

export const PlatformListSchema = list(PlatformSchema);

export const ListPlatformsInput = v.optional(v.strictObject({ updatedAfter: v.optional(GivenMoment) }), {});
export const GetPlatformInput = v.strictObject({ platformId: Id });

export const CreatePlatformInput = v.strictObject({
  /** Name of its folder. */
  fsSlug: v.pipe(v.string(), v.check(isEntryName, "Input should be the name of one folder")),
});

/** No stored text can hold a zero character. */
const StoredText = v.pipe(
  v.string(),
  v.check((text) => !text.includes("\0"), "Input should not contain a zero character"),
);

/** What changes of a platform; what is left out or null stays. */
export const UpdatePlatformInput = v.strictObject({
  platformId: Id,
  /** "" shows the platform's own name again. */
  customName: v.optional(v.nullable(v.pipe(StoredText, v.maxLength(PLATFORM_NAME_CHARS_MAX)))),
  description: v.optional(v.nullable(v.pipe(StoredText, v.maxLength(PLATFORM_DESCRIPTION_CHARS_MAX)))),
});
export const PlatformIdsSchema = list(v.number());
