import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import { compileExclusions } from "../../base/exclusions.ts";
import { operation } from "../../base/operation.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import { inTransaction } from "../../base/transaction.ts";
import { requireGrant } from "../../permissions/checks/service.ts";
import type { Platform } from "../../platforms/contract.ts";
import { readPlatformFolder, requireWritableLibrary } from "../../platforms/folders/service.ts";
import { getPlatform, touchPlatforms } from "../../platforms/service.ts";
import { storeReceived } from "../../ports/files/received.ts";
import { findFirmwareFile } from "../content/service.ts";
import {
  type Firmware,
  type FirmwareFailure,
  type HashedFirmware,
  type RemovedFirmware,
  RemovedFirmwareSchema,
  RemoveFirmwareInput,
  type UploadedFirmware,
  UploadedFirmwareSchema,
  UploadFirmwareInput,
} from "../contract.ts";
import { deleteFirmwareRows } from "../queries.ts";
import { firmwareNotFoundText, isInLibrary, nameRefused, requireStorableNames } from "../rules.ts";
import { listVisible, storeFirmware } from "../service.ts";

/**
 * Stores firmware files in the folder of their platform, which is made when it is not there; files of the same names
 * are replaced, and hashed anew.
 * @throws AppError `PLATFORMS_NOT_FOUND`, `FIRMWARE_NAME_REFUSED`, `LIBRARY_READ_ONLY`, `STORAGE_FULL`. Nothing was
 *   stored then, except that those before a full disk were.
 */
export const uploadFirmware = operation(
  {
    type: "mutation",
    scope: "firmware.write",
    input: UploadFirmwareInput,
    output: UploadedFirmwareSchema,
    storesNoAnswer: true,
  },
  async (ctx, { platformId, files }): Promise<UploadedFirmware> => {
    const platform = await getPlatform.run(ctx, { platformId });
    const { firmwarePath } = await readPlatformFolder(ctx, platform.fsSlug);
    const folder = join(ctx.facts.libraryPath, firmwarePath);
    // Of several with the same name the last one is what stays.
    const byName = new Map(files.map((file) => [file.fileName, file]));
    await requireNames(ctx, [...byName.keys()], folder);
    await requireWritableLibrary(ctx, folder);
    const neededBytes = [...byName.values()].reduce((sum, file) => sum + file.sizeBytes, 0);
    await ctx.ports.space.assertSpace(neededBytes, { path: ctx.facts.libraryPath });
    await ctx.ports.files.createFolder(folder);
    const stored = await storeAll(ctx, { platform, firmwarePath, byName });
    const firmware = await listVisible(ctx, { platformId });
    return { storedCount: stored, firmware };
  },
);

async function requireNames(ctx: Context, fileNames: readonly string[], folder: string): Promise<void> {
  const { isRomFileExcluded } = compileExclusions(await ctx.ports.settings.read());
  requireStorableNames(fileNames, isRomFileExcluded);
  for (const fileName of fileNames) {
    const present = await ctx.ports.files.find(join(folder, fileName));
    if (present !== null && present.kind !== "file") throw nameRefused(fileName, "is that of a folder");
  }
}

interface Upload {
  readonly platform: Platform;
  readonly firmwarePath: string;
  readonly byName: ReadonlyMap<string, ReceivedFile>;
}

/** Stores the files, then their rows; when one cannot be stored, the rows of those before it all the same. */
async function storeAll(ctx: Context, { platform, firmwarePath, byName }: Upload): Promise<number> {
  const stored: Place[] = [];
  try {
    for (const [fileName, file] of byName) {
      await storeReceived(ctx.ports.files, file, join(ctx.facts.libraryPath, firmwarePath, fileName));
      stored.push({ fileName, filePath: firmwarePath, sizeBytes: file.sizeBytes });
    }
  } catch (error) {
    await keepStored(ctx, platform, stored);
    throw error;
  }
  await storeRows(ctx, platform, stored);
  return stored.length;
}

/** Stores the rows of files behind a failure that is about to be told, and which no other may hide. */
async function keepStored(ctx: Context, platform: Platform, stored: readonly Place[]): Promise<void> {
  try {
    await storeRows(ctx, platform, stored);
  } catch (error) {
    ctx.ports.log.warn("uploaded firmware waits for the next scan", { platformId: platform.id, error });
  } finally {
    // A refusal counts as one that changed nothing.
    ctx.noteWrite();
  }
}

