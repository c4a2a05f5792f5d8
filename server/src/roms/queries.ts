import type { Executor } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { romFiles, roms } from "@multitap/db/schema/roms";
import { type AnyColumn, and, asc, count, eq, or, type SQL, sql } from "drizzle-orm";
import { toInstant } from "../base/clock.ts";
import { perExecutor } from "../base/per-executor.ts";
import { formatIds } from "../base/sql.ts";
import type { Hidden } from "../permissions/hidden/contract.ts";
import type { Rom, RomMark, RomMetadata, RomProviderIds } from "./contract.ts";
import type { ProviderQuery } from "./details/contract.ts";
import {
  PROVIDER_COLUMNS,
  toConditions,
  toVisibleConditions,
  type VisibleFilter,
} from "./filters/queries.ts";

/**
 * The condition that a column holds one of some ids, as one parameter: a page of thousands would otherwise
 * need more parameters than a statement may have.
 */
export function isOneOf(column: AnyColumn | SQL, ids: readonly number[]): SQL {
  // The inner select is run once; a cast beside the column would read the whole text again for each row.
  return sql`${column} = any((select ${formatIds(ids)}::text::int4[])::int4[])`;
}

/** The same condition for a prepared statement that is run with `formatIds` as its `ids`. */
export function isOneOfGiven(column: AnyColumn | SQL): SQL {
  // The inner select hides how many ids there are from the planner, which would otherwise plan anew each time.
  return sql`${column} = any((select ${sql.placeholder("ids")}::text::int4[])::int4[])`;
}

/** Columns of a rom together with those of its platform that every answer shows. */
export const ROM_COLUMNS = {
  rom: roms,
  platform: {
    slug: platforms.slug,
    fsSlug: platforms.fsSlug,
    name: platforms.name,
    customName: platforms.customName,
  },
};

/** How many roms a filter lets through. */
export async function countRoms(db: Executor, filter: VisibleFilter): Promise<number> {
  const [row] = await db
    .select({ total: count() })
    .from(roms)
    .where(and(...toConditions(filter)));
  return row?.total ?? 0;
}

const prepared = perExecutor((db) => ({
  romById: db
    .select(ROM_COLUMNS)
    .from(roms)
    .innerJoin(platforms, eq(platforms.id, roms.platformId))
    .where(eq(roms.id, sql.placeholder("romId")))
    .prepare("rom_by_id"),
}));

/** One rom, or null. */
export async function findRomById(db: Executor, romId: number): Promise<Rom | null> {
  const rows = await prepared(db).romById.execute({ romId });
  return rows[0] === undefined ? null : toRom(rows[0]);
}

/** The first rom (by id) outside of what is hidden that carries a mark, or null. */
export async function findRomByMark(db: Executor, mark: RomMark, hidden: Hidden): Promise<Rom | null> {
  const rows = await db
    .select(ROM_COLUMNS)
    .from(roms)
    .innerJoin(platforms, eq(platforms.id, roms.platformId))
    .where(and(markCondition(mark), ...toVisibleConditions(hidden)))
    .orderBy(asc(roms.id))
    .limit(1);
  return rows[0] === undefined ? null : toRom(rows[0]);
}

function markCondition(mark: RomMark): SQL | undefined {
  if ("crc32" in mark) return and(eq(roms.crcHash, mark.crc32), eq(roms.fsSizeBytes, mark.sizeBytes));
  if ("md5" in mark) return eq(roms.md5Hash, mark.md5);
  if ("sha1" in mark) return eq(roms.sha1Hash, mark.sha1);
  if ("raHash" in mark) return eq(roms.raHash, mark.raHash);
  return and(eq(platforms.slug, mark.platformSlug), eq(roms.fsName, mark.fsName));
}

/** Hashes by which the compatible API looks a rom up; any that matches counts. */
export interface HashQuery {
  readonly crc32?: string | undefined;
  readonly md5?: string | undefined;
  readonly sha1?: string | undefined;
  readonly raHash?: string | undefined;
}

/** The id of the first rom outside of what is hidden that carries one of the hashes, itself or in one of its files. */
export async function findRomIdByHash(
  db: Executor,
  hashes: HashQuery,
  hidden: Hidden,
): Promise<number | null> {
  const { crc32, md5, sha1, raHash } = hashes;
  const inFiles = (column: AnyColumn, hash: string) =>
    sql`${roms.id} in (select ${romFiles.romId} from ${romFiles} where ${eq(column, hash)})`;
  const ofRom = [
    crc32 ? or(eq(roms.crcHash, crc32), inFiles(romFiles.crcHash, crc32)) : undefined,
    md5 ? or(eq(roms.md5Hash, md5), inFiles(romFiles.md5Hash, md5)) : undefined,
    sha1
      ? or(eq(roms.sha1Hash, sha1), inFiles(romFiles.sha1Hash, sha1), inFiles(romFiles.chdSha1Hash, sha1))
      : undefined,
    raHash ? or(eq(roms.raHash, raHash), inFiles(romFiles.raHash, raHash)) : undefined,
  ].filter((condition) => condition !== undefined);
  if (ofRom.length === 0) return null;
  const rows = await db
    .select({ id: roms.id })
    .from(roms)
    .where(and(or(...ofRom), ...toVisibleConditions(hidden)))
    .orderBy(asc(roms.id))
    .limit(1);
  return rows[0]?.id ?? null;
}

