import type { Executor } from "@multitap/db";
import { toInstant } from "../base/clock.ts";
import type { Context } from "../base/context.ts";
import { recall } from "../base/kept-values.ts";
import { operation } from "../base/operation.ts";
import { NoInput } from "../base/schemas.ts";
import { getHidden } from "../permissions/hidden/service.ts";
import {
  GetPlatformInput,
  ListPlatformsInput,
  type Platform,
  PlatformIdsSchema,
  PlatformListSchema,
  PlatformSchema,
} from "./contract.ts";
import { listPlatformFolders, readLayout } from "./folders/service.ts";
import {
  listPlatformIds,
  listPlatformKeys,
  listPlatformRows,
  markPlatformsMissing,
  type PlatformKey,
  type PlatformQuery,
  storePlatform,
  touchPlatformRows,
} from "./queries.ts";
import {
  findPlatformFacts,
  isPlatformIdentified,
  listPlatformFacts,
  type PlatformBindings,
  type PlatformFacts,
  platformIdentity,
  platformNotFound,
  toPlatformColumns,
  WEB_PLAYER_SLUGS,
} from "./rules.ts";

/** All platforms of the library, by name. */
export const listPlatforms = operation(
  { type: "query", scope: "platforms.read", input: ListPlatformsInput, output: PlatformListSchema },
  async (ctx, { updatedAfter }) =>
    await getPlatformRows(ctx, {
      updatedAfter: updatedAfter === undefined ? undefined : new Date(updatedAfter),
    }),
);

/**
 * One platform.
 * @throws AppError `PLATFORMS_NOT_FOUND`.
 */
export const getPlatform = operation(
  { type: "query", scope: "platforms.read", input: GetPlatformInput, output: PlatformSchema },
  async (ctx, { platformId }) => {
    const [platform] = await getPlatformRows(ctx, { platformId });
    if (platform === undefined) throw platformNotFound(platformId);
    return platform;
  },
);

/** Bytes that the row of a platform takes in memory, about. */
const ROW_BYTES = 2_048;

/** Rows with their totals, which count every rom: so whoever sees the same shares them. */
async function getPlatformRows(
  ctx: Context,
  asked: Omit<PlatformQuery, "hidden">,
): Promise<readonly Platform[]> {
  const hidden = await getHidden(ctx);
  return await recall(ctx, `platforms ${hidden.mark} ${JSON.stringify(asked)}`, async () => {
    const value = await listPlatformRows(ctx.db, { ...asked, hidden });
    const files = value.reduce((sum, { firmware }) => sum + firmware.length, 0);
    return { value, sizeBytes: (value.length + files) * ROW_BYTES };
  });
}

/** Ids of all platforms. */
export const listPlatformIdentifiers = operation(
  { type: "query", scope: "platforms.read", input: NoInput, output: PlatformIdsSchema },
  async (ctx) => await listPlatformIds(ctx.db, await getHidden(ctx)),
);

/** Every platform we know; one that the library holds stands with its own row, others with id -1. */
export const listSupportedPlatforms = operation(
  { type: "query", scope: "platforms.read", input: NoInput, output: PlatformListSchema },
  async (ctx) => {
    const rows = await getPlatformRows(ctx, {});
    const bySlug = Map.groupBy(rows, (row) => row.slug);
    const now = toInstant(ctx.ports.clock.now());
    return listPlatformFacts().map((facts) => {
      const own = bySlug.get(facts.slug) ?? [];
      return own.find((row) => row.fsSlug === row.slug) ?? own[0] ?? toUnstored(facts, now);
    });
  },
);

/** Folders of the library that no platform has been made of yet, by name; their ids are -1. */
export const listPlatformCandidates = operation(
  { type: "query", scope: "platforms.read", input: NoInput, output: PlatformListSchema },
  async (ctx) => {
    const config = await ctx.ports.settings.read();
    const folders = await listPlatformFolders(ctx, config, await readLayout(ctx, config));
    // Rows that are hidden from the caller count too: their folders are as absent.
    const stored = new Set((await listPlatformKeys(ctx.db)).map((row) => row.fsSlug));
    const now = toInstant(ctx.ports.clock.now());
    return folders
      .filter(({ fsSlug }) => !stored.has(fsSlug))
      .map(({ fsSlug }) => ({ ...toUnstored(platformIdentity(fsSlug, config), now), fsSlug }));
  },
);

