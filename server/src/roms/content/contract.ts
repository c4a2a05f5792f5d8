import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { Id, InstantText, list } from "../../base/schemas.ts";
import { FILE_IDS_MAX } from "../limits.ts";

/** Which bytes a download asks for; no file ids means every file of the rom. */
export const RomContentInput = v.strictObject({
  romId: Id,
  fileIds: v.optional(v.pipe(v.array(Id), v.maxLength(FILE_IDS_MAX), v.readonly())),
  /** Put the files of an archive into a folder `.hidden`, as one launcher wants them. */
  isHiddenFolder: v.optional(v.boolean(), false),
});

/** Where the bytes of one stored file are, and how to name them to the caller. */
export interface StoredFile {
  readonly path: string;
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Instant;
  /** Strong validator: changes whenever the bytes can have changed. */
  readonly etag: string;
  /** Of exactly these bytes; null when the file was not hashed since it changed. */
  readonly sha1: string | null;
}

/** One file of an archive. */
export interface ArchivedFile {
  /** Path in the archive. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly crc32: number;
  /** Where its bytes are on disk, or the bytes of a text that we made. */
  readonly content: { readonly path: string } | { readonly text: string };
}

/** Several files as one archive. */
export interface StoredArchive {
  readonly fileName: string;
  /** When the newest of its files was last changed. */
  readonly modifiedAt: Instant;
  readonly files: readonly ArchivedFile[];
}

/** What a download gives: one file as it is, several as an archive. */
export type RomContent =
  | { readonly kind: "file"; readonly file: StoredFile }
  | { readonly kind: "archive"; readonly archive: StoredArchive };

const StoredFileSchema = v.object({
  path: v.string(),
  fileName: v.string(),
  sizeBytes: v.number(),
  modifiedAt: InstantText,
  etag: v.string(),
  sha1: v.nullable(v.string()),
});

export const StoredArchiveSchema = v.object({
  fileName: v.string(),
  modifiedAt: InstantText,
  files: list(
    v.object({
      name: v.string(),
      sizeBytes: v.number(),
      crc32: v.number(),
      content: v.union([v.object({ path: v.string() }), v.object({ text: v.string() })]),
    }),
  ),
});

export const RomContentSchema = v.variant("kind", [
  v.object({ kind: v.literal("file"), file: StoredFileSchema }),
  v.object({ kind: v.literal("archive"), archive: StoredArchiveSchema }),
]);
