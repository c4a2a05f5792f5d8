import { AppError } from "../../base/errors.ts";
import type { ReceivedFile } from "../../base/received-file.ts";
import { toRomResources } from "../disk-changes/rules.ts";
import { TRACK_EXTENSIONS } from "../tracks/rules.ts";
import {
  FILE_NAME_BYTES_MAX,
  MANUAL_BYTES_MAX,
  SCREENSHOT_BYTES_MAX,
  SOUNDTRACK_BYTES_MAX,
} from "./limits.ts";

/** What may lie beside a rom. */
export interface ExtraKind {
  /** Its folder in the rom's. */
  readonly folder: string;
  readonly category: string;
  /** In lower case. */
  readonly extensions: readonly string[];
  readonly bytesMax: number;
}

export const MANUAL_EXTENSIONS = ["pdf", "md"] as const;
export type ManualExtension = (typeof MANUAL_EXTENSIONS)[number];
const PICTURE_EXTENSIONS = ["png", "jpg", "jpeg", "webp", "gif", "tiff", "tif", "bmp", "avif"] as const;

/** Files that are kept in a rom's folder, as in the compatible API. */
export const EXTRA_KINDS = {
  manual: {
    folder: "manual",
    category: "manual",
    extensions: MANUAL_EXTENSIONS,
    bytesMax: MANUAL_BYTES_MAX,
  },
  soundtrack: {
    folder: "soundtrack",
    category: "soundtrack",
    extensions: TRACK_EXTENSIONS,
    bytesMax: SOUNDTRACK_BYTES_MAX,
  },
  screenshot: {
    folder: "screenshots",
    category: "screenshot",
    extensions: PICTURE_EXTENSIONS,
    bytesMax: SCREENSHOT_BYTES_MAX,
  },
} as const satisfies Record<string, ExtraKind>;
export type ExtraName = keyof typeof EXTRA_KINDS;

/** What separates folders on any system, and control characters: apps cannot show them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const NOT_IN_NAMES = /[/\\\u0000-\u001f\u007f]/;

/**
 * Asks whether a file of this name may be stored beside a rom.
 * @returns Its extension, in lower case.
 * @throws AppError `ROMS_EXTRA_NAME_INVALID`, `ROMS_EXTRA_TYPE_INVALID`.
 */
export function checkExtraName(fileName: string, { extensions }: Pick<ExtraKind, "extensions">): string {
  const isHidden = fileName.startsWith(".") || fileName.trim() !== fileName;
  const isTooLong = Buffer.byteLength(fileName) > FILE_NAME_BYTES_MAX;
  if (fileName === "" || isHidden || isTooLong || NOT_IN_NAMES.test(fileName) || !fileName.isWellFormed()) {
    throw new AppError("invalid", "ROMS_EXTRA_NAME_INVALID", { message: "Invalid file name" });
  }
  const dot = fileName.lastIndexOf(".");
  const extension = dot < 0 ? "" : fileName.slice(dot + 1).toLowerCase();
  if (extensions.includes(extension)) return extension;
  throw new AppError("invalid", "ROMS_EXTRA_TYPE_INVALID", {
    message: `Unsupported file type. Allowed: ${extensions.join(", ")}`,
    details: { extensions },
  });
}

/** A file that was sent under the name that was announced for it. */
export interface NamedUpload {
  readonly fileName: string;
  readonly file: ReceivedFile;
}

/**
 * Finds the file of a form whose field has the announced name.
 * @throws AppError `ROMS_EXTRA_FILE_REQUIRED` when there is none.
 */
export function findUpload(fileNames: readonly string[], files: readonly ReceivedFile[]): NamedUpload {
  for (const fileName of fileNames) {
    const file = files.find(({ fieldName }) => fieldName === fileName);
    if (file !== undefined) return { fileName, file };
  }
  throw new AppError("invalid", "ROMS_EXTRA_FILE_REQUIRED", {
    message: "The form has no file under the name in x-upload-filename",
  });
}

/** What names a rom's manual. */
interface ManualOwner {
  readonly platformId: number;
  readonly romId: number;
}

/** The folder of a rom's manual, below the resources folder. The name is compatible. */
export function toManualFolder(rom: ManualOwner): string {
  return `${toRomResources(rom.platformId, rom.romId)}/manual`;
}

/** Where a rom's manual lies, below the resources folder. */
export function toManualPath(rom: ManualOwner, extension: ManualExtension): string {
  return `${toManualFolder(rom)}/${rom.romId}.${extension}`;
}

const MANUAL_PATH = /^roms\/\d+\/\d+\/manual\/\d+\.(?:pdf|md)$/;

/** Every path at which a rom's manual can lie: also where a row says that it does, if that is a manual's place. */
export function listManualPaths(
  rom: ManualOwner & { readonly pathManual: string | null },
): readonly string[] {
  const paths = MANUAL_EXTENSIONS.map((extension) => toManualPath(rom, extension));
  const { pathManual } = rom;
  return pathManual !== null && MANUAL_PATH.test(pathManual) ? [...new Set([...paths, pathManual])] : paths;
}

/** What tells what another server sent. */
export interface ManualHead {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly url: string;
}

/** Tells what sort of manual begins with these bytes; null when it is none. Types lie, so a PDF is told by its mark. */
export function detectManual({ bytes, contentType, url }: ManualHead): ManualExtension | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (head.includes("%PDF-")) return "pdf";
  const isNamed = URL.canParse(url) && /\.(?:md|markdown)$/i.test(new URL(url).pathname);
  const isText = /^text\/(?:x-)?markdown\b/i.test(contentType) || (isNamed && !/html/i.test(contentType));
  return isText && !head.includes(0) ? "md" : null;
}
