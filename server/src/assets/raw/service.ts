import { sep } from "node:path";
import { toAccountFolder } from "../../base/account-folder.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { findAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { isRomVisible } from "../../roms/access/service.ts";
import { belowAssets } from "../rules.ts";
import { type AssetContent, findContent } from "../service.ts";
import { GetRawAssetInput, RawAssetSchema } from "./contract.ts";
import { findFileAtPath } from "./queries.ts";
import { parseRawPath, type RawPath } from "./rules.ts";

/**
 * The bytes at a path as the compatible API tells it: of the caller's own files and folder, or of a public save, state
 * or picture. Of several files of one path the newest.
 * @throws AppError `ASSETS_NOT_FOUND`.
 */
export const getRawAsset = operation(
  {
    type: "query",
    scope: "assets.read",
    input: GetRawAssetInput,
    output: RawAssetSchema,
    storesNoAnswer: true,
  },
  async (ctx, { path }) => {
    const place = parseRawPath(path);
    const content = place === null ? null : ((await findListed(ctx, place)) ?? (await findPlain(ctx, place)));
    if (content !== null) return content;
    throw new AppError("not_found", "ASSETS_NOT_FOUND", { message: "Asset not found" });
  },
);

/** A file that a row names; the bytes lie under a name of their own. */
async function findListed(ctx: Context, place: RawPath): Promise<AssetContent | null> {
  const { kind, ...rest } = place;
  if (kind === null) return null;
  const viewerId = findAccountId(ctx.identity);
  const row = await findFileAtPath(ctx.db, { kind, ...rest, viewerId });
  if (row === null) return null;
  if (row.userId !== viewerId && !(await isRomVisible(ctx, row.romId))) return null;
  return await findContent(ctx, row);
}

/** A file of the caller's own folder that no row names: the account's picture, or what was there before us. */
async function findPlain(ctx: Context, { ownerId, folder, fileName }: RawPath): Promise<AssetContent | null> {
  if (ownerId !== findAccountId(ctx.identity)) return null;
  const { files } = ctx.ports;
  const path = belowAssets(ctx.facts.assetsPath, `${folder}/${fileName}`);
  const found = await files.find(path);
  if (found?.kind !== "file") return null;
  // A link may lead out of the folder.
  const home = await files.realPath(belowAssets(ctx.facts.assetsPath, toAccountFolder(ownerId)));
  if (!(await files.realPath(path)).startsWith(home + sep)) return null;
  return { path, fileName, sizeBytes: found.sizeBytes, modifiedAtMs: found.modifiedAtMs, sha1: null };
}
