/** What all steps of an upload share: whose it is, what is there of it, and where it leads. */

import { join } from "node:path";
import { toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { compileExclusions } from "../../base/exclusions.ts";
import { findAccountId } from "../../base/identity.ts";
import { readPlatformFolder } from "../../platforms/folders/service.ts";
import { getPlatform, listKnownPlatforms } from "../../platforms/service.ts";
import { removeQuietly } from "../../ports/files/removing.ts";
import { FILES_LOOKED_AT } from "../limits.ts";
import type { RomUpload } from "../uploads/contract.ts";
import { deleteUpload, findFirstAdminId, findUploadRow, type UploadRow } from "../uploads/queries.ts";
import {
  parseChunkName,
  parseUploadId,
  parseUploadName,
  requireIncluded,
  toChunkPath,
  toPartialName,
  toUploadFolder,
  uploadExists,
  uploadForeign,
  uploadNotFound,
} from "../uploads/rules.ts";

/**
 * The account that a caller's uploads belong to. The operator of this machine has none, so the first administrator
 * stands for them.
 * @throws AppError `ROMS_UPLOAD_ACCOUNT_NEEDED`.
 */
export async function getUploaderId(ctx: Context): Promise<number> {
  const userId = findAccountId(ctx.identity) ?? (await findFirstAdminId(ctx.db));
  if (userId !== null) return userId;
  throw new AppError("conflict", "ROMS_UPLOAD_ACCOUNT_NEEDED", {
    message: "Uploads belong to an account, and there is none yet",
  });
}

/**
 * The caller's own upload.
 * @param options.orAdmin Administrators may have any.
 * @throws AppError `ROMS_UPLOAD_ID_INVALID`, `ROMS_UPLOAD_NOT_FOUND`, `ROMS_UPLOAD_FOREIGN`.
 */
export async function requireUpload(
  ctx: Context,
  uploadId: string,
  { orAdmin = false }: { readonly orAdmin?: boolean | undefined } = {},
): Promise<UploadRow> {
  const row = await findUploadRow(ctx.db, parseUploadId(uploadId), ctx.ports.clock.now());
  if (row === null) throw uploadNotFound();
  requireOwner(ctx, row.userId, orAdmin);
  return row;
}

/**
 * Refuses callers other than the owner. The operator of this machine counts as one.
 * @throws AppError `ROMS_UPLOAD_FOREIGN`.
 */
export function requireOwner({ identity }: Context, userId: number, orAdmin: boolean): void {
  if (identity.kind !== "user") throw uploadForeign();
  const isOperator = identity.proof === "control";
  if (!isOperator && !(orAdmin && identity.isAdmin) && identity.userId !== userId) throw uploadForeign();
}

/** Which chunks of an upload lie on disk, ascending; only whole ones ever have their name. */
export async function listChunkIndexes(ctx: Context, row: UploadRow): Promise<readonly number[]> {
  const { files } = ctx.ports;
  const folder = toUploadFolder(ctx.facts.tempPath, row.id);
  try {
    const entries = await files.list(folder);
    return entries
      .flatMap(({ name }) => parseChunkName(name ?? "") ?? [])
      .filter((index) => index < row.totalChunks)
      .sort((a, b) => a - b);
  } catch (error) {
    // The folder comes with the first chunk.
    if (isAppError(error) && error.code === "FILES_NOT_FOUND") return [];
    throw error;
  }
}

/** How many bytes some chunks of an upload have together. */
export async function measureChunks(
  ctx: Context,
  row: UploadRow,
  indexes: readonly number[],
): Promise<number> {
  const folder = toUploadFolder(ctx.facts.tempPath, row.id);
  let bytes = 0;
  for (let start = 0; start < indexes.length; start += FILES_LOOKED_AT) {
    const some = indexes.slice(start, start + FILES_LOOKED_AT);
    const facts = await Promise.all(some.map((index) => ctx.ports.files.find(toChunkPath(folder, index))));
    for (const each of facts) bytes += each?.sizeBytes ?? 0;
  }
  return bytes;
}

/** An upload as callers see it. */
export async function describeUpload(ctx: Context, row: UploadRow): Promise<RomUpload> {
  const receivedChunks = await listChunkIndexes(ctx, row);
  return {
    id: row.id,
    platformId: row.platformId,
    fileName: row.fileName,
    totalSizeBytes: row.totalSizeBytes,
    totalChunks: row.totalChunks,
    sha1: row.sha1,
    receivedChunks,
    receivedBytes: await measureChunks(ctx, row, receivedChunks),
    expiresAt: toInstant(row.expiresAt),
  };
}

/** Where an upload leads. */
export interface UploadTarget {
  readonly platformFsSlug: string;
  /** The entry of the platform's folder that is, or holds, the file. */
  readonly fsName: string;
  /** Below the library. */
  readonly relativePath: string;
  readonly path: string;
  /** Absolute, of the file itself. */
  readonly folder: string;
  /** Absolute, of the platform, and the names from there to the file. */
  readonly platformFolder: string;
  readonly parts: readonly string[];
}

/**
 * Finds out where a file of a platform belongs.
 * @throws AppError `PLATFORMS_NOT_FOUND`, `ROMS_UPLOAD_NAME_INVALID`, `ROMS_UPLOAD_NAME_EXCLUDED`.
 */
export async function locateTarget(
  ctx: Context,
  { platformId, fileName }: Pick<UploadRow, "platformId" | "fileName">,
): Promise<UploadTarget> {
  const { fsSlug } = await getPlatform.run(ctx, { platformId });
  const parts = parseUploadName(fileName);
  requireIncluded(parts, compileExclusions(await ctx.ports.settings.read()));
  const { romsPath } = await readPlatformFolder(ctx, fsSlug);
  const platformFolder = join(ctx.facts.libraryPath, romsPath);
  const path = join(platformFolder, ...parts);
  return {
    platformFsSlug: fsSlug,
    fsName: parts[0] ?? "",
    relativePath: [romsPath, ...parts].join("/"),
    path,
    folder: join(path, ".."),
    platformFolder,
    parts,
  };
}

/**
 * Refuses a name that is taken, and one below a file.
 * @throws AppError `ROMS_UPLOAD_EXISTS`.
 */
export async function requireFree(ctx: Context, { platformFolder, parts }: UploadTarget): Promise<void> {
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const names = parts.slice(0, depth);
    const facts = await ctx.ports.files.find(join(platformFolder, ...names));
    if (facts === null) return;
    if (depth === parts.length || facts.kind !== "folder") throw uploadExists(names.join("/"));
  }
}

