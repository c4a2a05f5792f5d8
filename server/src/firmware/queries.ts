import type { Executor } from "@multitap/db";
import { firmware } from "@multitap/db/schema/assets";
import { and, asc, eq, inArray, type SQL, sql } from "drizzle-orm";
import { toInstant } from "../base/clock.ts";
import type { FileNameParts } from "../base/file-name.ts";
import type { Firmware, HashedFirmware, KnownFirmware } from "./contract.ts";

/** Which firmware is meant; all of it without a word. */
export interface FirmwareQuery {
  readonly platformId?: number | undefined;
  readonly ids?: readonly number[] | undefined;
}

function isMeant({ platformId, ids }: FirmwareQuery): SQL | undefined {
  return and(
    platformId === undefined ? undefined : eq(firmware.platformId, platformId),
    ids === undefined ? undefined : inArray(firmware.id, [...ids]),
  );
}

/** Firmware by file name. */
export async function listFirmwareRows(db: Executor, query: FirmwareQuery): Promise<readonly Firmware[]> {
  const rows = await db
    .select()
    .from(firmware)
    .where(isMeant(query))
    .orderBy(asc(firmware.fileName), asc(firmware.id));
  return rows.map(toFirmware);
}

function toFirmware(row: typeof firmware.$inferSelect): Firmware {
  return {
    id: row.id,
    platformId: row.platformId,
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

/** A file to store, with its name taken apart. */
export type FirmwareToStore = HashedFirmware & { readonly parts: FileNameParts };

/**
 * Stores firmware files of a platform, whose row the caller has locked: new facts of rows with the same name, and new
 * rows for the rest.
 * @param files Each name once.
 */
export async function storeFirmwareRows(
  db: Executor,
  platformId: number,
  files: readonly FirmwareToStore[],
): Promise<void> {
  const input = files.map(({ parts, ...file }) => ({ ...file, ...parts }));
  await db.execute(sql`
    with input as (
      select * from jsonb_to_recordset(${JSON.stringify(input)}::jsonb)
        as x("fileName" text, "nameNoTags" text, "nameNoExt" text, extension text, "filePath" text, "sizeBytes" bigint,
          crc32 text, md5 text, sha1 text)
    ), updated as (
      update firmware f set file_name_no_tags = x."nameNoTags", file_name_no_ext = x."nameNoExt",
        file_extension = x.extension, file_path = x."filePath", file_size_bytes = x."sizeBytes", crc_hash = x.crc32,
        md5_hash = x.md5, sha1_hash = x.sha1, missing_from_fs = false, updated_at = now()
      from input x where f.platform_id = ${platformId} and f.file_name = x."fileName"
      returning f.file_name
    )
    insert into firmware (platform_id, file_name, file_name_no_tags, file_name_no_ext, file_extension, file_path,
      file_size_bytes, crc_hash, md5_hash, sha1_hash, missing_from_fs)
    select ${platformId}, x."fileName", x."nameNoTags", x."nameNoExt", x.extension, x."filePath", x."sizeBytes",
      x.crc32, x.md5, x.sha1, false
    from input x where x."fileName" not in (select file_name from updated)`);
}

/** Says of firmware whether it is verified; rows that say so already are not touched. */
export async function setFirmwareVerified(
  db: Executor,
  firmwareIds: readonly number[],
  isVerified: boolean,
): Promise<void> {
  if (firmwareIds.length === 0) return;
  await db
    .update(firmware)
    .set({ isVerified, updatedAt: sql`now()` })
    .where(and(inArray(firmware.id, [...firmwareIds]), eq(firmware.isVerified, !isVerified)));
}

/** Removes firmware rows; returns those that were there. */
export async function deleteFirmwareRows(
  db: Executor,
  firmwareIds: readonly number[],
): Promise<readonly { readonly id: number; readonly platformId: number }[]> {
  if (firmwareIds.length === 0) return [];
  return await db
    .delete(firmware)
    .where(inArray(firmware.id, [...firmwareIds]))
    .returning({ id: firmware.id, platformId: firmware.platformId });
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