type Place = Pick<HashedFirmware, "fileName" | "filePath" | "sizeBytes">;

async function storeRows(ctx: Context, platform: Platform, places: readonly Place[]): Promise<void> {
  if (places.length === 0) return;
  const hashed = await hashFiles(ctx, places);
  await inTransaction(ctx, async (inner) => {
    if (await storeFirmware(inner, platform, hashed)) raiseUpdated(inner, [platform.id]);
  });
}

/** Not ended by a caller who is gone: the files are on disk by now. */
async function hashFiles(ctx: Context, places: readonly Place[]): Promise<readonly HashedFirmware[]> {
  const files = places.map(({ filePath, fileName, sizeBytes }, id) => ({
    id,
    path: join(ctx.facts.libraryPath, filePath, fileName),
    expectedSizeBytes: sizeBytes,
  }));
  // Its hashes are those of the raw bytes, whatever it is.
  const results = await ctx.ports.compute.run("hash-files", { files, raConsoleId: null, isRaw: true });
  return results.flatMap((result) => {
    const place = places[result.id];
    if (place === undefined || "isPacked" in result) return [];
    if ("failure" in result) {
      // Another call replaced it meanwhile and hashes it, or else the next scan does.
      ctx.ports.log.warn("uploaded firmware cannot be hashed", { ...place, error: result.failure });
      return [];
    }
    const { crc32, md5, sha1, modifiedAtMs } = result;
    return [{ ...place, crc32, md5, sha1, modifiedAtMs }];
  });
}

/**
 * Removes firmware, and the files of those that are named for it; each by itself, so that one that is not there does
 * not keep the others.
 * @throws AppError `PERMISSIONS_INSUFFICIENT`; `LIBRARY_READ_ONLY` when files were to go too, and nothing was removed.
 */
export const removeFirmware = operation(
  {
    type: "mutation",
    scope: "firmware.write",
    input: RemoveFirmwareInput,
    output: RemovedFirmwareSchema,
  },
  async (ctx, { firmwareIds, fileIds }): Promise<RemovedFirmware> => {
    await requireGrant(ctx, { entity: "firmware", action: "delete" });
    const wanted = [...new Set(firmwareIds)];
    const known = await listVisible(ctx, { ids: wanted });
    const withFiles = new Set(fileIds);
    const messages = await removeFiles(
      ctx,
      known.filter((file) => withFiles.has(file.id)),
    );
    const removable = known.filter((file) => !messages.has(file.id)).map((file) => file.id);
    const removed = await removeRows(ctx, removable);
    const failures = wanted
      .filter((id) => !removed.has(id))
      .map(
        (id): FirmwareFailure => ({
          firmwareId: id,
          message: messages.get(id) ?? firmwareNotFoundText(id),
        }),
      );
    return { removedIds: wanted.filter((id) => removed.has(id)), failures };
  },
);

/** Removes the files; gives why some stay, by id of the firmware. */
async function removeFiles(
  ctx: Context,
  firmware: readonly Firmware[],
): Promise<ReadonlyMap<number, string>> {
  const folders = new Set(firmware.filter(isInLibrary).map((file) => file.filePath));
  for (const folder of folders) await requireWritableLibrary(ctx, join(ctx.facts.libraryPath, folder));
  const messages = new Map<number, string>();
  for (const file of firmware) {
    try {
      const found = await findFirmwareFile(ctx, file);
      if (found !== null) await ctx.ports.files.remove(found.path);
    } catch (error) {
      if (!isAppError(error)) throw error;
      ctx.ports.log.warn("a firmware file cannot be removed", { firmwareId: file.id, error });
      messages.set(file.id, `File '${file.fileName}' cannot be removed`);
    }
  }
  return messages;
}

async function removeRows(ctx: Context, ids: readonly number[]): Promise<ReadonlySet<number>> {
  return await inTransaction(ctx, async (inner) => {
    const rows = await deleteFirmwareRows(inner.db, ids);
    const platformIds = [...new Set(rows.map((row) => row.platformId))];
    if (platformIds.length > 0) {
      await touchPlatforms(inner.db, platformIds);
      raiseUpdated(inner, platformIds);
    }
    return new Set(rows.map((row) => row.id));
  });
}

/** Firmware is shown with its platform. */
function raiseUpdated(ctx: Context, ids: readonly number[]): void {
  ctx.raise({ topic: "library", userId: null, data: { change: "updated", entity: "platform", ids } });
}
