import type { Executor } from "@multitap/db";
import { parseFileName } from "../base/file-name.ts";
import type { HashedFirmware, KnownFirmware } from "./contract.ts";
import { listKnownFirmwareRows, setFirmwareMissing, storeFirmwareRow } from "./queries.ts";

/** What a scan knows of a platform's firmware. */
export async function readKnownFirmware(db: Executor, platformId: number): Promise<readonly KnownFirmware[]> {
  return await listKnownFirmwareRows(db, platformId);
}

/** Stores a firmware file with its digests. */
export async function storeFirmware(db: Executor, platformId: number, file: HashedFirmware): Promise<void> {
  await storeFirmwareRow(db, platformId, { ...file, parts: parseFileName(file.fileName) });
}

/** Marks firmware as gone from disk or back on it; returns how many rows changed. */
export async function markFirmwareMissing(
  db: Executor,
  firmwareIds: readonly number[],
  isMissing: boolean,
): Promise<number> {
  return await setFirmwareMissing(db, firmwareIds, isMissing);
}
