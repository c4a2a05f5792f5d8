import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { ByteStreamSchema } from "../../base/received-file.ts";
import { Id, InstantText, list } from "../../base/schemas.ts";
import { RESUME_ID_CHARS_MAX, UPLOAD_CHUNKS_MAX } from "./limits.ts";

/** A file on its way into the library. */
export interface RomUpload {
  readonly id: string;
  readonly platformId: number;
  /** With its folders below the platform's. */
  readonly fileName: string;
  readonly totalSizeBytes: number;
  readonly totalChunks: number;
  /** Lower-case hex of the whole file; null when the caller did not say. */
  readonly sha1: string | null;
  /** Indexes of the chunks that are there, ascending. */
  readonly receivedChunks: readonly number[];
  readonly receivedBytes: number;
  /** Each chunk puts it off. */
  readonly expiresAt: Instant;
}

/** A rom of the library that holds the very bytes of an upload. */
export interface PresentRom {
  readonly romId: number;
  readonly fsName: string;
}

/** What a start gives: an upload to send chunks to, or the rom that makes it needless. */
export interface StartedUpload {
  /** Null: there is nothing to send. */
  readonly upload: RomUpload | null;
  readonly present: PresentRom | null;
  /** It was found by the caller's own name for it. */
  readonly isResumed: boolean;
  readonly chunkBytesMax: number;
}

/** What was stored. A scan has to look for it before it is a rom. */
export interface FinishedUpload {
  readonly platformId: number;
  readonly platformFsSlug: string;
  /** The entry of the platform's folder that is, or holds, the file. */
  readonly fsName: string;
  /** The file's path below the library. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Lower-case hex; null when nobody asked for the bytes to be compared. */
  readonly sha1: string | null;
}

/** A digest in hex of any case. */
const Sha1Text = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{40}$/i, "Input should be a SHA-1 in hex"),
  v.toLowerCase(),
);

export const StartUploadInput = v.strictObject({
  platformId: Id,
  fileName: v.string(),
  totalSizeBytes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(Number.MAX_SAFE_INTEGER)),
  totalChunks: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(Number.MAX_SAFE_INTEGER)),
  sha1: v.optional(v.nullable(Sha1Text), null),
  /** The caller's own name for the upload: the same start finds it again. */
  resumeId: v.optional(
    v.nullable(v.pipe(v.string(), v.minLength(1), v.maxLength(RESUME_ID_CHARS_MAX))),
    null,
  ),
});
export type StartUpload = v.InferOutput<typeof StartUploadInput>;

export const UploadIdInput = v.strictObject({ uploadId: v.string() });

export const StoreChunkInput = v.strictObject({
  uploadId: v.string(),
  /** From 0. */
  chunkIndex: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** How many bytes the caller announced; null when it did not. */
  announcedBytes: v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0))),
  body: ByteStreamSchema,
});
export type StoreChunk = v.InferOutput<typeof StoreChunkInput>;

export const FinishUploadInput = v.strictObject({
  uploadId: v.string(),
  sha1: v.optional(v.nullable(Sha1Text), null),
});

export const RomUploadSchema = v.object({
  id: v.string(),
  platformId: Id,
  fileName: v.string(),
  totalSizeBytes: v.number(),
  totalChunks: v.pipe(v.number(), v.maxValue(UPLOAD_CHUNKS_MAX)),
  sha1: v.nullable(v.string()),
  receivedChunks: list(v.number()),
  receivedBytes: v.number(),
  expiresAt: InstantText,
});

export const StartedUploadSchema = v.object({
  upload: v.nullable(RomUploadSchema),
  present: v.nullable(v.object({ romId: Id, fsName: v.string() })),
  isResumed: v.boolean(),
  chunkBytesMax: v.number(),
});

/** How much of an upload is there. */
export interface ChunkCount {
  readonly receivedCount: number;
  readonly totalChunks: number;
}
export const ChunkCountSchema = v.object({ receivedCount: v.number(), totalChunks: v.number() });

export const FinishedUploadSchema = v.object({
  platformId: Id,
  platformFsSlug: v.string(),
  fsName: v.string(),
  path: v.string(),
  sizeBytes: v.number(),
  sha1: v.nullable(v.string()),
});
