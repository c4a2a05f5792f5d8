import type { Executor } from "@multitap/db";
import { firmware } from "@multitap/db/schema/assets";
import { platforms } from "@multitap/db/schema/platforms";
import { roms } from "@multitap/db/schema/roms";
import { and, asc, count, eq, inArray, type SQL, sql } from "drizzle-orm";
import { assert } from "../base/assert.ts";
import { toInstant } from "../base/clock.ts";
import { perExecutor } from "../base/per-executor.ts";
import { deriveSortKey } from "../base/sort-key.ts";
import type { Hidden } from "../permissions/hidden/contract.ts";
import type { Platform, PlatformFirmware } from "./contract.ts";
import { isPlatformIdentified, type PlatformColumns } from "./rules.ts";

type PlatformRow = typeof platforms.$inferSelect;

export interface PlatformQuery {
  /** What the caller must take for absent. */
  readonly hidden: Hidden;
  readonly platformId?: number | undefined;
  readonly updatedAfter?: Date | undefined;
}

/** Platforms in the natural order of their shown names, with what their folders hold. */
export async function listPlatformRows(db: Executor, query: PlatformQuery): Promise<readonly Platform[]> {
  const { hidden } = query;
  const values = {
    platformId: query.platformId ?? null,
    updatedAfter: query.updatedAfter?.toISOString() ?? null,
    hiddenRoms: `{${hidden.romIds.join(",")}}`,
  };
  const { rows, rowsWithoutHidden, firmwareFiles } = prepared(db);
  const chosen = hidden.romIds.length === 0 ? rows : rowsWithoutHidden;
  const [stored, files] = await Promise.all([chosen.execute(values), firmwareFiles.execute(values)]);
  const found = stored.filter(({ platform }) => !hidden.platforms.has(platform.id));
  const filesOf = Map.groupBy(files, (file) => file.platformId);
  return found.map(({ platform, ...totals }) =>
    toPlatform(platform, totals, (filesOf.get(platform.id) ?? []).map(toFirmware)),
  );
}

interface Totals {
  readonly romCount: number;
  readonly sizeBytes: number;
}

const prepared = perExecutor((db) => {
  const platformId = sql`${sql.placeholder("platformId")}::int4`;
  const updatedAfter = sql`${sql.placeholder("updatedAfter")}::text::timestamptz`;
  const totalsOf = (counted?: SQL) =>
    db
      .select({
        romCount: count().as("rom_count"),
        sizeBytes: sql`coalesce(sum(${roms.fsSizeBytes}), 0)`.mapWith(Number).as("size_bytes"),
      })
      .from(roms)
      .where(and(eq(roms.platformId, platforms.id), counted))
      .as("totals");
  const rowsWith = (totals: ReturnType<typeof totalsOf>) =>
    db
      .select({ platform: platforms, romCount: totals.romCount, sizeBytes: totals.sizeBytes })
      .from(platforms)
      .crossJoinLateral(totals)
      .where(
        sql`(${platformId} is null or ${platforms.id} = ${platformId})
          and (${updatedAfter} is null or ${platforms.updatedAt} > ${updatedAfter})`,
      )
      .orderBy(asc(platforms.nameSortKey), asc(platforms.id));
  const isShown = sql`${roms.id} not in (select unnest(${sql.placeholder("hiddenRoms")}::text::int4[]))`;
  return {
    // One pass over the narrow (platform, size) index, which does not know single roms.
    rows: rowsWith(totalsOf()).prepare("platform_rows"),
    rowsWithoutHidden: rowsWith(totalsOf(isShown)).prepare("platform_rows_without_hidden"),
    firmwareFiles: db
      .select()
      .from(firmware)
      .where(sql`${platformId} is null or ${firmware.platformId} = ${platformId}`)
      .orderBy(asc(firmware.fileName), asc(firmware.id))
      .prepare("platform_firmware"),
  };
});

function toFirmware(row: typeof firmware.$inferSelect): PlatformFirmware {
  return {
    id: row.id,
    fileName: row.fileName,
    fileNameNoTags: row.fileNameNoTags,
    fileNameNoExt: row.fileNameNoExt,
    fileExtension: row.fileExtension,
    filePath: row.filePath,
    sizeBytes: row.fileSizeBytes,
    isVerified: row.isVerified,
    crc32: row.crcHash,
    md5: row.md5Hash,
    sha1: row.sha1Hash,
    isMissing: row.missingFromFs,
    createdAt: toInstant(row.createdAt),
    updatedAt: toInstant(row.updatedAt),
  };
}

function toPlatform(row: PlatformRow, totals: Totals, firmwareFiles: readonly PlatformFirmware[]): Platform {
  return {
    id: row.id,
    slug: row.slug,
    fsSlug: row.fsSlug,
    name: row.name,
    displayName: row.customName || row.name,
    customName: row.customName,
    description: row.description,
    romCount: totals.romCount,
    sizeBytes: totals.sizeBytes,
    firmware: firmwareFiles,
    providerIds: {
      igdb: row.igdbId,
      sgdb: row.sgdbId,
      moby: row.mobyId,
      ss: row.ssId,
      ra: row.raId,
      launchbox: row.launchboxId,
      hasheous: row.hasheousId,
      tgdb: row.tgdbId,
      flashpoint: row.flashpointId,
    },
    igdbSlug: row.igdbSlug,
    mobySlug: row.mobySlug,
    hltbSlug: row.hltbSlug,
    libretroSlug: row.libretroSlug,
    category: row.category,
    generation: row.generation,
    familyName: row.familyName,
    familySlug: row.familySlug,
    url: row.url,
    logoUrl: row.urlLogo,
    isIdentified: isPlatformIdentified(row),
    isMissing: row.missingFromFs,
    createdAt: toInstant(row.createdAt),
    updatedAt: toInstant(row.updatedAt),
  };
}

