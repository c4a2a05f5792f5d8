import type { Executor } from "@multitap/db";
import { toInstant } from "../base/clock.ts";
import { AppError } from "../base/errors.ts";
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
import {
  listPlatformIds,
  listPlatformKeys,
  listPlatformRows,
  markPlatformsMissing,
  type PlatformKey,
  storePlatform,
} from "./queries.ts";
import {
  isPlatformIdentified,
  listPlatformFacts,
  type PlatformBindings,
  type PlatformFacts,
  platformIdentity,
  toPlatformColumns,
} from "./rules.ts";

/** All platforms of the library, by name. */
export const listPlatforms = operation(
  { type: "query", scope: "platforms.read", input: ListPlatformsInput, output: PlatformListSchema },
  async (ctx, { updatedAfter }) =>
    await listPlatformRows(ctx.db, {
      hidden: await getHidden(ctx),
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
    const [platform] = await listPlatformRows(ctx.db, { platformId, hidden: await getHidden(ctx) });
    if (platform === undefined) {
      const message = `Platform with id '${platformId}' not found`;
      throw new AppError("not_found", "PLATFORMS_NOT_FOUND", { message });
    }
    return platform;
  },
);

/** Ids of all platforms. */
export const listPlatformIdentifiers = operation(
  { type: "query", scope: "platforms.read", input: NoInput, output: PlatformIdsSchema },
  async (ctx) => await listPlatformIds(ctx.db, await getHidden(ctx)),
);

/** Every platform we know; one that the library holds stands with its own row, others with id -1. */
export const listSupportedPlatforms = operation(
  { type: "query", scope: "platforms.read", input: NoInput, output: PlatformListSchema },
  async (ctx) => {
    const rows = await listPlatformRows(ctx.db, { hidden: await getHidden(ctx) });
    const bySlug = Map.groupBy(rows, (row) => row.slug);
    const now = toInstant(ctx.ports.clock.now());
    return listPlatformFacts().map((facts) => {
      const own = bySlug.get(facts.slug) ?? [];
      return own.find((row) => row.fsSlug === row.slug) ?? own[0] ?? toUnstored(facts, now);
    });
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

/** Ids and folder names of all platform rows, for scans: hidden ones are among them. */
export async function listKnownPlatforms(db: Executor): Promise<readonly PlatformKey[]> {
  return await listPlatformKeys(db);
}

/** Marks platforms whose folders vanished; rows are never removed by a scan. */
export async function markMissingPlatforms(db: Executor, ids: readonly number[]): Promise<number> {
  return await markPlatformsMissing(db, ids);
}
