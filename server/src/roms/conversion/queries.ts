import type { Executor } from "@multitap/db";
import { romFiles, roms } from "@multitap/db/schema/roms";
import { and, eq, ne, sql } from "drizzle-orm";

/** A rom that is a file, and the folder that it is to be instead. */
export interface FolderName {
  readonly romId: number;
  readonly folderName: string;
}

/** Tells whether another rom of a platform has a name. */
export async function isNameTaken(
  db: Executor,
  { platformId, romId, folderName }: FolderName & { readonly platformId: number },
): Promise<boolean> {
  const rows = await db
    .select({ id: roms.id })
    .from(roms)
    .where(and(eq(roms.platformId, platformId), eq(roms.fsName, folderName), ne(roms.id, romId)));
  return rows.length > 0;
}

/** Removes the rom that a scan took a folder for while the folder was being made. */
export async function removeTwin(
  db: Executor,
  { platformId, romId, folderName }: FolderName & { readonly platformId: number },
): Promise<void> {
  await db
    .delete(roms)
    .where(and(eq(roms.platformId, platformId), eq(roms.fsName, folderName), ne(roms.id, romId)));
}

/** Lets the rows of a rom and its file follow it into a folder; ids and hashes stay. */
export async function storeFolderRom(db: Executor, { romId, folderName }: FolderName): Promise<void> {
  await db.execute(sql`
    with moved as (
      update ${roms} r set fs_name = ${folderName}, is_folder = true, missing_from_fs = false, updated_at = now()
      where r.id = ${romId} and not r.is_folder returning r.id, r.fs_path
    )
    update ${romFiles} f set file_path = m.fs_path || '/' || ${folderName}, updated_at = now()
    from moved m where f.rom_id = m.id and f.file_path = m.fs_path`);
}
