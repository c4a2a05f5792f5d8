import { AppError } from "../base/errors.ts";
import type { LibraryConfig } from "../base/library-config.ts";
import { PLATFORM_FACT_ROWS, type PlatformFactRow, type RaHashMode, type WebPlayer } from "./facts.data.ts";

/** Everything known about one platform slug; null where nothing is. */
export interface PlatformFacts {
  readonly slug: string;
  readonly name: string;
  readonly igdbId: number | null;
  readonly igdbSlug: string | null;
  /** Only on versions of a platform ("ps-one"): the slug of that platform, whose IGDB id this row holds. */
  readonly mainSlug: string | null;
  /** -1 where MobyGames lists the platform without an id. */
  readonly mobyId: number | null;
  readonly mobySlug: string | null;
  readonly ssId: number | null;
  /** What is shown; for hashing only `raConsoleId` counts. */
  readonly raId: number | null;
  readonly raConsoleId: number | null;
  readonly launchboxId: number | null;
  readonly launchboxName: string | null;
  readonly tgdbId: number | null;
  readonly hasheousId: number | null;
  readonly flashpointId: number | null;
  readonly hltbSlug: string | null;
  /** Name of the system in libretro's databases, despite the word. */
  readonly libretroSlug: string | null;
  /** "" where IGDB lists the platform without one; likewise the family. */
  readonly category: string | null;
  /** -1 where IGDB lists the platform without one. */
  readonly generation: number | null;
  readonly familyName: string | null;
  readonly familySlug: string | null;
  readonly isHashable: boolean;
  readonly raHashMode: RaHashMode | null;
  readonly webPlayer: WebPlayer | null;
  readonly webrcadeType: string | null;
  readonly pegasusShortname: string | null;
  readonly url: string | null;
  /** "" when there is none. */
  readonly urlLogo: string;
}

/** What a folder of the library is, before anything is read from a database. */
export interface PlatformIdentity extends PlatformFacts {
  /** The folder's name, as it is on disk. */
  readonly fsSlug: string;
  /**
   * The slug that `system.versions` gave; null without such a binding. IGDB is then searched as the platform
   * whose folder has this name, and by `igdbId` when there is none.
   */
  readonly versionOf: string | null;
}

/** The two bindings of the configuration that decide what a folder is. */
export type PlatformBindings = Pick<LibraryConfig, "platformsBinding" | "platformsVersions">;

/** The properties of an identity that a stored platform has too. */
type StoredKey =
  | "slug"
  | "fsSlug"
  | "name"
  | "igdbId"
  | "igdbSlug"
  | "mobyId"
  | "mobySlug"
  | "ssId"
  | "raId"
  | "launchboxId"
  | "tgdbId"
  | "hasheousId"
  | "flashpointId"
  | "hltbSlug"
  | "libretroSlug"
  | "generation";

/** A platform's own columns; texts that are not known are "". */
export interface PlatformColumns extends Pick<PlatformIdentity, StoredKey> {
  readonly category: string;
  readonly familyName: string;
  readonly familySlug: string;
  readonly url: string;
  readonly urlLogo: string;
}

const NOTHING_KNOWN = {
  igdbId: null,
  igdbSlug: null,
  mainSlug: null,
  mobyId: null,
  mobySlug: null,
  ssId: null,
  raId: null,
  raConsoleId: null,
  launchboxId: null,
  launchboxName: null,
  tgdbId: null,
  hasheousId: null,
  flashpointId: null,
  hltbSlug: null,
  libretroSlug: null,
  category: null,
  generation: null,
  familyName: null,
  familySlug: null,
  isHashable: true,
  raHashMode: null,
  webPlayer: null,
  webrcadeType: null,
  pegasusShortname: null,
  url: null,
  urlLogo: "",
} as const satisfies Omit<PlatformFacts, "slug" | "name">;

const FACTS = new Map<string, PlatformFacts>(PLATFORM_FACT_ROWS.map((row) => [row.slug, completeRow(row)]));
const MAIN_FACTS: readonly PlatformFacts[] = [...FACTS.values()].filter(({ mainSlug }) => mainSlug === null);
/** Slugs of the platforms whose games run in a browser. */
export const WEB_PLAYER_SLUGS: readonly string[] = [...FACTS.values()]
  .filter(({ webPlayer }) => webPlayer !== null)
  .map(({ slug }) => slug);

