import type { Executor } from "@multitap/db";
import { romFiles } from "@multitap/db/schema/roms";
import { and, eq, inArray, sql } from "drizzle-orm";
import type { FileChanges, KnownFile } from "../discovery/contract.ts";

/** Every file of the roms that has a row, per rom; those that are gone from disk included. */
export async function listKnownFileRows(
  db: Executor,
  romIds: readonly number[],
): Promise<ReadonlyMap<number, readonly KnownFile[]>> {
  if (romIds.length === 0) return new Map();
  const rows = await db
    .select({
      fileId: romFiles.id,
      romId: romFiles.romId,
      fileName: romFiles.fileName,
      filePath: romFiles.filePath,
      sizeBytes: romFiles.fileSizeBytes,
      lastModified: romFiles.lastModified,
      isMissing: romFiles.missingFromFs,
    })
    .from(romFiles)
    .where(inArray(romFiles.romId, [...romIds]));
  const known = rows.map(({ lastModified, ...row }) => ({
    ...row,
    modifiedAtMs: lastModified === null ? null : Math.round(lastModified * 1000),
  }));
  return Map.groupBy(known, (file) => file.romId);
}

/**
 * Stores what changed about the files of one rom, in one statement. Files that are gone keep their rows until
 * {@link settleMissingFiles}, for their content may turn up elsewhere in the rom.
 * @param options.isHashed There is nothing to hash on this platform.
 */
export async function storeFileChanges(
  db: Executor,
  changes: FileChanges,
  { isHashed }: { readonly isHashed: boolean },
): Promise<void> {
  const { romId, isFolder, sizeBytes } = changes;
  await db.execute(sql`
    with input as (select ${JSON.stringify(changes)}::jsonb as j), changed as (
      update rom_files f set file_name = x."fileName", file_path = x."filePath", file_size_bytes = x."sizeBytes",
        last_modified = x."modifiedAtMs" / 1000, category = x.category, missing_from_fs = false,
        is_hashed = ${isHashed}, updated_at = now()
      from input, lateral jsonb_to_recordset(j -> 'changed') as x("fileId" int, "fileName" text, "filePath" text,
        "sizeBytes" bigint, "modifiedAtMs" double precision, category text)
      where f.id = x."fileId" and f.rom_id = ${romId}
    ), gone as (
      update rom_files f set missing_from_fs = true, updated_at = now()
      from input, lateral jsonb_array_elements_text(j -> 'goneFileIds') as x(id)
      where f.id = x.id::int and f.rom_id = ${romId}
    ), added as (
      insert into rom_files (rom_id, file_name, file_path, file_size_bytes, last_modified, category, is_hashed)
      select ${romId}, x."fileName", x."filePath", x."sizeBytes", x."modifiedAtMs" / 1000, x.category, ${isHashed}
      from input, lateral jsonb_to_recordset(j -> 'added') as x("fileName" text, "filePath" text,
        "sizeBytes" bigint, "modifiedAtMs" double precision, category text)
      on conflict (rom_id, file_path, file_name) do nothing
    )
    update roms set is_folder = ${isFolder}, fs_size_bytes = ${sizeBytes}, is_hashed = ${isHashed},
      updated_at = now()
    where id = ${romId}`);
}

/**
 * Gives rows of files that are gone the place of new files with the same, unique content, so that their ids
 * survive a rename, and deletes the rows that are left.
 */
export async function settleMissingFiles(db: Executor, romId: number): Promise<void> {
  // One statement cannot do it: the new row must be gone before the old one takes its place.
  const pairs = (await db.execute(sql`
    with gone as (
      select * from rom_files where rom_id = ${romId} and missing_from_fs and sha1_hash <> ''
    ), fresh as (
      select * from rom_files where rom_id = ${romId} and not missing_from_fs and is_hashed and sha1_hash <> ''
    )
    select g.id as old_id, f.id as new_id from gone g
    join fresh f on (f.crc_hash, f.md5_hash, f.sha1_hash) = (g.crc_hash, g.md5_hash, g.sha1_hash)
      and f.created_at >= g.updated_at
    where 1 = (select count(*) from gone x where x.sha1_hash = g.sha1_hash)
      and 1 = (select count(*) from fresh x where x.sha1_hash = g.sha1_hash and x.created_at >= g.updated_at)`)) as unknown as {
    readonly old_id: number;
    readonly new_id: number;
  }[];
  for (const { old_id, new_id } of pairs) {
    const [fresh] = await db.delete(romFiles).where(eq(romFiles.id, new_id)).returning();
    if (fresh === undefined) continue;
    const { id: _id, romId: _romId, createdAt: _createdAt, ...place } = fresh;
    await db.update(romFiles).set(place).where(eq(romFiles.id, old_id));
  }
  await db.delete(romFiles).where(and(eq(romFiles.romId, romId), eq(romFiles.missingFromFs, true)));
}
