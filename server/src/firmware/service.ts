import { join } from "node:path";
import type { Executor } from "@multitap/db";
import type { Context } from "../base/context.ts";
import { parseFileName } from "../base/file-name.ts";
import { operation } from "../base/operation.ts";
import { NoInput } from "../base/schemas.ts";
import { inTransaction } from "../base/transaction.ts";
import { getHidden } from "../permissions/hidden/service.ts";
import { touchPlatforms } from "../platforms/service.ts";
import {
  type Firmware,
  FirmwareIdInput,
  FirmwareIdsSchema,
  FirmwareListSchema,
  FirmwareSchema,
  type HashedFirmware,
  type KnownFirmware,
  ListFirmwareInput,
} from "./contract.ts";
import { isKnownBios } from "./known-bios/rules.ts";
import { readKnownBios } from "./known-bios/service.ts";
import { FIRMWARE_STATS_AT_ONCE } from "./limits.ts";
import {
  type FirmwareQuery,
  listFirmwareRows,
  listKnownFirmwareRows,
  setFirmwareMissing,
  setFirmwareVerified,
  storeFirmwareRows,
} from "./queries.ts";
import { firmwareNotFound } from "./rules.ts";

/** Firmware of one platform, or of all, by file name; none of a platform that is not there. */
export const listFirmware = operation(
  { type: "query", scope: "firmware.read", input: ListFirmwareInput, output: FirmwareListSchema },
  async (ctx, { platformId }) => await listVisible(ctx, { platformId }),
);

/** Ids of all firmware, by file name. */
export const listFirmwareIdentifiers = operation(
  { type: "query", scope: "firmware.read", input: NoInput, output: FirmwareIdsSchema },
  async (ctx) => (await listVisible(ctx, {})).map((file) => file.id),
);

/**
 * One firmware.
 * @throws AppError `FIRMWARE_NOT_FOUND`.
 */
export const getFirmware = operation(
  { type: "query", scope: "firmware.read", input: FirmwareIdInput, output: FirmwareSchema },
  async (ctx, { firmwareId }): Promise<Firmware> => {
    const [file] = await listVisible(ctx, { ids: [firmwareId] });
    if (file === undefined) throw firmwareNotFound(firmwareId);
    return file;
  },
);

/** Firmware that the caller may see: that of hidden platforms is as absent. */
export async function listVisible(ctx: Context, query: FirmwareQuery): Promise<readonly Firmware[]> {
  const [files, hidden] = await Promise.all([listFirmwareRows(ctx.db, query), getHidden(ctx)]);
  return files.filter((file) => !hidden.platforms.has(file.platformId));
}

/** What a scan knows of a platform's firmware. */
export async function readKnownFirmware(db: Executor, platformId: number): Promise<readonly KnownFirmware[]> {
  return await listKnownFirmwareRows(db, platformId);
}

/** Whose firmware is meant. */
export interface FirmwareOwner {
  readonly id: number;
  readonly slug: string;
}

/**
 * Stores firmware files of a platform with their digests, and whether they are the known ones. Files that are not on
 * disk any more as they were hashed are left out: whoever replaced them stores them.
 * @param files Each name once.
 * @returns False when there is no such platform any more.
 */
export async function storeFirmware(
  ctx: Context,
  platform: FirmwareOwner,
  files: readonly HashedFirmware[],
): Promise<boolean> {
  return await inTransaction(ctx, async (inner) => {
    // One at a time per platform, so that neither a row is made twice nor an older digest comes last.
    if ((await touchPlatforms(inner.db, [platform.id])).length === 0) return false;
    const present = await keepUnchanged(inner, files);
    const named = present.map((file) => ({ ...file, parts: parseFileName(file.fileName) }));
    await storeFirmwareRows(inner.db, platform.id, named);
    await verifyFirmware(inner, platform);
    return true;
  });
}

async function keepUnchanged(
  ctx: Context,
  files: readonly HashedFirmware[],
): Promise<readonly HashedFirmware[]> {
  const kept: HashedFirmware[] = [];
  for (let start = 0; start < files.length; start += FIRMWARE_STATS_AT_ONCE) {
    const some = files.slice(start, start + FIRMWARE_STATS_AT_ONCE);
    const facts = await Promise.all(
      some.map((file) => ctx.ports.files.find(join(ctx.facts.libraryPath, file.filePath, file.fileName))),
    );
    kept.push(
      ...some.filter((file, index) => {
        const now = facts[index];
        return now?.sizeBytes === file.sizeBytes && now.modifiedAtMs === file.modifiedAtMs;
      }),
    );
  }
  return kept;
}

/** Compares all firmware of a platform with the operator's table of known files, which may have changed. */
export async function verifyFirmware(ctx: Context, { id, slug }: FirmwareOwner): Promise<void> {
  const table = await readKnownBios(ctx);
  const files = await listFirmwareRows(ctx.db, { platformId: id });
  const wrong = files.filter((file) => file.isVerified !== isKnownBios(table, slug, file));
  if (wrong.length === 0) return;
  await inTransaction(ctx, async ({ db }) => {
    await touchPlatforms(db, [id]);
    for (const isVerified of [true, false]) {
      const ids = wrong.filter((file) => file.isVerified !== isVerified).map((file) => file.id);
      await setFirmwareVerified(db, ids, isVerified);
    }
  });
}

/** Marks firmware as gone from disk or back on it; returns how many rows changed. */
export async function markFirmwareMissing(
  db: Executor,
  firmwareIds: readonly number[],
  isMissing: boolean,
): Promise<number> {
  return await setFirmwareMissing(db, firmwareIds, isMissing);
}