/** Removes an upload: its row first, so that nothing more is taken for it, then what it left on disk. */
export async function dropUpload(ctx: Context, row: UploadRow): Promise<void> {
  await deleteUpload(ctx.db, row.id);
  await removePartial(ctx, row);
  await removeChunks(ctx, row.id);
}

/** Removes what was received of an upload; what cannot be removed is swept later. */
export async function removeChunks(ctx: Context, uploadId: string): Promise<void> {
  await removeLeftover(ctx, toUploadFolder(ctx.facts.tempPath, uploadId));
}

/** Removes what a finish that was cut off may have left beside the final place. */
async function removePartial(ctx: Context, row: UploadRow): Promise<void> {
  const platform = (await listKnownPlatforms(ctx.db)).find(({ id }) => id === row.platformId);
  if (platform === undefined) return;
  const { romsPath } = await readPlatformFolder(ctx, platform.fsSlug);
  const folders = parseUploadName(row.fileName).slice(0, -1);
  await removeLeftover(ctx, join(ctx.facts.libraryPath, romsPath, ...folders, toPartialName(row.id)));
}

/** Removes what is left of an upload; what cannot be removed stays, and hides no failure before it. */
export async function removeLeftover({ ports }: Context, path: string): Promise<void> {
  await removeQuietly(ports, path, { said: "what is left of an upload stays for now", recursive: true });
}
