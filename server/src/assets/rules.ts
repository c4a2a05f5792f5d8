import { join } from "node:path";
import { toAccountFolder } from "../base/account-folder.ts";
import { AppError } from "../base/errors.ts";
import { parseFileName } from "../base/file-name.ts";
import type { AssetKind, AssetPlace } from "./contract.ts";
import { EMULATOR_CHARS_MAX, FILE_NAME_CHARS_MAX, STORED_NAME_BYTES_MAX } from "./limits.ts";

/** What messages call one file of a kind. */
const NOUNS: Readonly<Record<AssetKind, string>> = {
  saves: "save",
  states: "state",
  screenshots: "screenshot",
};

/**
 * Makes a name that every file system takes out of the one that was sent.
 * @throws AppError `ASSETS_NAME_INVALID` when nothing is left of it, or it is too long.
 */
export function sanitizeFileName(sent: string, kind: AssetKind): string {
  const last = sent.slice(sent.lastIndexOf("/") + 1);
  // Upstream's rule, plus what no terminal or file system likes, and half characters, which no database holds.
  const name = last
    .toWellFormed()
    .replaceAll(/[\\:|]/g, "-")
    .replaceAll(/[*?"<>+]/g, "")
    .replaceAll(/\p{Cc}/gu, "")
    .trim();
  if (name === "" || name === "." || name === "..") {
    throw invalidName(`Invalid ${NOUNS[kind]} filename: Filename cannot be empty after sanitization`);
  }
  if (name.length > FILE_NAME_CHARS_MAX || Buffer.byteLength(name) > STORED_NAME_BYTES_MAX) {
    throw invalidName(`Invalid ${NOUNS[kind]} filename: Filename is too long`);
  }
  return name;
}

function invalidName(message: string): AppError<"invalid"> {
  return new AppError("invalid", "ASSETS_NAME_INVALID", { message });
}

/**
 * Checks what becomes a folder.
 * @throws AppError `ASSETS_EMULATOR_INVALID`.
 */
export function checkEmulator(emulator: string | null): string | null {
  if (emulator === null || emulator === "") return null;
  const isPlain = !/[/\\\p{Cc}]/u.test(emulator) && emulator !== "." && emulator !== "..";
  if (isPlain && emulator.length <= EMULATOR_CHARS_MAX && emulator.trim() === emulator) return emulator;
  throw new AppError("invalid", "ASSETS_EMULATOR_INVALID", { message: "Invalid emulator name" });
}

/** The moment in a file name of a slot, always in UTC. */
const SLOT_TAG = / \[\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}\]/g;

/** A name that begins with its only dot has no extension. */
function splitAtLastDot(fileName: string): readonly [stem: string, extension: string] {
  const dot = fileName.lastIndexOf(".");
  return dot <= 0 ? [fileName, ""] : [fileName.slice(0, dot), fileName.slice(dot)];
}

/** The name that all versions of one save share: without the moments that slots put into names. */
export function toCanonicalName(fileName: string): string {
  const [stem, extension] = splitAtLastDot(fileName);
  return stem.replaceAll(SLOT_TAG, "") + extension;
}

/** The name of a version in a slot. */
export function toSlotName(canonicalName: string, at: Date): string {
  const [stem, extension] = splitAtLastDot(canonicalName);
  const moment = at.toISOString().slice(0, "YYYY-MM-DDTHH:MM:SS".length);
  return `${stem} [${moment.replace("T", "_").replaceAll(":", "-")}]${extension}`;
}

/** Where a file belongs. */
export interface AssetHome {
  readonly kind: AssetKind;
  readonly userId: number;
  readonly romId: number;
  /** Folder of the platform: its folder name for saves and states, its slug for screenshots. */
  readonly platformFolder: string;
  readonly emulator: string | null;
}

/** The folder of a file below the assets; the layout is compatible. */
export function toAssetFolder({ kind, userId, romId, platformFolder, emulator }: AssetHome): string {
  const folder = `${toAccountFolder(userId)}/${kind}/${platformFolder}/${romId}`;
  return emulator === null ? folder : `${folder}/${emulator}`;
}

/** The names that the compatible API derives from a file name. */
export function toPlace(fileName: string, filePath: string): AssetPlace {
  const { extension, nameNoExt, nameNoTags } = parseFileName(fileName);
  return {
    fileName,
    fileNameNoTags: nameNoTags,
    fileNameNoExt: nameNoExt,
    fileExtension: extension,
    filePath,
  };
}

/** Marks names that only we give; bytes under such a name are never changed. */
const STORED_MARK = /~[0-9a-f]{16}(?:\.[^.]*)?$/;

/** A name on disk that nothing else has: the file's own, cut where it has to be, with a mark. */
export function toStoredName(fileName: string, mark: string): string {
  const [stem, extension] = splitAtLastDot(fileName);
  const shortExtension = Buffer.byteLength(extension) > 32 ? "" : extension;
  const room = STORED_NAME_BYTES_MAX - 17 - Buffer.byteLength(shortExtension);
  let kept = stem;
  while (Buffer.byteLength(kept) > room) kept = [...kept].slice(0, -1).join("");
  return `${kept}~${mark}${shortExtension}`;
}

/** Tells names that `toStoredName` made. */
export function isStoredName(name: string): boolean {
  return STORED_MARK.test(name);
}

/** An absolute path of a relative one that was made here. */
export function belowAssets(assetsPath: string, relative: string): string {
  return join(assetsPath, relative);
}
