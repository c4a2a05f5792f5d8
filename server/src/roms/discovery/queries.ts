import type { Executor } from "@multitap/db";
import { romFiles, roms } from "@multitap/db/schema/roms";
import { and, eq, inArray, sql } from "drizzle-orm";
import type { FileNameParts, FileTags } from "../../base/file-name.ts";
import { syncFacetsOfChanged } from "../merging/queries.ts";
import type { DiscoveredRom, KnownRom, MoveCandidate } from "./contract.ts";

const knownColumns = {
  romId: roms.id,
  platformId: roms.platformId,
  fsName: roms.fsName,
  fsPath: roms.fsPath,
  sizeBytes: roms.fsSizeBytes,
  lastModified: romFiles.lastModified,
  isHashed: roms.isHashed,
  isMissing: roms.missingFromFs,
  isFolder: roms.isFolder,
};
const isOnlyFile = and(
  eq(romFiles.romId, roms.id),
  eq(roms.isFolder, false),
  eq(romFiles.missingFromFs, false),
);

function toKnownRom(row: {
  readonly romId: number;
  readonly fsName: string;
  readonly fsPath: string;
  readonly sizeBytes: number;
  readonly lastModified: number | null;
  readonly isHashed: boolean;
  readonly isMissing: boolean;
  readonly isFolder: boolean;
}): KnownRom {
  const { romId, fsName, fsPath, sizeBytes, lastModified, isHashed, isMissing, isFolder } = row;
  const modifiedAtMs = lastModified === null ? null : Math.round(lastModified * 1000);
  return { romId, fsName, fsPath, sizeBytes, modifiedAtMs, isHashed, isMissing, isFolder };
}

/** Everything a scan compares with one platform folder. */
export async function listKnownRoms(db: Executor, platformId: number): Promise<readonly KnownRom[]> {
  const rows = await db
    .select(knownColumns)
    .from(roms)
    .leftJoin(romFiles, isOnlyFile)
    .where(eq(roms.platformId, platformId));
  return rows.map(toKnownRom);
}

/** The same of the given roms, per platform. */
export async function listKnownRomsByIds(
  db: Executor,
  romIds: readonly number[],
): Promise<ReadonlyMap<number, readonly KnownRom[]>> {
  if (romIds.length === 0) return new Map();
  const rows = await db
    .select(knownColumns)
    .from(roms)
    .leftJoin(romFiles, isOnlyFile)
    .where(inArray(roms.id, [...romIds]));
  const perPlatform = Map.groupBy(rows, (row) => row.platformId);
  return new Map([...perPlatform].map(([platformId, some]) => [platformId, some.map(toKnownRom)]));
}

/** Which roms may be one that was found under another name. */
export interface CandidateQuery {
  readonly sizesBytes: readonly number[];
  /** Names that were found: a rom of that name elsewhere may be the one, if it is not there any more. */
  readonly fsNames: readonly string[];
  /** Roms that this scan did not find and has not marked missing yet. */
  readonly goneRomIds: readonly number[];
}

/** Lists hashed roms of these sizes that are missing, or that the query names. */
export async function listMoveCandidates(
  db: Executor,
  { sizesBytes, fsNames, goneRomIds }: CandidateQuery,
): Promise<readonly MoveCandidate[]> {
  const parameters = JSON.stringify({ sizesBytes, fsNames, goneRomIds });
  const rows = await db.execute(sql`
    with asked as (select ${parameters}::jsonb as j)
    select id, fs_name, fs_path, is_folder, fs_size_bytes::float8 as size_bytes, crc_hash, md5_hash, sha1_hash,
      missing_from_fs
    from roms, asked
    where fs_size_bytes in (select value::bigint from jsonb_array_elements_text(j -> 'sizesBytes'))
      and sha1_hash <> '' and (missing_from_fs
        or id in (select value::int from jsonb_array_elements_text(j -> 'goneRomIds'))
        or fs_name in (select value from jsonb_array_elements_text(j -> 'fsNames')))
    order by id`);
  return (rows as unknown as CandidateRow[]).map((row) => ({
    romId: row.id,
    fsName: row.fs_name,
    fsPath: row.fs_path,
    isFolder: row.is_folder,
    sizeBytes: row.size_bytes,
    crc32: row.crc_hash,
    md5: row.md5_hash,
    sha1: row.sha1_hash,
    isMissing: row.missing_from_fs,
  }));
}

interface CandidateRow {
  readonly id: number;
  readonly fs_name: string;
  readonly fs_path: string;
  readonly is_folder: boolean;
  readonly size_bytes: number;
  readonly crc_hash: string;
  readonly md5_hash: string;
  readonly sha1_hash: string;
  readonly missing_from_fs: boolean;
}

/** A new rom with everything its name says. */
export interface NewRom extends DiscoveredRom {
  readonly sortKey: string;
  readonly parts: FileNameParts;
  readonly tags: FileTags;
}

export interface InsertRomsOptions {
  readonly platformId: number;
  /** Platforms that are never hashed are complete at once. */
  readonly isHashed: boolean;
}

/**
 * Inserts roms with their files and facets in one statement; names that another process inserted meanwhile
 * are left alone.
 * @returns Ids of the inserted roms.
 */
