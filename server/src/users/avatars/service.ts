import { toAccountFolder } from "../../base/account-folder.ts";
import type { Context } from "../../base/context.ts";
import { areDeletionsHeld } from "../../base/deletion-hold.ts";
import { AppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import { perPorts } from "../../base/per-ports.ts";
import { createPictureReader, type Picture } from "../../base/pictures.ts";
import { type StoredAvatar, StoredAvatarSchema, UserIdInput } from "../contract.ts";
import {
  AVATAR_BUSY_RETRY_MS,
  AVATAR_BYTES_MAX,
  AVATAR_PIXELS_MAX,
  AVATAR_SIDE_PIXELS,
  AVATARS_READ_MAX,
  AVATARS_WAITING_MAX,
} from "../limits.ts";
import { findUserRow, lockUserRow } from "../queries.ts";
import {
  AVATAR_TYPES,
  type AvatarExtension,
  belowAssets,
  parseAvatarPath,
  toAvatarName,
  toAvatarPath,
  toProfileFolder,
} from "./rules.ts";

type Scene = Pick<Context, "ports" | "db" | "facts">;

const avatarReader = perPorts(() =>
  createPictureReader({
    what: "Avatar",
    codes: {
      tooLarge: "USER_AVATAR_TOO_LARGE",
      invalid: "USER_AVATAR_INVALID",
      busy: "USER_AVATAR_BUSY",
    },
    bytesMax: AVATAR_BYTES_MAX,
    pixelsMax: AVATAR_PIXELS_MAX,
    sidePixels: AVATAR_SIDE_PIXELS,
    runningMax: AVATARS_READ_MAX,
    waitingMax: AVATARS_WAITING_MAX,
    busyRetryMs: AVATAR_BUSY_RETRY_MS,
  }),
);

/** A picture as it will be stored. */
export type PreparedAvatar = Picture;

/**
 * Reads an uploaded picture and makes the one to store: its own pixels only, the right way up, no larger than
 * needed. What a camera wrote beside the pixels is gone, save for the colour profile.
 * @throws AppError `USER_AVATAR_TOO_LARGE`, `USER_AVATAR_INVALID`, `USER_AVATAR_BUSY`.
 */
export async function prepareAvatar(ctx: Scene, bytes: Uint8Array): Promise<PreparedAvatar> {
  return await avatarReader(ctx.ports).read(bytes);
}

/** Where a picture will lie, below the assets folder. */
export function avatarPathOf(userId: number, { extension }: PreparedAvatar): string {
  return toAvatarPath(userId, extension);
}

/** Stores a picture on disk; after a crash the old one or the whole new one is there. */
export async function storeAvatar(ctx: Scene, userId: number, avatar: PreparedAvatar): Promise<void> {
  const { files } = ctx.ports;
  await files.createFolder(belowAssets(ctx.facts.assetsPath, toProfileFolder(userId)));
  await files.writeAtomic(belowAssets(ctx.facts.assetsPath, avatarPathOf(userId, avatar)), avatar.bytes);
}

/**
 * Removes pictures of an account other than its present one; a failure is only logged. The row is locked
 * meanwhile, so that a picture of a change at the same time is not taken for an old one.
 */
export async function removeOldAvatars(ctx: Scene, userId: number): Promise<void> {
  const { database, files, log } = ctx.ports;
  try {
    await database.transaction(async (tx) => {
      const row = await lockUserRow(tx, userId);
      if (row === null) return;
      const present = parseAvatarPath(userId, row.avatarPath);
      for (const extension of Object.keys(AVATAR_TYPES) as AvatarExtension[]) {
        if (extension === present) continue;
        await files.remove(belowAssets(ctx.facts.assetsPath, toAvatarPath(userId, extension)));
      }
    });
  } catch (error) {
    log.warn("could not remove an old avatar", { userId, error });
  }
}

/**
 * Removes all files of an account that is gone; a failure is only logged, for the account is gone all the same. While
 * a backup relies on files staying, only the pictures go: the cleanup of the trash finds the rest.
 */
export async function removeAccountFiles(ctx: Scene, userId: number): Promise<void> {
  let path = belowAssets(ctx.facts.assetsPath, toAccountFolder(userId));
  try {
    if (await areDeletionsHeld(ctx.ports.kv))
      path = belowAssets(ctx.facts.assetsPath, toProfileFolder(userId));
    await ctx.ports.files.remove(path, { recursive: true });
  } catch (error) {
    ctx.ports.log.warn("could not remove the files of a removed account", { userId, path, error });
  }
}

/**
 * The picture of any account.
 * @throws AppError `USER_AVATAR_NOT_FOUND`, also when there is no such account.
 */
export const getAvatar = operation(
  { type: "query", scope: "assets.read", input: UserIdInput, output: StoredAvatarSchema },
  async (ctx, { userId }): Promise<StoredAvatar> => {
    const row = await findUserRow(ctx.db, userId);
    const extension = row === null ? null : parseAvatarPath(userId, row.avatarPath);
    if (extension === null) throw avatarNotFound();
    const path = belowAssets(ctx.facts.assetsPath, toAvatarPath(userId, extension));
    const found = await ctx.ports.files.find(path);
    if (found?.kind !== "file") throw avatarNotFound();
    return {
      path,
      fileName: toAvatarName(extension),
      contentType: AVATAR_TYPES[extension],
      sizeBytes: found.sizeBytes,
      modifiedAtMs: found.modifiedAtMs,
    };
  },
);

function avatarNotFound(): AppError<"not_found"> {
  return new AppError("not_found", "USER_AVATAR_NOT_FOUND", { message: "Avatar not found" });
}
