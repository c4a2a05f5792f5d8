import { join } from "node:path";
import { toAccountFolder } from "../../base/account-folder.ts";

/** How an avatar is stored; `gif` only by the server we replaced. */
export const AVATAR_TYPES = {
  png: "image/png",
  jpg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
} as const;
export type AvatarExtension = keyof typeof AVATAR_TYPES;

/** The folder of an account's picture, below the assets folder. */
export function toProfileFolder(userId: number): string {
  return `${toAccountFolder(userId)}/profile`;
}

/** Where an account's picture lies, below the assets folder. */
export function toAvatarPath(userId: number, extension: AvatarExtension): string {
  return `${toProfileFolder(userId)}/${toAvatarName(extension)}`;
}

/** The file name of a picture. */
export function toAvatarName(extension: AvatarExtension): string {
  return `avatar.${extension}`;
}

/**
 * Reads a stored path of a picture.
 * @returns Null for anything but a picture in the account's own folder: rows may be imported from elsewhere.
 */
export function parseAvatarPath(userId: number, stored: string): AvatarExtension | null {
  const extensions = Object.keys(AVATAR_TYPES) as AvatarExtension[];
  return extensions.find((extension) => stored === toAvatarPath(userId, extension)) ?? null;
}

/** An absolute path of a relative one that was made here. */
export function belowAssets(assetsPath: string, relative: string): string {
  return join(assetsPath, relative);
}
