import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import {
  type CoverPaths,
  createCoverReader,
  coverPathsOf as pathsIn,
  removeOtherCovers,
  storeCover as storeIn,
} from "../../base/covers.ts";
import { perPorts } from "../../base/per-ports.ts";
import type { PicturePair } from "../../base/pictures.ts";
import { removeQuietly } from "../../ports/files/removing.ts";
import { type CollectionRow, lockCollectionRow } from "../queries.ts";
import { toCollectionFolder, toCoverFolder } from "./rules.ts";

type Scene = Pick<Context, "ports" | "facts">;

const coverReader = perPorts(() =>
  createCoverReader({
    tooLarge: "COLLECTIONS_COVER_TOO_LARGE",
    invalid: "COLLECTIONS_COVER_INVALID",
    busy: "COLLECTIONS_COVER_BUSY",
    unavailable: "COLLECTIONS_COVER_UNAVAILABLE",
  }),
);

/** A cover as it will be stored. */
export type PreparedCover = PicturePair;

/**
 * Reads a picture and makes the two to store: its own pixels only, the right way up, no larger than needed.
 * @throws AppError `COLLECTIONS_COVER_TOO_LARGE`, `COLLECTIONS_COVER_INVALID`, `COLLECTIONS_COVER_BUSY`.
 */
export async function prepareCover(ctx: Scene, bytes: Uint8Array): Promise<PreparedCover> {
  return await coverReader(ctx.ports).read(bytes);
}

/**
 * Does the same with the picture at an address.
 * @throws AppError `COLLECTIONS_COVER_UNAVAILABLE` when no picture is there, and what a call to another server throws.
 */
export async function fetchCover(ctx: Scene & Pick<Context, "signal">, url: string): Promise<PreparedCover> {
  return await coverReader(ctx.ports).fetch(ctx, url);
}

/** Where a cover will lie, as the row says it. */
export function coverPathsOf(collectionId: number, cover: PreparedCover): CoverPaths {
  return pathsIn(toCoverFolder(collectionId), cover);
}

/** Stores a cover on disk; after a crash each file is the old one or the whole new one. */
export async function storeCover(ctx: Scene, collectionId: number, cover: PreparedCover): Promise<void> {
  await storeIn(ctx, toCoverFolder(collectionId), cover);
}

/**
 * Removes covers of a collection other than its present one; a failure is only logged. The row is locked meanwhile,
 * so that a cover of a change at the same time is not taken for an old one.
 */
export async function removeOldCovers(ctx: Scene, row: Pick<CollectionRow, "id" | "userId">): Promise<void> {
  const { database, log } = ctx.ports;
  try {
    await database.transaction(async (tx) => {
      const present = await lockCollectionRow(tx, row.id, row.userId);
      if (present !== null) await removeOtherCovers(ctx, toCoverFolder(row.id), present);
    });
  } catch (error) {
    log.warn("could not remove an old cover", { collectionId: row.id, error });
  }
}

/** Removes all files of a collection that is gone; a failure is only logged, for it is gone all the same. */
export async function removeCollectionFiles(ctx: Scene, collectionId: number): Promise<void> {
  const path = join(ctx.facts.resourcesPath, toCollectionFolder(collectionId));
  const said = "could not remove the files of a removed collection";
  await removeQuietly(ctx.ports, path, { said, recursive: true });
}