/** The largest number that a column of ids of a provider can hold; the smallest is its negative, less one. */
const PROVIDER_ID_MAX = 2_147_483_647;
const isStorable = (id: number) => Math.abs(id) <= PROVIDER_ID_MAX;

/** Providers that number what they know. */
const BY_NUMBER = ["igdb", "moby", "ss", "ra", "launchbox", "hasheous", "tgdb", "hltb"] as const;

/** The id of the first rom outside of what is hidden that a provider knows by one of the ids. */
export async function findRomIdByProviders(
  db: Executor,
  ids: ProviderQuery,
  hidden: Hidden,
): Promise<number | null> {
  const { flashpoint, ...numbers } = ids;
  const conditions = BY_NUMBER.flatMap((name) => {
    const id = numbers[name];
    return id === undefined || !isStorable(id) ? [] : [eq(PROVIDER_COLUMNS[name], id)];
  });
  if (flashpoint) conditions.push(eq(roms.flashpointId, flashpoint));
  if (conditions.length === 0) return null;
  // One part per provider, since no index serves two of them.
  const found = conditions.map((condition) => sql`select ${roms.id} from ${roms} where ${condition}`);
  const rows = await db
    .select({ id: roms.id })
    .from(roms)
    .where(and(sql`${roms.id} in (${sql.join(found, sql` union all `)})`, ...toVisibleConditions(hidden)))
    .orderBy(asc(roms.id))
    .limit(1);
  return rows[0]?.id ?? null;
}

/** Ids of all roms in name order. */
export async function listRomIds(db: Executor, filter: VisibleFilter): Promise<readonly number[]> {
  const rows = await db
    .select({ id: roms.id })
    .from(roms)
    .where(and(...toConditions(filter)))
    .orderBy(asc(roms.nameSortKey), asc(roms.id));
  return rows.map((row) => row.id);
}

type RomRow = typeof roms.$inferSelect;

/** A rom row with what answers show of its platform. */
export interface RomRowWithPlatform {
  readonly rom: RomRow;
  readonly platform: {
    readonly slug: string;
    readonly fsSlug: string;
    readonly name: string;
    readonly customName: string;
  };
}

/** Turns a row into the domain's rom. */
export function toRom({ rom, platform }: RomRowWithPlatform): Rom {
  const providerIds = toProviderIds(rom);
  return {
    id: rom.id,
    platformId: rom.platformId,
    platformSlug: platform.slug,
    platformFsSlug: platform.fsSlug,
    platformName: platform.customName || platform.name,
    name: rom.name ?? rom.fsNameNoTags,
    sortKey: rom.nameSortKey,
    slug: rom.slug,
    summary: rom.summary,
    fsName: rom.fsName,
    fsNameNoTags: rom.fsNameNoTags,
    fsNameNoExt: rom.fsNameNoExt,
    fsExtension: rom.fsExtension,
    fsPath: rom.fsPath,
    sizeBytes: rom.fsSizeBytes,
    revision: rom.revision,
    version: rom.version,
    regions: rom.regions,
    languages: rom.languages,
    tags: rom.tags,
    crc32: rom.crcHash,
    md5: rom.md5Hash,
    sha1: rom.sha1Hash,
    raHash: rom.raHash,
    providerIds,
    isIdentified: isIdentified(providerIds),
    isMissing: rom.missingFromFs,
    coverSmall: rom.pathCoverSmall || null,
    coverLarge: rom.pathCoverLarge || null,
    createdAt: toInstant(rom.createdAt),
    updatedAt: toInstant(rom.updatedAt),
  };
}

function toProviderIds(rom: RomRow): RomProviderIds {
  return {
    igdb: rom.igdbId,
    sgdb: rom.sgdbId,
    moby: rom.mobyId,
    ss: rom.ssId,
    ra: rom.raId,
    launchbox: rom.launchboxId,
    hasheous: rom.hasheousId,
    tgdb: rom.tgdbId,
    hltb: rom.hltbId,
    flashpoint: rom.flashpointId,
    gamelist: rom.gamelistId,
    libretro: rom.libretroId,
  };
}

/** A rom is identified when any metadata source knows it; the artwork source alone does not count. */
function isIdentified(ids: RomProviderIds): boolean {
  const { sgdb: _artworkOnly, ...sources } = ids;
  return Object.values(sources).some((id) => id !== null && id !== "");
}

/** The merged metadata of a row. */
export function toMetadata(rom: RomRow): RomMetadata {
  return {
    genres: rom.genres,
    franchises: rom.franchises,
    collections: rom.collectionNames,
    companies: rom.companies,
    gameModes: rom.gameModes,
    ageRatings: rom.ageRatings,
    playerCount: rom.playerCount,
    firstReleasedAt: rom.firstReleaseDate === null ? null : new Date(rom.firstReleaseDate).toISOString(),
    averageRating: rom.averageRating,
    alternativeNames: rom.alternativeNames,
  };
}