function completeRow(row: PlatformFactRow): PlatformFacts {
  return { ...NOTHING_KNOWN, ...row };
}

/** Finds what is known about a slug, versions of platforms included; null for an unknown one. Case counts. */
export function findPlatformFacts(slug: string): PlatformFacts | null {
  return FACTS.get(slug) ?? null;
}

/** Lists every platform we know by the order of their slugs' table, without versions of platforms. */
export function listPlatformFacts(): readonly PlatformFacts[] {
  return MAIN_FACTS;
}

/**
 * Decides what a folder is: its slug is the one bound in `system.platforms`, else in `system.versions`, else the
 * folder's name as it is. An unknown slug is a platform too, named after itself.
 */
export function platformIdentity(fsSlug: string, bindings: PlatformBindings): PlatformIdentity {
  const bound = bindings.platformsBinding.get(fsSlug);
  const versionOf = bound === undefined ? (bindings.platformsVersions.get(fsSlug) ?? null) : null;
  const slug = bound ?? versionOf ?? fsSlug;
  const facts = FACTS.get(slug) ?? { ...NOTHING_KNOWN, slug, name: nameFromSlug(slug) };
  return { ...facts, fsSlug, versionOf };
}

/** Turns an identity into the values a database row holds. */
export function toPlatformColumns(identity: PlatformIdentity): PlatformColumns {
  return {
    slug: identity.slug,
    fsSlug: identity.fsSlug,
    name: identity.name,
    igdbId: identity.igdbId,
    igdbSlug: identity.igdbSlug,
    mobyId: identity.mobyId,
    mobySlug: identity.mobySlug,
    ssId: identity.ssId,
    raId: identity.raId,
    launchboxId: identity.launchboxId,
    tgdbId: identity.tgdbId,
    hasheousId: identity.hasheousId,
    flashpointId: identity.flashpointId,
    hltbSlug: identity.hltbSlug,
    libretroSlug: identity.libretroSlug,
    generation: identity.generation,
    category: identity.category ?? "",
    familyName: identity.familyName ?? "",
    familySlug: identity.familySlug ?? "",
    url: identity.url ?? "",
    urlLogo: identity.urlLogo,
  };
}

/** The ids that make a platform count as identified. */
export type IdentifyingIds = Pick<
  PlatformFacts,
  "igdbId" | "mobyId" | "ssId" | "raId" | "launchboxId" | "hasheousId" | "flashpointId"
>;

/** Tells whether a metadata provider knows the platform; TheGamesDB alone does not count. */
export function isPlatformIdentified(ids: IdentifyingIds): boolean {
  const { igdbId, mobyId, ssId, raId, launchboxId, hasheousId, flashpointId } = ids;
  return [igdbId, mobyId, ssId, raId, launchboxId, hasheousId, flashpointId].some(Boolean);
}

const CASED_RUN = /\p{Cased}+/gu;
// Georgian capitals are for whole texts in capitals only, never for the beginning of a word.
const GEORGIAN_LETTER = /[\u10d0-\u10ff]/;

/** The shown name of an unknown slug: dashes become spaces, and every run of letters begins with a capital. */
function nameFromSlug(slug: string): string {
  return slug.replaceAll("-", " ").replace(CASED_RUN, capitalizeRun);
}

// A digit or an apostrophe ends a run, so "3ds" becomes "3Ds" and "they're" becomes "They'Re".
function capitalizeRun(run: string): string {
  const [first = ""] = run;
  const rest = run.toLowerCase().slice(first.toLowerCase().length);
  return titleCaseOf(first) + rest;
}

/** Capital of one character at the start of a word: a capital that is two letters keeps the second one small. */
function titleCaseOf(character: string): string {
  if (GEORGIAN_LETTER.test(character)) return character;
  const [first = "", ...rest] = character.toUpperCase();
  return first + rest.join("").toLowerCase();
}

/** The one answer for a platform that does not exist or is hidden; clients match on its form. */
export function platformNotFound(platformId: number): AppError<"not_found"> {
  return new AppError("not_found", "PLATFORMS_NOT_FOUND", {
    message: `Platform with id '${platformId}' not found`,
  });
}

/** The folder below the resources that holds all artwork of a platform's roms. The name is compatible. */
export function toPlatformResources(platformId: number): string {
  return `roms/${platformId}`;
}