/** Ids of all platforms but hidden ones, in the order of the list. */
export async function listPlatformIds(db: Executor, hidden: Hidden): Promise<readonly number[]> {
  const rows = await db
    .select({ id: platforms.id })
    .from(platforms)
    .orderBy(asc(platforms.nameSortKey), asc(platforms.id));
  return rows.map((row) => row.id).filter((id) => !hidden.platforms.has(id));
}

/** What a scan needs of every platform row. */
export interface PlatformKey {
  readonly id: number;
  readonly slug: string;
  readonly fsSlug: string;
  readonly isMissing: boolean;
}

/** Keys of all platforms. */
export async function listPlatformKeys(db: Executor): Promise<readonly PlatformKey[]> {
  return await db
    .select({
      id: platforms.id,
      slug: platforms.slug,
      fsSlug: platforms.fsSlug,
      isMissing: platforms.missingFromFs,
    })
    .from(platforms);
}

/**
 * Inserts or updates the row of a folder; the operator's own name and description stay, and a row that already
 * says the same is not touched.
 * @returns The row's id, and whether it is new.
 */
export async function storePlatform(
  db: Executor,
  columns: PlatformColumns,
): Promise<{ readonly id: number; readonly isNew: boolean; readonly createdAt: Date }> {
  // Looked at first: an insert that meets its row would use up an id at every scan.
  const [known] = await db.select().from(platforms).where(eq(platforms.fsSlug, columns.fsSlug));
  const nameSortKey = deriveSortKey(known?.customName || columns.name);
  const values = { ...columns, nameSortKey, missingFromFs: false };
  if (known === undefined) {
    const [row] = await db
      .insert(platforms)
      .values(values)
      .onConflictDoUpdate({ target: platforms.fsSlug, set: { missingFromFs: false } })
      .returning({ id: platforms.id, createdAt: platforms.createdAt });
    assert(row !== undefined, "an insert that does not fail returns its row");
    return { ...row, isNew: true };
  }
  const isSame = Object.entries(values).every(([name, value]) => known[name as keyof typeof known] === value);
  if (!isSame) {
    await db
      .update(platforms)
      .set({ ...values, updatedAt: sql`now()` })
      .where(eq(platforms.id, known.id));
  }
  return { id: known.id, isNew: false, createdAt: known.createdAt };
}

/** What the operator may say of a platform. */
export type PlatformWords = Pick<PlatformRow, "customName" | "description">;

/**
 * Reads and locks the row of a platform until the transaction ends; null when there is none. Rows may still be
 * added to it meanwhile.
 */
export async function lockPlatform(
  db: Executor,
  platformId: number,
): Promise<(PlatformWords & Pick<PlatformRow, "name">) | null> {
  const [row] = await db
    .select({
      name: platforms.name,
      customName: platforms.customName,
      description: platforms.description,
    })
    .from(platforms)
    .where(eq(platforms.id, platformId))
    .for("no key update");
  return row ?? null;
}

/** Stores what the operator says of a platform, and where its shown name stands in lists. */
export async function updatePlatformWords(
  db: Executor,
  platformId: number,
  { name, ...words }: PlatformWords & Pick<PlatformRow, "name">,
): Promise<void> {
  await db
    .update(platforms)
    .set({ ...words, nameSortKey: deriveSortKey(words.customName || name), updatedAt: sql`now()` })
    .where(eq(platforms.id, platformId));
}

/** Notes that something that is shown with platforms changed; returns those that exist. */
export async function touchPlatformRows(db: Executor, ids: readonly number[]): Promise<readonly number[]> {
  const rows = await db
    .update(platforms)
    .set({ updatedAt: sql`now()` })
    .where(inArray(platforms.id, [...ids]))
    .returning({ id: platforms.id });
  return rows.map((row) => row.id);
}

/** Removes a platform's row, and with it the rows of its roms and firmware; true if there was one. */
export async function deletePlatform(db: Executor, platformId: number): Promise<boolean> {
  const rows = await db.delete(platforms).where(eq(platforms.id, platformId)).returning({ id: platforms.id });
  return rows.length > 0;
}

/** Marks platforms whose folders are gone; returns how many changed. */
export async function markPlatformsMissing(db: Executor, ids: readonly number[]): Promise<number> {
  if (ids.length === 0) return 0;
  const rows = await db
    .update(platforms)
    .set({ missingFromFs: true, updatedAt: sql`now()` })
    .where(and(inArray(platforms.id, [...ids]), eq(platforms.missingFromFs, false)))
    .returning({ id: platforms.id });
  return rows.length;
}
