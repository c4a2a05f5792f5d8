import type { Executor } from "@multitap/db";
import { romFiles, roms } from "@multitap/db/schema/roms";
import { and, asc, eq, gt, inArray, sql } from "drizzle-orm";
import type { FileNameParts, FileTags } from "../../base/file-name.ts";
import type { HashedFile, KnownRom, PendingFile } from "./contract.ts";

/** Everything a scan compares with one platform folder. */
export async function listKnownRoms(db: Executor, platformId: number): Promise<readonly KnownRom[]> {
  const rows = await db
    .select({
      romId: roms.id,
      fileId: romFiles.id,
      fsName: roms.fsName,
      fsPath: roms.fsPath,
      sizeBytes: roms.fsSizeBytes,
      lastModified: romFiles.lastModified,
      isHashed: roms.isHashed,
      isMissing: roms.missingFromFs,
      isFolder: roms.isFolder,
    })
    .from(roms)
    .leftJoin(romFiles, and(eq(romFiles.romId, roms.id), eq(roms.isFolder, false)))
    .where(eq(roms.platformId, platformId));
  return rows.map(({ lastModified, ...row }) => ({
    ...row,
    modifiedAtMs: lastModified === null ? null : Math.round(lastModified * 1000),
  }));
}

/** A new rom with everything its name says. */
export interface NewRom {
  readonly fsName: string;
  readonly fsPath: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
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
 * Inserts roms with their one file and facets in one statement; names that another process inserted meanwhile
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
        fs_name text, fs_path text, size_bytes bigint, modified double precision, extension text, no_ext text,
        no_tags text, sort_key text, revision text, version text, regions jsonb, languages jsonb, tags jsonb)
    ), texts as (
      select *,
        array(select jsonb_array_elements_text(regions)) as region_list,
        array(select jsonb_array_elements_text(languages)) as language_list,
        array(select jsonb_array_elements_text(tags)) as tag_list
      from input
    ), inserted as (
      insert into roms (platform_id, fs_name, fs_path, fs_size_bytes, fs_extension, fs_name_no_ext, fs_name_no_tags,
        name, name_sort_key, revision, version, regions, languages, tags, primary_region, is_hashed)
      select ${options.platformId}, fs_name, fs_path, size_bytes, extension, no_ext, no_tags, no_tags, sort_key,
        revision, version, region_list, language_list, tag_list, left(region_list[1], 50), ${options.isHashed}
      from texts on conflict (platform_id, fs_name) do nothing
      returning id, fs_name, fs_path, fs_size_bytes, regions, languages, tags
    ), files as (
      insert into rom_files (rom_id, file_name, file_path, file_size_bytes, last_modified, is_hashed)
      select i.id, i.fs_name, i.fs_path, i.fs_size_bytes, t.modified, ${options.isHashed}
      from inserted i join texts t on t.fs_name = i.fs_name
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
    size_bytes: rom.sizeBytes,
    modified: rom.modifiedAtMs / 1000,
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

/** Marks a rom's file as changed on disk: its hashes are not known any more. */
export interface ChangedFile {
  readonly romId: number;
  readonly fsPath: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** Stores new sizes and times of single-file roms and asks for their hashes again. */
export async function storeChangedFiles(db: Executor, changed: readonly ChangedFile[]): Promise<void> {
  if (changed.length === 0) return;
  await db.execute(sql`
    with input as (
      select * from jsonb_to_recordset(${JSON.stringify(changed)}::jsonb)
        as x("romId" int, "fsPath" text, "sizeBytes" bigint, "modifiedAtMs" double precision)
    ), files as (
      update rom_files f set file_size_bytes = x."sizeBytes", last_modified = x."modifiedAtMs" / 1000,
        file_path = x."fsPath", is_hashed = false, updated_at = now()
      from input x where f.rom_id = x."romId"
    )
    update roms r set fs_size_bytes = x."sizeBytes", fs_path = x."fsPath", is_hashed = false, updated_at = now()
    from input x where r.id = x."romId"`);
}

/** Where a rom's file lies now. */
export interface RomPlace {
  readonly romId: number;
  readonly fsName: string;
  readonly fsPath: string;
}

/** Lets single-file roms follow a file that moved, or whose name changed its Unicode form; hashes stay. */
export async function storeRomPlaces(db: Executor, places: readonly RomPlace[]): Promise<void> {
  if (places.length === 0) return;
  await db.execute(sql`
    with input as (
      select * from jsonb_to_recordset(${JSON.stringify(places)}::jsonb) as x("romId" int, "fsName" text, "fsPath" text)
    ), files as (
      update rom_files f set file_name = x."fsName", file_path = x."fsPath", updated_at = now()
      from input x where f.rom_id = x."romId"
    )
    update roms r set fs_name = x."fsName", fs_path = x."fsPath", updated_at = now()
    from input x where r.id = x."romId"`);
}

/** Files of a platform whose hashes are not known, behind a file id, in id order. */
export async function listPendingFiles(
  db: Executor,
  query: { readonly platformId: number; readonly afterFileId: number; readonly limit: number },
): Promise<readonly PendingFile[]> {
  return await db
    .select({
      fileId: romFiles.id,
      romId: romFiles.romId,
      fileName: romFiles.fileName,
      filePath: romFiles.filePath,
      sizeBytes: romFiles.fileSizeBytes,
    })
    .from(romFiles)
    .innerJoin(roms, eq(roms.id, romFiles.romId))
    .where(
      and(
        eq(roms.platformId, query.platformId),
        eq(roms.missingFromFs, false),
        eq(romFiles.isHashed, false),
        gt(romFiles.id, query.afterFileId),
      ),
    )
    .orderBy(asc(romFiles.id))
    .limit(query.limit);
}

/** Stores hashes of files and of their single-file roms in one statement. */
export async function storeFileHashes(db: Executor, hashed: readonly HashedFile[]): Promise<void> {
  if (hashed.length === 0) return;
  await db.execute(sql`
    with input as (
      select * from jsonb_to_recordset(${JSON.stringify(hashed)}::jsonb)
        as x("fileId" int, crc32 text, md5 text, sha1 text, "sizeBytes" bigint, "modifiedAtMs" double precision)
    ), files as (
      update rom_files f set crc_hash = x.crc32, md5_hash = x.md5, sha1_hash = x.sha1, is_hashed = true,
        file_size_bytes = x."sizeBytes", last_modified = x."modifiedAtMs" / 1000, updated_at = now()
      from input x where f.id = x."fileId" returning f.rom_id, x.crc32, x.md5, x.sha1, x."sizeBytes"
    )
    update roms r set crc_hash = f.crc32, md5_hash = f.md5, sha1_hash = f.sha1, fs_size_bytes = f."sizeBytes",
      is_hashed = true, updated_at = now()
    from files f where r.id = f.rom_id and not r.is_folder`);
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
      returning r.id, r.platform_id, r.regions, r.languages, r.tags
    ), gone as (
      delete from rom_facets f using changed c where f.rom_id = c.id and f.kind in ('region', 'language', 'tag')
        and not (f.kind, f.value) in (select 'region', unnest(c.regions) union all
          select 'language', unnest(c.languages) union all select 'tag', unnest(c.tags))
    )
    insert into rom_facets (rom_id, platform_id, kind, value)
    select distinct id, platform_id, kind, value from changed, lateral (
      select 'region' as kind, unnest(regions) as value union all
      select 'language', unnest(languages) union all
      select 'tag', unnest(tags)) f
    on conflict do nothing`);
}
