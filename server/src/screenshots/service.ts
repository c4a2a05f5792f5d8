import { discardPlaced, findContent, placeFile } from "../assets/service.ts";
import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import { findAccountId, requireAccountId } from "../base/identity.ts";
import { operation } from "../base/operation.ts";
import { Id, list } from "../base/schemas.ts";
import { inTransaction } from "../base/transaction.ts";
import { isRomVisible, raiseOwnChange } from "../roms/access/service.ts";
import { requireVisibleRom } from "../roms/service.ts";
import {
  ListScreenshotsInput,
  RemoveScreenshotsInput,
  ScreenshotContentSchema,
  ScreenshotIdInput,
  ScreenshotSchema,
  ScreenshotVisibilityInput,
  UploadScreenshotInput,
} from "./contract.ts";
import {
  deleteScreenshots,
  findGalleryId,
  findScreenshot,
  insertScreenshot,
  listOwnScreenshotIds,
  listOwnScreenshots,
  lockOwnScreenshots,
  lockPictures,
  type NewScreenshot,
  type StoredScreenshot,
  updateScreenshot,
} from "./queries.ts";
import { checkGalleryName } from "./rules.ts";

/** The same words for a picture that is not there and for one that the caller may not see. */
function screenshotNotFound(): AppError<"not_found"> {
  return new AppError("not_found", "SCREENSHOTS_NOT_FOUND", { message: "Screenshot not found" });
}

/**
 * Stores a picture in the caller's gallery of a rom; one of the same name gets these bytes.
 * @throws AppError `ROMS_NOT_FOUND`, `SCREENSHOTS_NAME_MISSING`, `SCREENSHOTS_TYPE_INVALID`, `ASSETS_NAME_INVALID`,
 *   `STORAGE_FULL`.
 */
export const uploadScreenshot = operation(
  {
    type: "mutation",
    scope: "assets.write",
    input: UploadScreenshotInput,
    output: ScreenshotSchema,
    storesNoAnswer: true,
  },
  async (ctx, { romId, file }) => {
    const userId = requireAccountId(ctx);
    const { platformSlug } = await requireVisibleRom(ctx, romId);
    checkGalleryName(file.fileName);
    const home = { kind: "screenshots", userId, romId, platformFolder: platformSlug } as const;
    const placed = await placeFile(ctx, home, file);
    const { place, bytes } = placed;
    const picture = {
      ...place,
      userId,
      romId,
      storedPath: bytes.storedPath,
      fileSizeBytes: bytes.sizeBytes,
      md5Hash: bytes.md5,
      sha1Hash: bytes.sha1,
    };
    try {
      return await inTransaction(ctx, (inner) => storeInGallery(inner, picture));
    } catch (error) {
      // The commit may have happened although its answer was lost; what no row names is swept later.
      if (error instanceof AppError) await discardPlaced(ctx, placed);
      throw error;
    }
  },
);

async function storeInGallery(ctx: Context, picture: NewScreenshot) {
  await lockPictures(ctx.db, picture);
  const presentId = await findGalleryId(ctx.db, picture);
  const stored =
    presentId === null
      ? await insertScreenshot(ctx.db, { ...picture, isGallery: true })
      : await updateScreenshot(ctx.db, presentId, picture);
  raiseOwnChange(ctx, picture.userId, [picture.romId]);
  return stored;
}

/** The caller's pictures, those of saves and states among them, by id. */
export const listScreenshots = operation(
  { type: "query", scope: "assets.read", input: ListScreenshotsInput, output: list(ScreenshotSchema) },
  async (ctx, filter) => await listOwnScreenshots(ctx.db, { userId: requireAccountId(ctx), ...filter }),
);

/** Ids of the same pictures. */
export const listScreenshotIds = operation(
  { type: "query", scope: "assets.read", input: ListScreenshotsInput, output: list(Id) },
  async (ctx, filter) => await listOwnScreenshotIds(ctx.db, { userId: requireAccountId(ctx), ...filter }),
);

/**
 * One picture of the caller's.
 * @throws AppError `SCREENSHOTS_NOT_FOUND`.
 */
export const getScreenshot = operation(
  { type: "query", scope: "assets.read", input: ScreenshotIdInput, output: ScreenshotSchema },
  async (ctx, { screenshotId }) => {
    const userId = requireAccountId(ctx);
    const found = await findScreenshot(ctx.db, screenshotId);
    if (found === null || found.screenshot.userId !== userId) throw screenshotNotFound();
    return found.screenshot;
  },
);

/**
 * The bytes of a picture of the caller's, or of a public one.
 * @throws AppError `SCREENSHOTS_NOT_FOUND`, `SCREENSHOTS_CONTENT_MISSING`.
 */
export const getScreenshotContent = operation(
  {
    type: "query",
    scope: "assets.read",
    input: ScreenshotIdInput,
    output: ScreenshotContentSchema,
    storesNoAnswer: true,
  },
  async (ctx, { screenshotId }) => {
    const { screenshot, storedPath, sha1 } = await requireReadable(ctx, screenshotId);
    const content = await findContent(ctx, { storedPath, sha1, fileName: screenshot.fileName });
    if (content !== null) return content;
    throw new AppError("not_found", "SCREENSHOTS_CONTENT_MISSING", {
      message: "Screenshot file not found on disk",
    });
  },
);

async function requireReadable(ctx: Context, screenshotId: number): Promise<StoredScreenshot> {
  const found = await findScreenshot(ctx.db, screenshotId);
  if (found === null) throw screenshotNotFound();
  const { userId, isPublic, romId } = found.screenshot;
  if (userId === findAccountId(ctx.identity)) return found;
  if (!isPublic || !(await isRomVisible(ctx, romId))) throw screenshotNotFound();
  return found;
}

/**
 * Shows a picture to everyone, or to its owner alone.
 * @throws AppError `SCREENSHOTS_NOT_FOUND`, also for somebody else's.
 */
export const setScreenshotVisibility = operation(
  { type: "mutation", scope: "assets.write", input: ScreenshotVisibilityInput, output: ScreenshotSchema },
  async (ctx, { screenshotId, isPublic }) => {
    const userId = requireAccountId(ctx);
    return await inTransaction(ctx, async (inner) => {
      const [own] = await lockOwnScreenshots(inner.db, [screenshotId], userId);
      if (own === undefined) throw screenshotNotFound();
      raiseOwnChange(inner, userId, [own.romId]);
      return await updateScreenshot(inner.db, screenshotId, { isPublic });
    });
  },
);

/**
 * Moves pictures of the caller's to the trash, all or none; gives their ids.
 * @throws AppError `SCREENSHOTS_NONE_GIVEN`, `SCREENSHOTS_NOT_FOUND`.
 */
export const removeScreenshots = operation(
  { type: "mutation", scope: "assets.write", input: RemoveScreenshotsInput, output: list(Id) },
  async (ctx, { screenshotIds }) => {
    if (screenshotIds.length === 0) {
      throw new AppError("invalid", "SCREENSHOTS_NONE_GIVEN", { message: "No screenshots were provided" });
    }
    const userId = requireAccountId(ctx);
    const ids = [...new Set(screenshotIds)];
    await inTransaction(ctx, async (inner) => {
      const own = await lockOwnScreenshots(inner.db, ids, userId);
      if (own.length < ids.length) throw screenshotNotFound();
      await deleteScreenshots(inner.db, ids);
      raiseOwnChange(inner, userId, [...new Set(own.map(({ romId }) => romId))]);
    });
    return screenshotIds;
  },
);
