import type { Executor } from "@multitap/db";
import { firmware } from "@multitap/db/schema/assets";
import { and, eq, inArray, sql } from "drizzle-orm";
import type { FileNameParts } from "../base/file-name.ts";
import type { HashedFirmware, KnownFirmware } from "./contract.ts";

/** Every firmware row of a platform. */
export async function listKnownFirmwareRows(
  db: Executor,
  platformId: number,
): Promise<readonly KnownFirmware[]> {
  const rows = await db.select().from(firmware).where(eq(firmware.platformId, platformId));
  return rows.map((row) => ({
    firmwareId: row.id,
    fileName: row.fileName,
    filePath: row.filePath,
    sizeBytes: row.fileSizeBytes,
    isHashed: row.sha1Hash !== "" || row.fileSizeBytes === 0,
    isMissing: row.missingFromFs,
  }));
}

/** Stores a firmware file: a new row, or new facts of a known one. */
export async function storeFirmwareRow(
  db: Executor,
  platformId: number,
  file: HashedFirmware & { readonly parts: FileNameParts },
): Promise<void> {
  const { parts, firmwareId } = file;
  const values = {
    fileName: file.fileName,
    fileNameNoTags: parts.nameNoTags,
    fileNameNoExt: parts.nameNoExt,
    fileExtension: parts.extension,
    filePath: file.filePath,
    fileSizeBytes: file.sizeBytes,
    crcHash: file.crc32,
    md5Hash: file.md5,
    sha1Hash: file.sha1,
    missingFromFs: false,
  };
  if (firmwareId === null) await db.insert(firmware).values({ ...values, platformId });
  else {
    await db
      .update(firmware)
      .set({ ...values, updatedAt: sql`now()` })
      .where(eq(firmware.id, firmwareId));
  }
}

/** Sets or clears the missing mark; returns how many rows really changed. */
export async function setFirmwareMissing(
  db: Executor,
  firmwareIds: readonly number[],
  isMissing: boolean,
): Promise<number> {
  if (firmwareIds.length === 0) return 0;
  const rows = await db
    .update(firmware)
    .set({ missingFromFs: isMissing, updatedAt: sql`now()` })
    .where(and(inArray(firmware.id, [...firmwareIds]), eq(firmware.missingFromFs, !isMissing)))
    .returning({ id: firmware.id });
  return rows.length;
}
