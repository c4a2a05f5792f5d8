import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { perPorts } from "../../base/per-ports.ts";
import { createPictureReader, type PicturePair } from "../../base/pictures.ts";
import {
  COVER_BUSY_RETRY_MS,
  COVER_BYTES_MAX,
  COVER_FETCH_TIMEOUT_MS,
  COVER_PIXELS_MAX,
  COVER_SIDE_PIXELS,
  COVERS_READ_MAX,
  COVERS_WAITING_MAX,
} from "../limits.ts";
import { type CollectionRow, lockCollectionRow } from "../queries.ts";
import {
  belowResources,
  listCoverPaths,
  smallScale,
  toCollectionFolder,
  toCoverFolder,
  toCoverPath,
} from "./rules.ts";

type Scene = Pick<Context, "ports" | "facts">;

const coverReader = perPorts(() =>
  createPictureReader({
    what: "Cover",
    codes: {
      tooLarge: "COLLECTIONS_COVER_TOO_LARGE",
      invalid: "COLLECTIONS_COVER_INVALID",
      busy: "COLLECTIONS_COVER_BUSY",
    },
    bytesMax: COVER_BYTES_MAX,
    pixelsMax: COVER_PIXELS_MAX,
    sidePixels: COVER_SIDE_PIXELS,
    runningMax: COVERS_READ_MAX,
    waitingMax: COVERS_WAITING_MAX,
    busyRetryMs: COVER_BUSY_RETRY_MS,
  }),
);

/** A cover as it will be stored. */
export type PreparedCover = PicturePair;

/**
 * Reads a picture and makes the two to store: its own pixels only, the right way up, no larger than needed.
 * @throws AppError `COLLECTIONS_COVER_TOO_LARGE`, `COLLECTIONS_COVER_INVALID`, `COLLECTIONS_COVER_BUSY`.
 */
export async function prepareCover(ctx: Scene, bytes: Uint8Array): Promise<PreparedCover> {
  return await coverReader(ctx.ports).readPair(bytes, smallScale);
}

/**
 * Does the same with the picture at an address.
 * @throws AppError `COLLECTIONS_COVER_UNAVAILABLE` when no picture is there, and what a call to another server throws.
 */
export async function fetchCover(ctx: Scene & Pick<Context, "signal">, url: string): Promise<PreparedCover> {
  const { status, headers, bytes } = await ctx.ports.fetch.fetch(url, {
    headers: { accept: "image/*" },
    maxBytes: COVER_BYTES_MAX,
    timeoutMs: COVER_FETCH_TIMEOUT_MS,
    signal: ctx.signal,
  });
  const type = headers.get("content-type") ?? "";
  if (status !== 200 || !/^image\//i.test(type)) {
    throw new AppError("upstream", "COLLECTIONS_COVER_UNAVAILABLE", {
      message: "There is no picture at the address of the cover",
      details: { status },
    });
  }
  return await prepareCover(ctx, bytes);
}

/** Where a cover will lie, as the row says it. */
export function coverPathsOf(
  collectionId: number,
  { large, small }: PreparedCover,
): Pick<CollectionRow, "pathCoverLarge" | "pathCoverSmall"> {
  return {
    pathCoverLarge: toCoverPath(collectionId, "big", large.extension),
    pathCoverSmall: toCoverPath(collectionId, "small", small.extension),
  };
}

/** Stores a cover on disk; after a crash each file is the old one or the whole new one. */
export async function storeCover(ctx: Scene, collectionId: number, cover: PreparedCover): Promise<void> {
  const { files } = ctx.ports;
  const below = (path: string) => belowResources(ctx.facts.resourcesPath, path);
  const { pathCoverLarge, pathCoverSmall } = coverPathsOf(collectionId, cover);
  await files.createFolder(below(toCoverFolder(collectionId)));
  await files.writeAtomic(below(pathCoverLarge), cover.large.bytes);
  await files.writeAtomic(below(pathCoverSmall), cover.small.bytes);
}

/**
 * Removes covers of a collection other than its present one; a failure is only logged. The row is locked meanwhile,
 * so that a cover of a change at the same time is not taken for an old one.
 */
export async function removeOldCovers(ctx: Scene, row: Pick<CollectionRow, "id" | "userId">): Promise<void> {
  const { database, files, log } = ctx.ports;
  try {
    await database.transaction(async (tx) => {
      const present = await lockCollectionRow(tx, row.id, row.userId);
      if (present === null) return;
      for (const path of listCoverPaths(row.id)) {
        if (path === present.pathCoverLarge || path === present.pathCoverSmall) continue;
        await files.remove(belowResources(ctx.facts.resourcesPath, path));
      }
    });
  } catch (error) {
    log.warn("could not remove an old cover", { collectionId: row.id, error });
  }
}

/** Removes all files of a collection that is gone; a failure is only logged, for it is gone all the same. */
export async function removeCollectionFiles(ctx: Scene, collectionId: number): Promise<void> {
  const path = belowResources(ctx.facts.resourcesPath, toCollectionFolder(collectionId));
  try {
    await ctx.ports.files.remove(path, { recursive: true });
  } catch (error) {
    ctx.ports.log.warn("could not remove the files of a removed collection", { collectionId, path, error });
  }
}
