import type { Executor } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { romFiles, roms } from "@multitap/db/schema/roms";
import { type AnyColumn, and, asc, eq, inArray, type SQL, sql } from "drizzle-orm";
import type { Hidden } from "../permissions/hidden/contract.ts";
import type { FeedPlatform, FeedRom } from "./contract.ts";

const PLATFORM_COLUMNS = { id: platforms.id, slug: platforms.slug, name: platforms.name };

/** The first platform with this slug that is not hidden, or null. */
export async function findFeedPlatform(
  db: Executor,
  slug: string,
  hidden: Hidden,
): Promise<FeedPlatform | null> {
  const rows = await db
    .select(PLATFORM_COLUMNS)
    .from(platforms)
    .where(and(eq(platforms.slug, slug), ...isOutside(platforms.id, hidden.platformIds)))
    .orderBy(asc(platforms.id))
    .limit(1);
  return rows[0] ?? null;
}

/** Platforms with one of these slugs that are not hidden, by their own names: not by those that the operator gave. */
export async function listFeedPlatforms(
  db: Executor,
  slugs: readonly string[],
  hidden: Hidden,
): Promise<readonly FeedPlatform[]> {
  return await db
    .select(PLATFORM_COLUMNS)
    .from(platforms)
    .where(and(inArray(platforms.slug, [...slugs]), ...isOutside(platforms.id, hidden.platformIds)))
    .orderBy(sql`${platforms.name} collate "C"`, asc(platforms.id));
}

/** The sub-select is hashed once, however many ids it holds. */
function isOutside(column: AnyColumn | SQL, ids: readonly number[]): readonly SQL[] {
  if (ids.length === 0) return [];
  return [sql`${column} not in (select unnest(${`{${ids.join(",")}}`}::text::int4[]))`];
}

/** What a rom's row says, in types that the driver hands over as they are: rows of a long list are not mapped twice. */
const ROM_FIELDS =
  sql.raw(`r.id, r.platform_id as "platformId", coalesce(nullif(r.name, ''), r.fs_name_no_tags) as title,
  r.fs_name as "fsName", r.fs_path as "fsPath", r.fs_size_bytes::float8 as "sizeBytes",
  coalesce(r.regions[1], '') as region, r.revision, r.path_cover_s as "coverSmall", r.path_cover_l as "coverLarge",
  r.first_release_date::float8 as "firstReleaseDateMs", round(extract(epoch from r.updated_at) * 1000)::float8 as "updatedAtMs"`);

/** Which rows of which platforms a feed wants. */
export interface FeedWish {
  readonly platformIds: readonly number[];
  readonly hidden: Hidden;
  readonly limit: number;
}

/** The platforms that are wanted, and what is not to be seen, of `r`. */
function isWanted({ platformIds, hidden }: FeedWish): SQL {
  const shown = isOutside(sql`r.id`, hidden.romIds);
  const wanted = sql`r.platform_id = any(${`{${platformIds.join(",")}}`}::text::int4[])`;
  return sql.join([wanted, ...shown], sql` and `);
}

/** Roms of some platforms in the order of their names, those that are missing from disk among them. */
export async function listFeedRoms(
  db: Executor,
  { withSummary, ...wish }: FeedWish & { readonly withSummary: boolean },
): Promise<readonly FeedRom[]> {
  if (wish.platformIds.length === 0) return [];
  const summary = withSummary ? sql`r.summary` : sql`null`;
  const rows = await db.execute(sql`select ${ROM_FIELDS}, ${summary} as summary from ${roms} r
    where ${isWanted(wish)} order by r.name_sort_key, r.id limit ${wish.limit}`);
  return rows as unknown as readonly FeedRom[];
}

/** Which files a feed wants beside: those with one of these endings, and archives when it says so. */
export interface FileWish extends FeedWish {
  /** Lower-case endings without the dot; the file's own may be in capitals. */
  readonly extensions: readonly string[];
  readonly withArchives: boolean;
}

/** One row of both: the file's columns are told by their names. */
export interface FeedFileRow extends Omit<FeedRom, "summary"> {
  readonly fileId: number;
  readonly fileName: string;
  readonly filePath: string;
  readonly fileSizeBytes: number;
  readonly sha1: string;
  readonly category: string | null;
  readonly isArchive: boolean;
  readonly isMissing: boolean;
  readonly fileUpdatedAtMs: number;
}

/** Files with their roms, in the order of the roms' names, then of their ids. */
export async function listFeedFiles(db: Executor, wish: FileWish): Promise<readonly FeedFileRow[]> {
  const { extensions, withArchives, limit } = wish;
  const isArchive = sql`(f.is_packed or f.archive_members is not null)`;
  const hasExtension = sql`lower(substring(f.file_name from '[.]([^.]*)$'))
    in (select jsonb_array_elements_text(${JSON.stringify(extensions)}::text::jsonb))`;
  const fits = withArchives ? sql`(${hasExtension} or ${isArchive})` : hasExtension;
  const rows = await db.execute(sql`select ${ROM_FIELDS}, f.id as "fileId", f.file_name as "fileName",
      f.file_path as "filePath", f.file_size_bytes::float8 as "fileSizeBytes", f.sha1_hash as sha1, f.category,
      ${isArchive} as "isArchive", f.missing_from_fs as "isMissing",
      round(extract(epoch from f.updated_at) * 1000)::float8 as "fileUpdatedAtMs"
    from ${romFiles} f join ${roms} r on r.id = f.rom_id where ${isWanted(wish)} and ${fits}
    order by r.name_sort_key, r.id, f.id limit ${limit}`);
  return rows as unknown as readonly FeedFileRow[];
}
