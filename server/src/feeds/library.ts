import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import { getHidden } from "../permissions/hidden/service.ts";
import type { FeedFile, FeedPlatform, FeedRom } from "./contract.ts";
import { FEED_ROWS_MAX, FEED_SLICE_ROWS } from "./limits.ts";
import {
  type FeedFileRow,
  type FileWish,
  findFeedPlatform,
  listFeedFiles,
  listFeedPlatforms,
  listFeedRoms,
} from "./queries.ts";

/** The platform of a slug, or null: of several folders with one slug the first, hidden ones are not there. */
export async function findPlatform(ctx: Context, slug: string): Promise<FeedPlatform | null> {
  // No text of the database holds this character; asking for it would break the statement.
  if (slug.includes("\0")) return null;
  return await findFeedPlatform(ctx.db, slug, await getHidden(ctx));
}

/**
 * The platform of a slug.
 * @param name What the platform is called in the refusal.
 * @throws AppError `PLATFORMS_NOT_FOUND`.
 */
export async function requirePlatform(ctx: Context, slug: string, name: string): Promise<FeedPlatform> {
  const platform = await findPlatform(ctx, slug);
  if (platform !== null) return platform;
  throw new AppError("not_found", "PLATFORMS_NOT_FOUND", { message: `${name} platform not found` });
}

/** Platforms with one of these slugs that the caller may see, by name. */
export async function listPlatforms(
  ctx: Context,
  slugs: readonly string[],
): Promise<readonly FeedPlatform[]> {
  return await listFeedPlatforms(ctx.db, slugs, await getHidden(ctx));
}

/** Roms of some platforms that the caller may see, by name, at most `FEED_ROWS_MAX`. */
export async function listRoms(
  ctx: Context,
  platforms: readonly FeedPlatform[],
  { withSummary }: { readonly withSummary: boolean },
): Promise<readonly FeedRom[]> {
  const platformIds = platforms.map(({ id }) => id);
  const wish = { platformIds, hidden: await getHidden(ctx), limit: FEED_ROWS_MAX + 1, withSummary };
  return cut(ctx, await listFeedRoms(ctx.db, wish), platforms);
}

/** Files of a platform that the caller may see, rom by rom in the order of names, at most `FEED_ROWS_MAX`. */
export async function listFiles(
  ctx: Context,
  platform: FeedPlatform,
  wish: Pick<FileWish, "extensions" | "withArchives">,
): Promise<readonly FeedFile[]> {
  const found = await listFeedFiles(ctx.db, {
    ...wish,
    platformIds: [platform.id],
    hidden: await getHidden(ctx),
    limit: FEED_ROWS_MAX + 1,
  });
  return await mapRows(cut(ctx, found, [platform]), toFeedFile);
}

function toFeedFile(row: FeedFileRow): FeedFile {
  const { fileId, fileName, filePath, fileSizeBytes, sha1, category, fileUpdatedAtMs, ...rest } = row;
  const { isArchive, isMissing, ...rom } = rest;
  const facts = { sizeBytes: fileSizeBytes, sha1, category, isArchive, isMissing };
  return {
    ...facts,
    id: fileId,
    fileName,
    filePath,
    updatedAtMs: fileUpdatedAtMs,
    rom: { ...rom, summary: null },
  };
}

function cut<T>(ctx: Context, rows: readonly T[], platforms: readonly FeedPlatform[]): readonly T[] {
  if (rows.length <= FEED_ROWS_MAX) return rows;
  const slugs = platforms.map(({ slug }) => slug);
  ctx.ports.log.warn("a feed is longer than its limit and was cut", { rowsMax: FEED_ROWS_MAX, slugs });
  return rows.slice(0, FEED_ROWS_MAX);
}

/** Maps many rows and lets other requests have their turn in between. */
export async function mapRows<T, R>(rows: readonly T[], map: (row: T) => R): Promise<R[]> {
  const mapped: R[] = [];
  for (let start = 0; start < rows.length; start += FEED_SLICE_ROWS) {
    if (start > 0) await new Promise((resolve) => setImmediate(resolve));
    for (const row of rows.slice(start, start + FEED_SLICE_ROWS)) mapped.push(map(row));
  }
  return mapped;
}
