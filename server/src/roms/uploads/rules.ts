import { join } from "node:path";
import { isEntryName } from "../../base/entry-name.ts";
import { AppError } from "../../base/errors.ts";
import type { Exclusions } from "../../base/exclusions.ts";
import type { StartUpload } from "./contract.ts";
import {
  MISSING_CHUNKS_NAMED_MAX,
  UPLOAD_CHUNK_BYTES_MAX,
  UPLOAD_CHUNKS_MAX,
  UPLOAD_NAME_CHARS_MAX,
  UPLOAD_NAME_PARTS_MAX,
} from "./limits.ts";

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/**
 * Reads the id of an upload.
 * @throws AppError `ROMS_UPLOAD_ID_INVALID`; nothing else may become part of a path.
 */
export function parseUploadId(text: string): string {
  if (!UUID.test(text)) {
    throw new AppError("invalid", "ROMS_UPLOAD_ID_INVALID", { message: "Invalid upload ID" });
  }
  const hex = text.replaceAll("-", "").toLowerCase();
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The folder of everything that uploads keep on disk. */
export function toUploadsFolder(tempPath: string): string {
  return join(tempPath, "uploads");
}

/** The folder of one upload's chunks; the id must come from `parseUploadId` or a row. */
export function toUploadFolder(tempPath: string, uploadId: string): string {
  return join(toUploadsFolder(tempPath), uploadId);
}

/** Where one chunk lies once it is whole. */
export function toChunkPath(folder: string, chunkIndex: number): string {
  return join(folder, String(chunkIndex).padStart(5, "0"));
}

/** The index of a chunk's file; null for files that are not one. */
export function parseChunkName(name: string): number | null {
  return /^\d{5}$/.test(name) ? Number(name) : null;
}

/** Where an upload writes down which file it is about to show under its final name. */
export function toMarkPath(folder: string): string {
  return join(folder, "published.json");
}

/** The name beside the final one under which an upload is put together; scans and watching pass over it. */
export function toPartialName(uploadId: string): string {
  return `.multitap-${uploadId.replaceAll("-", "").slice(0, 16)}.partial`;
}

/**
 * Splits the name of an upload into folders and file name.
 * @throws AppError `ROMS_UPLOAD_NAME_INVALID`.
 */
export function parseUploadName(fileName: string): readonly string[] {
  const parts = fileName.split("/");
  const isShort = fileName.length <= UPLOAD_NAME_CHARS_MAX && parts.length <= UPLOAD_NAME_PARTS_MAX;
  if (isShort && parts.every(isEntryName)) return parts;
  const shown = fileName.length > 100 ? `${fileName.slice(0, 100)}…` : fileName;
  throw new AppError("invalid", "ROMS_UPLOAD_NAME_INVALID", {
    message: `Invalid file name: ${JSON.stringify(shown)}`,
  });
}

/**
 * Refuses names that no scan would see.
 * @throws AppError `ROMS_UPLOAD_NAME_EXCLUDED`.
 */
export function requireIncluded(parts: readonly string[], exclusions: Exclusions): void {
  const [first = "", ...inner] = parts;
  const last = inner.at(-1);
  const isExcluded =
    last === undefined
      ? exclusions.isRomFileExcluded(first)
      : exclusions.isRomFolderExcluded(first) || exclusions.isPartExcluded(last);
  if (!isExcluded) return;
  throw new AppError("invalid", "ROMS_UPLOAD_NAME_EXCLUDED", {
    message: `File ${parts.join("/")} is excluded by the configuration, so no scan would find it`,
  });
}

/**
 * Checks that so many chunks can hold so many bytes.
 * @throws AppError `ROMS_UPLOAD_TOO_LARGE`, `ROMS_UPLOAD_CHUNKS_INVALID`.
 */
export function requireArithmetic({ totalSizeBytes, totalChunks }: StartUpload): void {
  if (Math.ceil(totalSizeBytes / totalChunks) > UPLOAD_CHUNK_BYTES_MAX) throw chunkTooLarge();
  if (totalChunks > totalSizeBytes) {
    throw chunksInvalid(`${totalSizeBytes} bytes cannot make ${totalChunks} chunks`);
  }
  if (totalChunks > UPLOAD_CHUNKS_MAX) {
    throw chunksInvalid(`An upload has ${UPLOAD_CHUNKS_MAX} chunks at most`);
  }
}

/** The refusal of a chunk over the limit. */
export function chunkTooLarge(): AppError<"too_large"> {
  return new AppError("too_large", "ROMS_UPLOAD_TOO_LARGE", {
    message: `A chunk may have ${UPLOAD_CHUNK_BYTES_MAX} bytes at most`,
    details: { bytesMax: UPLOAD_CHUNK_BYTES_MAX },
  });
}

/** The refusal of numbers that do not fit the upload. */
export function chunksInvalid(message: string): AppError<"invalid"> {
  return new AppError("invalid", "ROMS_UPLOAD_CHUNKS_INVALID", { message });
}

/** The one answer for an upload that is not there or over; clients match on it. */
export function uploadNotFound(): AppError<"not_found"> {
  return new AppError("not_found", "ROMS_UPLOAD_NOT_FOUND", {
    message: "Upload session not found or expired",
  });
}

/** The refusal of another account's upload. */
export function uploadForeign(): AppError<"forbidden"> {
  return new AppError("forbidden", "ROMS_UPLOAD_FOREIGN", {
    message: "Upload session belongs to another user",
  });
}

/** The refusal of a name that is taken; clients match on "already exists". */
export function uploadExists(fileName: string): AppError<"conflict"> {
  return new AppError("conflict", "ROMS_UPLOAD_EXISTS", { message: `File ${fileName} already exists` });
}

/** The refusal of a finish before its time; clients match on "Missing chunks". */
export function uploadIncomplete(missing: readonly number[]): AppError<"invalid"> {
  const named = missing.slice(0, MISSING_CHUNKS_NAMED_MAX);
  const more = named.length < missing.length ? ", ..." : "";
  return new AppError("invalid", "ROMS_UPLOAD_INCOMPLETE", {
    message: `Missing chunks: [${named.join(", ")}${more}]`,
    details: { missing: named, missingCount: missing.length },
  });
}
