import type { Executor } from "@multitap/db";
import { romFiles, roms } from "@multitap/db/schema/roms";
import { and, eq, sql } from "drizzle-orm";

/** What adding to a rom's folder needs to know of it. */
export interface ExtraRom {
  readonly romId: number;
  readonly platformId: number;
  readonly fsName: string;
  readonly fsNameNoExt: string;
  /** Library-relative folder that holds the rom. */
  readonly fsPath: string;
  readonly isFolder: boolean;
  readonly isHashed: boolean;
  /** Its platform is hashed: it has a hash, or waits for one. */
  readonly hasHash: boolean;
  readonly pathManual: string | null;
  readonly urlManual: string;
}

const ROM_COLUMNS = {
  romId: roms.id,
  platformId: roms.platformId,
  fsName: roms.fsName,
  fsNameNoExt: roms.fsNameNoExt,
  fsPath: roms.fsPath,
  isFolder: roms.isFolder,
  isHashed: roms.isHashed,
  hasHash: sql<boolean>`(not ${roms.isHashed} or ${roms.sha1Hash} <> '')`,
  pathManual: roms.pathManual,
  urlManual: roms.urlManual,
};

/** A rom, or null. */
export async function findExtraRom(db: Executor, romId: number): Promise<ExtraRom | null> {
  const [row] = await db.select(ROM_COLUMNS).from(roms).where(eq(roms.id, romId));
  return row ?? null;
}

/** The same, and keeps others from changing it until the transaction ends. */
export async function lockExtraRom(db: Executor, romId: number): Promise<ExtraRom | null> {
  const [row] = await db.select(ROM_COLUMNS).from(roms).where(eq(roms.id, romId)).for("update");
  return row ?? null;
}

/** A file that lies in a rom's folder now. */
export interface ExtraFile {
  readonly romId: number;
  readonly fileName: string;
  /** Library-relative folder. */
  readonly filePath: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  readonly category: string;
  /** There is nothing to hash on this platform. */
  readonly isHashed: boolean;
}

/** Stores the row of a file; one at the same place keeps its id. Its tags and hashes are those of other bytes. */
export async function storeExtraFile(db: Executor, file: ExtraFile): Promise<number> {
  const fields = {
    fileSizeBytes: file.sizeBytes,
    lastModified: file.modifiedAtMs / 1000,
    category: file.category,
    isHashed: file.isHashed,
    missingFromFs: false,
    crcHash: "",
    md5Hash: "",
    sha1Hash: "",
    chdSha1Hash: "",
    isPacked: false,
    archiveMembers: null,
  };
  const [row] = await db
    .insert(romFiles)
    .values({ romId: file.romId, fileName: file.fileName, filePath: file.filePath, ...fields })
    .onConflictDoUpdate({
      target: [romFiles.romId, romFiles.filePath, romFiles.fileName],
      set: { ...fields, updatedAt: sql`now()` },
    })
    .returning({ id: romFiles.id });
  return row?.id ?? 0;
}

/** What changes of a rom beside the sum of its files. */
export interface RomTouch {
  readonly isHashed?: boolean | undefined;
  readonly isMissing?: boolean | undefined;
}

/** Adds the sizes of a rom's files up anew, and notes that it changed. */
export async function touchRom(
  db: Executor,
  romId: number,
  { isHashed, isMissing }: RomTouch = {},
): Promise<void> {
  await db
    .update(roms)
    .set({
      fsSizeBytes: sql`(select coalesce(sum(f.file_size_bytes), 0) from ${romFiles} f
        where f.rom_id = ${romId} and not f.missing_from_fs)`,
      updatedAt: sql`now()`,
      ...(isHashed === undefined ? {} : { isHashed }),
      ...(isMissing === undefined ? {} : { missingFromFs: isMissing }),
    })
    .where(eq(roms.id, romId));
}

/** Notes that a rom needs no scan to be hashed, if none of its files does. */
export async function settleHashed(db: Executor, romId: number): Promise<void> {
  await db
    .update(roms)
    .set({ isHashed: true })
    .where(
      and(
        eq(roms.id, romId),
        sql`not exists (select from ${romFiles} f where f.rom_id = ${romId} and not f.missing_from_fs and not f.is_hashed)`,
      ),
    );
}

/** A file of a rom as stored. */
export interface StoredFile {
  readonly fileId: number;
  readonly fileName: string;
  readonly filePath: string;
  readonly category: string | null;
}

/** A file of a rom by its id, or null. */
export async function findStoredFile(
  db: Executor,
  { romId, fileId }: { readonly romId: number; readonly fileId: number },
): Promise<StoredFile | null> {
  const [row] = await db
    .select({
      fileId: romFiles.id,
      fileName: romFiles.fileName,
      filePath: romFiles.filePath,
      category: romFiles.category,
    })
    .from(romFiles)
    .where(and(eq(romFiles.id, fileId), eq(romFiles.romId, romId)));
  return row ?? null;
}

/** Removes the row of a file. */
export async function deleteStoredFile(db: Executor, fileId: number): Promise<void> {
  await db.delete(romFiles).where(eq(romFiles.id, fileId));
}

/** Stores where a rom's manual lies; null for nowhere. */
export async function storeManualPath(db: Executor, romId: number, path: string | null): Promise<void> {
  await db.update(roms).set({ pathManual: path, updatedAt: sql`now()` }).where(eq(roms.id, romId));
}