export async function insertRoms(
  db: Executor,
  newRoms: readonly NewRom[],
  options: InsertRomsOptions,
): Promise<readonly number[]> {
  const rows = newRoms.map(toInsertRow);
  const result = (await db.execute(sql`
    with input as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as x(
        fs_name text, fs_path text, is_folder boolean, size_bytes bigint, files jsonb, extension text, no_ext text,
        no_tags text, sort_key text, revision text, version text, regions jsonb, languages jsonb, tags jsonb)
    ), texts as (
      select *,
        array(select jsonb_array_elements_text(regions)) as region_list,
        array(select jsonb_array_elements_text(languages)) as language_list,
        array(select jsonb_array_elements_text(tags)) as tag_list
      from input
    ), inserted as (
      insert into roms (platform_id, fs_name, fs_path, is_folder, fs_size_bytes, fs_extension, fs_name_no_ext, fs_name_no_tags,
        name, name_sort_key, revision, version, regions, languages, tags, primary_region, is_hashed)
      select ${options.platformId}, fs_name, fs_path, is_folder, size_bytes, extension, no_ext, no_tags, no_tags, sort_key,
        revision, version, region_list, language_list, tag_list, left(region_list[1], 50), ${options.isHashed}
      from texts on conflict (platform_id, fs_name) do nothing
      returning id, fs_name, regions, languages, tags
    ), files as (
      insert into rom_files (rom_id, file_name, file_path, file_size_bytes, last_modified, category, is_hashed)
      select i.id, f."fileName", f."filePath", f."sizeBytes", f."modifiedAtMs" / 1000, f.category, ${options.isHashed}
      from inserted i join texts t on t.fs_name = i.fs_name,
        lateral jsonb_to_recordset(t.files) as f("fileName" text, "filePath" text, "sizeBytes" bigint,
          "modifiedAtMs" double precision, category text)
    ), facets as (
      insert into rom_facets (rom_id, platform_id, kind, value)
      select distinct id, ${options.platformId}::int, kind, value from inserted, lateral (
        select 'region' as kind, unnest(regions) as value union all
        select 'language', unnest(languages) union all
        select 'tag', unnest(tags)) f
    )
    select id from inserted order by id`)) as unknown as { id: number }[];
  return result.map((row) => row.id);
}

function toInsertRow(rom: NewRom) {
  return {
    fs_name: rom.fsName,
    fs_path: rom.fsPath,
    is_folder: rom.isFolder,
    size_bytes: rom.sizeBytes,
    files: rom.files,
    extension: rom.parts.extension,
    no_ext: rom.parts.nameNoExt,
    no_tags: rom.parts.nameNoTags,
    sort_key: rom.sortKey,
    revision: rom.tags.revision,
    version: rom.tags.version,
    regions: rom.tags.regions,
    languages: rom.tags.languages,
    tags: rom.tags.tags,
  };
}

/** Sets or clears the missing mark; returns the ids that really changed. */
export async function setMissing(
  db: Executor,
  romIds: readonly number[],
  isMissing: boolean,
): Promise<readonly number[]> {
  if (romIds.length === 0) return [];
  const rows = await db
    .update(roms)
    .set({ missingFromFs: isMissing, updatedAt: sql`now()` })
    .where(and(inArray(roms.id, [...romIds]), eq(roms.missingFromFs, !isMissing)))
    .returning({ id: roms.id });
  return rows.map((row) => row.id);
}

/** Where a rom lies now. */
export interface RomPlace {
  readonly romId: number;
  readonly platformId: number;
  readonly fsName: string;
  readonly fsPath: string;
}

/** Lets roms and their files follow a move on disk; ids and hashes stay. */
export async function storeRomPlaces(db: Executor, places: readonly RomPlace[]): Promise<void> {
  if (places.length === 0) return;
  await db.execute(sql`
    with input as (
      select * from jsonb_to_recordset(${JSON.stringify(places)}::jsonb)
        as x("romId" int, "platformId" int, "fsName" text, "fsPath" text)
    ), moved as (
      select x.*, r.is_folder, length(r.fs_path || '/' || r.fs_name) as old_length
      from roms r join input x on r.id = x."romId"
    ), files as (
      update rom_files f set
        file_name = case when m.is_folder then f.file_name else m."fsName" end,
        file_path = case when m.is_folder
          then m."fsPath" || '/' || m."fsName" || substr(f.file_path, m.old_length + 1) else m."fsPath" end,
        updated_at = now()
      from moved m where f.rom_id = m."romId"
    ), facets as (
      update rom_facets f set platform_id = m."platformId"
      from moved m where f.rom_id = m."romId" and f.platform_id <> m."platformId"
    )
    update roms r set platform_id = m."platformId", fs_name = m."fsName", fs_path = m."fsPath",
      missing_from_fs = false, updated_at = now()
    from moved m where r.id = m."romId"`);
}

/** Parses names again: the tags of existing roms and what follows from them. */
export async function storeReparsedRoms(
  db: Executor,
  reparsed: readonly (NewRom & { readonly romId: number })[],
): Promise<void> {
  if (reparsed.length === 0) return;
  const rows = reparsed.map((rom) => ({ ...toInsertRow(rom), id: rom.romId }));
  await db.execute(sql`
    with input as (
      select x.*, array(select jsonb_array_elements_text(x.regions)) as region_list,
        array(select jsonb_array_elements_text(x.languages)) as language_list,
        array(select jsonb_array_elements_text(x.tags)) as tag_list
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as x(id int, extension text, no_ext text, no_tags text,
        revision text, version text, regions jsonb, languages jsonb, tags jsonb)
    ), changed as (
      update roms r set fs_extension = x.extension, fs_name_no_ext = x.no_ext, fs_name_no_tags = x.no_tags,
        revision = x.revision, version = x.version, regions = x.region_list, languages = x.language_list,
        tags = x.tag_list, primary_region = left(x.region_list[1], 50), updated_at = now()
      from input x where r.id = x.id and (r.fs_extension, r.fs_name_no_ext, r.fs_name_no_tags, r.revision, r.version,
        r.regions, r.languages, r.tags) is distinct from (x.extension, x.no_ext, x.no_tags, x.revision, x.version,
        x.region_list, x.language_list, x.tag_list)
      returning r.*
    ), ${syncFacetsOfChanged}`);
}
