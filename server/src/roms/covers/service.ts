import type { Context } from "../../base/context.ts";
import {
  COVER_BYTES_MAX,
  type CoverPaths,
  createCoverReader,
  coverPathsOf as pathsIn,
  removeOtherCovers,
  storeCover as storeIn,
} from "../../base/covers.ts";
import { AppError } from "../../base/errors.ts";
import { perPorts } from "../../base/per-ports.ts";
import type { PicturePair } from "../../base/pictures.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import { readReceivedWhole } from "../../ports/files/received.ts";
import { lockCoverPaths } from "./queries.ts";
import { type CoverOwner, toCoverFolder } from "./rules.ts";

type Scene = Pick<Context, "ports" | "facts">;

const coverReader = perPorts(() =>
  createCoverReader({
    tooLarge: "ROMS_COVER_TOO_LARGE",
    invalid: "ROMS_COVER_INVALID",
    busy: "ROMS_COVER_BUSY",
    unavailable: "ROMS_COVER_UNAVAILABLE",
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
  return await coverReader(ctx.ports).read(bytes);
}

/**
 * Does the same with the picture at an address.
 * @throws AppError `ROMS_COVER_UNAVAILABLE` when no picture is there, and what a call to another server throws.
 */
export async function fetchCover(ctx: Scene & Pick<Context, "signal">, url: string): Promise<PreparedCover> {
  return await coverReader(ctx.ports).fetch(ctx, url);
}

/** Where a cover will lie, as the row says it. */
export function coverPathsOf(owner: CoverOwner, cover: PreparedCover): CoverPaths {
  return pathsIn(toCoverFolder(owner), cover);
}

/** Stores a cover on disk; after a crash each file is the old one or the whole new one. */
export async function storeCover(ctx: Scene, owner: CoverOwner, cover: PreparedCover): Promise<void> {
  await storeIn(ctx, toCoverFolder(owner), cover);
}

/**
 * Removes covers of a rom other than its present one; a failure is only logged. The row is locked meanwhile, so that
 * a cover of a change at the same time is not taken for an old one.
 */
export async function removeOldCovers(ctx: Scene, owner: CoverOwner): Promise<void> {
  const { database, log } = ctx.ports;
  try {
    await database.transaction(async (tx) => {
      const present = await lockCoverPaths(tx, owner.romId);
      if (present !== null) await removeOtherCovers(ctx, toCoverFolder(owner), present);
    });
  } catch (error) {
    log.warn("could not remove an old cover", { ...owner, error });
  }
}