/** A known platform that the library does not hold. */
function toUnstored(facts: PlatformFacts, now: string): Platform {
  return {
    id: -1,
    slug: facts.slug,
    fsSlug: facts.slug,
    name: facts.name,
    displayName: facts.name,
    customName: "",
    description: "",
    romCount: 0,
    sizeBytes: 0,
    firmware: [],
    providerIds: {
      igdb: facts.igdbId,
      sgdb: null,
      moby: facts.mobyId,
      ss: facts.ssId,
      ra: facts.raId,
      launchbox: facts.launchboxId,
      hasheous: facts.hasheousId,
      tgdb: facts.tgdbId,
      flashpoint: facts.flashpointId,
    },
    igdbSlug: facts.igdbSlug,
    mobySlug: facts.mobySlug,
    hltbSlug: facts.hltbSlug,
    libretroSlug: facts.libretroSlug,
    category: facts.category,
    generation: facts.generation,
    familyName: facts.familyName,
    familySlug: facts.familySlug,
    url: facts.url,
    logoUrl: facts.urlLogo,
    isIdentified: isPlatformIdentified(facts),
    isMissing: false,
    createdAt: now,
    updatedAt: now,
  };
}

/** A platform row that a scan made or found. */
export interface EnsuredPlatform {
  readonly id: number;
  readonly slug: string;
  readonly isNew: boolean;
  readonly isIdentified: boolean;
  /** Whether files of this platform are hashed at all. */
  readonly isHashable: boolean;
  /** RetroAchievements' console; null where it has none. */
  readonly raConsoleId: number | null;
  /** Whether its games are identified by what a disc holds. */
  readonly isDiscPlatform: boolean;
  readonly createdAt: Date;
}

/** Makes sure that a folder has its platform row, with what we know about its slug. */
export async function ensurePlatform(
  db: Executor,
  fsSlug: string,
  bindings: PlatformBindings,
): Promise<EnsuredPlatform> {
  const identity = platformIdentity(fsSlug, bindings);
  const stored = await storePlatform(db, toPlatformColumns(identity));
  return {
    ...stored,
    slug: identity.slug,
    isIdentified: isPlatformIdentified(identity),
    isHashable: identity.isHashable,
    raConsoleId: identity.raConsoleId,
    isDiscPlatform: identity.raHashMode === "disc",
  };
}

/** What webRcade calls the platforms it can play, by slug. */
export function listWebrcadeTypes(): ReadonlyMap<string, string> {
  return new Map(
    listPlatformFacts().flatMap(({ slug, webrcadeType }) =>
      webrcadeType === null ? [] : [[slug, webrcadeType] as const],
    ),
  );
}

/** The short name by which Pegasus knows a platform; null where it knows none. */
export function findPegasusShortname(slug: string): string | null {
  return findPlatformFacts(slug)?.pegasusShortname ?? null;
}

/** Ids and folder names of all platform rows, for scans: hidden ones are among them. */
export async function listKnownPlatforms(db: Executor): Promise<readonly PlatformKey[]> {
  return await listPlatformKeys(db);
}

/** Marks platforms whose folders vanished; rows are never removed by a scan. */
export async function markMissingPlatforms(db: Executor, ids: readonly number[]): Promise<number> {
  return await markPlatformsMissing(db, ids);
}

/**
 * Notes that something that is shown with platforms changed, such as their firmware, so that apps which ask for
 * changes see them; keeps the rows from being removed until the transaction ends.
 * @returns Ids of those that exist.
 */
export async function touchPlatforms(db: Executor, ids: readonly number[]): Promise<readonly number[]> {
  return ids.length === 0 ? [] : await touchPlatformRows(db, ids);
}

/** Slugs of the platforms whose games run in a browser; case counts. */
export function listWebPlayerSlugs(): readonly string[] {
  return WEB_PLAYER_SLUGS;
}
