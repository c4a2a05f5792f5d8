import { discardPlaced, placeFile } from "../../assets/service.ts";
import type { Version } from "../../assets/versions/contract.ts";
import { changeVersion, requireOwnVersion } from "../../assets/versions/service.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { pairByName } from "../../base/paired-name.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import { inTransaction } from "../../base/transaction.ts";
import { requireVisibleRom } from "../../roms/service.ts";
import type { Screenshot } from "../contract.ts";
import { insertScreenshot, lockPictures, updateScreenshot } from "../queries.ts";
import { deleteUnlinked, findReplaced, listPictures, setPicturesPublic } from "./queries.ts";

/**
 * Stores what a version shows of itself, if something was sent; it belongs to exactly this version. Gives the version
 * as it is then.
 * @throws AppError `ASSETS_NAME_INVALID`, `ROMS_NOT_FOUND`, `STORAGE_FULL`.
 */
export async function attachPicture(
  ctx: Context,
  version: Version,
  file: ReceivedFile | undefined,
): Promise<Version> {
  if (file === undefined || file.fileName === "") return version;
  const { userId, romId, isPublic } = version;
  const { platformSlug } = await requireVisibleRom(ctx, romId);
  const home = { kind: "screenshots", userId, romId, platformFolder: platformSlug } as const;
  const placed = await placeFile(ctx, home, file);
  const { place, bytes } = placed;
  const picture = {
    ...place,
    userId,
    romId,
    isPublic,
    isGallery: false,
    storedPath: bytes.storedPath,
    fileSizeBytes: bytes.sizeBytes,
    md5Hash: bytes.md5,
    sha1Hash: bytes.sha1,
  };
  try {
    return await inTransaction(ctx, async (inner) => {
      await lockPictures(inner.db, version);
      // Another upload of the same name may have brought a picture meanwhile.
      const present = await requireOwnVersion(inner, version.kind, version);
      const replacedId = await findReplaced(inner.db, present, place.fileName);
      const { id } =
        replacedId === null
          ? await insertScreenshot(inner.db, picture)
          : await updateScreenshot(inner.db, replacedId, picture);
      return await changeVersion(inner, version, { screenshotId: id });
    });
  } catch (error) {
    // The commit may have happened although its answer was lost; what no row names is swept later.
    if (error instanceof AppError) await discardPlaced(ctx, placed);
    throw error;
  }
}

/**
 * What versions show of themselves, in their order: the picture that was sent with each, else one that is called alike.
 * One statement, whatever the number of versions.
 */
export async function readPictures(
  ctx: Pick<Context, "db">,
  versions: readonly Version[],
): Promise<readonly (Screenshot | null)[]> {
  const unlinked = versions.filter(({ screenshotId }) => screenshotId === null);
  const pictures = await listPictures(ctx.db, {
    ids: versions.flatMap(({ screenshotId }) => screenshotId ?? []),
    names: [...new Set(unlinked.flatMap(({ fileName, fileNameNoExt }) => [fileName, fileNameNoExt]))],
    userIds: [...new Set(unlinked.map(({ userId }) => userId))],
    romIds: [...new Set(unlinked.map(({ romId }) => romId))],
  });
  const byId = new Map(pictures.map((picture) => [picture.id, picture]));
  const places = Map.groupBy(pictures, ({ userId, romId }) => `${userId} ${romId}`);
  const finders = new Map(
    [...places].map(([place, own]) => [place, pairByName(own.filter(({ isGallery }) => !isGallery))]),
  );
  return versions.map((version) => {
    const { screenshotId, userId, romId } = version;
    if (screenshotId !== null) return byId.get(screenshotId) ?? null;
    return finders.get(`${userId} ${romId}`)?.(version) ?? null;
  });
}

async function listIds(ctx: Pick<Context, "db">, versions: readonly Version[]): Promise<readonly number[]> {
  return (await readPictures(ctx, versions)).flatMap((picture) => picture?.id ?? []);
}

/** Shows the pictures of versions to everyone, or to their owner alone. */
export async function publishPictures(
  ctx: Pick<Context, "db">,
  versions: readonly Version[],
  isPublic: boolean,
): Promise<void> {
  await setPicturesPublic(ctx.db, await listIds(ctx, versions), isPublic);
}

/** Moves the pictures of versions that are gone to the trash, but for those that other versions show. */
export async function removePictures(ctx: Pick<Context, "db">, versions: readonly Version[]): Promise<void> {
  await deleteUnlinked(ctx.db, await listIds(ctx, versions));
}
