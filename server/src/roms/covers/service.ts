import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { perPorts } from "../../base/per-ports.ts";
import { createPictureReader, type PicturePair } from "../../base/pictures.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import { readReceivedWhole } from "../../ports/files/received.ts";
import {
  COVER_BUSY_RETRY_MS,
  COVER_BYTES_MAX,
  COVER_FETCH_TIMEOUT_MS,
  COVER_PIXELS_MAX,
  COVER_SIDE_PIXELS,
  COVERS_READ_MAX,
  COVERS_WAITING_MAX,
} from "./limits.ts";
import { lockCoverPaths } from "./queries.ts";
import { type CoverOwner, listCoverPaths, smallScale, toCoverFolder, toCoverPath } from "./rules.ts";

type Scene = Pick<Context, "ports" | "facts">;

const coverReader = perPorts(() =>
  createPictureReader({
    what: "Cover",
    codes: {
      tooLarge: "ROMS_COVER_TOO_LARGE",
      invalid: "ROMS_COVER_INVALID",
      busy: "ROMS_COVER_BUSY",
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

/** What somebody is told who sends more than a cover may have, by doors that notice it on the way. */
export function coverTooLarge(): AppError<"too_large"> {
  return new AppError("too_large", "ROMS_COVER_TOO_LARGE", {
    message: `Cover may have at most ${COVER_BYTES_MAX} bytes`,
    details: { bytesMax: COVER_BYTES_MAX },
  });
}

/**
 * Reads a picture that was sent and makes the two to store: its own pixels only, the right way up, no larger than
 * needed.
 * @throws AppError `ROMS_COVER_TOO_LARGE`, `ROMS_COVER_INVALID`, `ROMS_COVER_BUSY`.
 */
export async function readCover(ctx: Scene, file: ReceivedFile): Promise<PreparedCover> {
  if (file.sizeBytes > COVER_BYTES_MAX) throw coverTooLarge();
  const bytes = await readReceivedWhole(ctx.ports.files, file, COVER_BYTES_MAX);
  return await coverReader(ctx.ports).readPair(bytes, smallScale);
}

/**
 * Does the same with the picture at an address.
 * @throws AppError `ROMS_COVER_UNAVAILABLE` when no picture is there, and what a call to another server throws.
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
    throw new AppError("upstream", "ROMS_COVER_UNAVAILABLE", {
      message: "There is no picture at the address of the cover",
      details: { status },
    });
  }
  return await coverReader(ctx.ports).readPair(bytes, smallScale);
}

/** Where a cover will lie, as the row says it. */
export function coverPathsOf(
  owner: CoverOwner,
  { large, small }: PreparedCover,
): { readonly pathCoverLarge: string; readonly pathCoverSmall: string } {
  return {
    pathCoverLarge: toCoverPath(owner, "big", large.extension),
    pathCoverSmall: toCoverPath(owner, "small", small.extension),
  };
}

/** Stores a cover on disk; after a crash each file is the old one or the whole new one. */
export async function storeCover(ctx: Scene, owner: CoverOwner, cover: PreparedCover): Promise<void> {
  const { files } = ctx.ports;
  const below = (path: string) => join(ctx.facts.resourcesPath, path);
  const { pathCoverLarge, pathCoverSmall } = coverPathsOf(owner, cover);
  await files.createFolder(below(toCoverFolder(owner)));
  await files.writeAtomic(below(pathCoverLarge), cover.large.bytes);
  await files.writeAtomic(below(pathCoverSmall), cover.small.bytes);
}

/**
 * Removes covers of a rom other than its present one; a failure is only logged. The row is locked meanwhile, so that
 * a cover of a change at the same time is not taken for an old one.
 */
export async function removeOldCovers(ctx: Scene, owner: CoverOwner): Promise<void> {
  const { database, files, log } = ctx.ports;
  try {
    await database.transaction(async (tx) => {
      const present = await lockCoverPaths(tx, owner.romId);
      if (present === null) return;
      for (const path of listCoverPaths(owner)) {
        if (path === present.large || path === present.small) continue;
        await files.remove(join(ctx.facts.resourcesPath, path));
      }
    });
  } catch (error) {
    log.warn("could not remove an old cover", { ...owner, error });
  }
}
