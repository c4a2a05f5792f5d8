import { basename } from "node:path";
import type { BackupSummary } from "../../backup/contract.ts";
import { findBackupFolder, readManifest, verifyBackup } from "../../backup/reading/service.ts";
import { summarize } from "../../backup/rules.ts";
import { createDiskFiles } from "../../ports/files/disk.ts";

/** Verifies the backup at a path. @throws AppError `BACKUP_DAMAGED` and others; the reason of the signal. */
export async function verifyAt(
  path: string,
  signal: AbortSignal,
  onBytes: (doneBytes: number, totalBytes: number) => void,
): Promise<BackupSummary> {
  const scene = { files: createDiskFiles(), signal };
  const folder = await findBackupFolder(scene, path);
  const summary = summarize(await readManifest(scene, folder), basename(folder), folder);
  await verifyBackup(scene, folder, (doneBytes) => onBytes(doneBytes, summary.sizeBytes));
  return summary;
}
