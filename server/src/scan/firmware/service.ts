import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import type { DiscoveredFirmware, HashedFirmware, KnownFirmware } from "../../firmware/contract.ts";
import {
  markFirmwareMissing,
  readKnownFirmware,
  storeFirmware,
  verifyFirmware,
} from "../../firmware/service.ts";
import type { PlatformFolder } from "../../platforms/folders/contract.ts";
import type { EnsuredPlatform } from "../../platforms/service.ts";
import { HASH_BATCH_FILES } from "../limits.ts";
import { listRomEntries, lookAtFiles, type Walk } from "../walk/service.ts";

/** Whose firmware to bring in line with the disk. */
export interface FirmwareScan extends Walk {
  readonly folder: PlatformFolder;
  readonly platform: EnsuredPlatform;
}

/**
 * Brings the firmware of one platform in line with the disk. A file is hashed when it is new, has another size or
 * place, or was never hashed, and always by scans that hash everything.
 */
export async function scanFirmware(ctx: Context, scan: FirmwareScan): Promise<void> {
  const { platform, progress } = scan;
  const files = await listFirmware(ctx, scan);
  if (files === null) return;
  const known = await readKnownFirmware(ctx.db, platform.id);
  const byName = new Map(known.map((row) => [row.fileName, row]));
  const hashesAll = progress.scan.type === "complete" || progress.scan.type === "hashes";
  const due = files.filter((file) => hashesAll || isDue(file, byName.get(file.fileName)));
  await hashFirmware(ctx, scan, due);
  // Also without a new file: the table of known ones may be new.
  await verifyFirmware(ctx, platform);
  const present = new Set(files.map((file) => file.fileName));
  const gone = known.filter((row) => !present.has(row.fileName)).map((row) => row.firmwareId);
  const back = known.filter((row) => present.has(row.fileName)).map((row) => row.firmwareId);
  await markFirmwareMissing(ctx.db, gone, true);
  await markFirmwareMissing(ctx.db, back, false);
  const firmwareNew = files.filter((file) => !byName.has(file.fileName)).length;
  progress.add({ firmwareDone: files.length, firmwareNew });
}

/** Every file directly in the firmware folder; null when there is no such folder or it cannot be read. */
async function listFirmware(ctx: Context, scan: FirmwareScan): Promise<readonly DiscoveredFirmware[] | null> {
  const path = scan.folder.firmwarePath;
  const facts = await ctx.ports.files.find(join(ctx.facts.libraryPath, path));
  if (facts === null) return [];
  const entries = await listRomEntries(ctx, path, scan);
  if (entries === null) return null;
  const files = entries.filter((entry) => !entry.isFolder);
  return await lookAtFiles(
    ctx,
    files.map((entry) => ({ fileName: entry.name, filePath: path })),
    scan,
  );
}

function isDue(file: DiscoveredFirmware, known: KnownFirmware | undefined): boolean {
  if (known === undefined || !known.isHashed) return true;
  return known.sizeBytes !== file.sizeBytes || known.filePath !== file.filePath;
}

async function hashFirmware(
  ctx: Context,
  scan: FirmwareScan,
  due: readonly DiscoveredFirmware[],
): Promise<void> {
  for (let start = 0; start < due.length; start += HASH_BATCH_FILES) {
    const hashed = await hashBatch(ctx, scan, due.slice(start, start + HASH_BATCH_FILES));
    if (hashed.length > 0) await storeFirmware(ctx, scan.platform, hashed);
  }
}

async function hashBatch(
  ctx: Context,
  { progress }: FirmwareScan,
  due: readonly DiscoveredFirmware[],
): Promise<readonly HashedFirmware[]> {
  const files = due.map((file, id) => ({
    id,
    path: join(ctx.facts.libraryPath, file.filePath, file.fileName),
    expectedSizeBytes: file.sizeBytes,
  }));
  // Its hashes are those of the raw bytes, whatever it is.
  const input = { files, raConsoleId: null, isRaw: true };
  const results = await ctx.ports.compute.run("hash-files", input, { signal: progress.signal });
  return results.flatMap((result) => {
    const file = due[result.id];
    if (file === undefined || "isPacked" in result) return [];
    if ("failure" in result) {
      const path = `${file.filePath}/${file.fileName}`;
      progress.report({ code: `hash_${result.failure.code}`, path, message: result.failure.message });
      return [];
    }
    const { crc32, md5, sha1, sizeBytes, modifiedAtMs } = result;
    return [{ ...file, crc32, md5, sha1, sizeBytes, modifiedAtMs }];
  });
}
