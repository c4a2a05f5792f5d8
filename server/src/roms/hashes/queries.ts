import type { Executor } from "@multitap/db";
import { romFiles, roms } from "@multitap/db/schema/roms";
import { and, asc, eq, gt, inArray, sql } from "drizzle-orm";
import { compareByCodePoint } from "../../base/code-point-order.ts";
import type { HashedFile, HashedRom, PendingFile, PendingRom } from "../discovery/contract.ts";

/** Roms of a platform whose hashes are not known, behind a rom id, in id order, with all their files. */
export async function listPendingRomRows(
  db: Executor,
  query: { readonly platformId: number; readonly afterRomId: number; readonly limit: number },
): Promise<readonly PendingRom[]> {
  const pending = await db
    .select({ romId: roms.id, fsName: roms.fsName, fsPath: roms.fsPath, isFolder: roms.isFolder })
    .from(roms)
    .where(
      and(
        eq(roms.platformId, query.platformId),
        eq(roms.missingFromFs, false),
        eq(roms.isHashed, false),
        gt(roms.id, query.afterRomId),
      ),
    )
    .orderBy(asc(roms.id))
    .limit(query.limit);
  if (pending.length === 0) return [];
  const ids = pending.map((rom) => rom.romId);
  const files = await db
    .select({
      romId: romFiles.romId,
      fileId: romFiles.id,
      fileName: romFiles.fileName,
      filePath: romFiles.filePath,
      sizeBytes: romFiles.fileSizeBytes,
      isHashed: romFiles.isHashed,
    })
    .from(romFiles)
    .where(and(inArray(romFiles.romId, ids), eq(romFiles.missingFromFs, false)));
  const perRom = Map.groupBy(files, (file) => file.romId);
  return pending.map((rom) => ({ ...rom, files: sortByPath(perRom.get(rom.romId) ?? []) }));
}

/** By relative path in code-point order: the order in which the digest of a folder takes them. */
function sortByPath(files: readonly (PendingFile & { readonly romId: number })[]): readonly PendingFile[] {
  const keyed = files.map(({ romId: _romId, ...file }) => ({
    key: `${file.filePath}/${file.fileName}`,
    file,
  }));
  return keyed.sort((a, b) => compareByCodePoint(a.key, b.key)).map(({ file }) => file);
}

/** Stores hashes of files and of roms; a rom that looks no different keeps its time of change. */
export async function storeHashRows(
  db: Executor,
  { files, roms: hashedRoms }: { readonly files: readonly HashedFile[]; readonly roms: readonly HashedRom[] },
): Promise<void> {
  if (files.length === 0 && hashedRoms.length === 0) return;
  await db.execute(sql`
    with file_input as (
      select * from jsonb_to_recordset(${JSON.stringify(files)}::jsonb)
        as x("fileId" int, crc32 text, md5 text, sha1 text, "chdSha1" text, "isPacked" boolean, "archiveMembers" jsonb,
          "sizeBytes" bigint, "modifiedAtMs" double precision)
    ), rom_input as (
      select * from jsonb_to_recordset(${JSON.stringify(hashedRoms)}::jsonb)
        as x("romId" int, crc32 text, md5 text, sha1 text, "raHash" text, "isComplete" boolean)
    ), changed_files as (
      update rom_files f set crc_hash = x.crc32, md5_hash = x.md5, sha1_hash = x.sha1, chd_sha1_hash = x."chdSha1",
        is_packed = x."isPacked", archive_members = nullif(x."archiveMembers", 'null'), is_hashed = true, hashed_at = now(),
        file_size_bytes = x."sizeBytes", last_modified = x."modifiedAtMs" / 1000, updated_at = now()
      from file_input x where f.id = x."fileId"
      returning f.rom_id, x."sizeBytes"
    )
    update roms r set crc_hash = x.crc32, md5_hash = x.md5, sha1_hash = x.sha1, ra_hash = x."raHash",
      is_hashed = x."isComplete",
      fs_size_bytes = case when r.is_folder then r.fs_size_bytes
        else coalesce((select c."sizeBytes" from changed_files c where c.rom_id = r.id limit 1), r.fs_size_bytes) end,
      updated_at = case when (r.crc_hash, r.md5_hash, r.sha1_hash, r.ra_hash, r.is_hashed)
        is distinct from (x.crc32, x.md5, x.sha1, x."raHash", true) then now() else r.updated_at end
    from rom_input x where r.id = x."romId"`);
}

/** Which files to hash once more. */
export interface Rehashing {
  readonly platformId: number;
  /** Only these roms; null means all of the platform. */
  readonly romIds: readonly number[] | null;
  /** Files that were hashed since then are left alone. */
  readonly before: Date;
}

/** Forgets that files and their roms were hashed; the hashes stay until there are new ones. */
export async function unsetHashed(db: Executor, { platformId, romIds, before }: Rehashing): Promise<void> {
  const isAsked = romIds === null ? sql`true` : inArray(roms.id, [...romIds]);
  await db.execute(sql`
    with stale as (
      update rom_files f set is_hashed = false from roms
      where roms.id = f.rom_id and roms.platform_id = ${platformId} and not roms.missing_from_fs and ${isAsked}
        and not f.missing_from_fs and (f.hashed_at is null or f.hashed_at < ${before.toISOString()}::timestamptz)
      returning f.rom_id
    )
    update roms set is_hashed = false where id in (select rom_id from stale)`);
}
