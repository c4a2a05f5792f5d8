import * as v from "valibot";
import { ReceivedFileSchema } from "../../base/received-file.ts";
import { Id } from "../../base/schemas.ts";
import { OUTPUT_NAME_CHARS_MAX } from "./limits.ts";

/** Which file of the library is patched, and with what: exactly one of the two patches. */
export const PatchRomInput = v.strictObject({
  romFileId: Id,
  /** A file of any rom that is a patch. */
  patchFileId: v.optional(Id),
  /** A patch that the caller sent. */
  patchFile: v.optional(ReceivedFileSchema),
  /** Only what stands before its last dot counts. */
  outputFileName: v.optional(v.pipe(v.string(), v.maxLength(OUTPUT_NAME_CHARS_MAX))),
});

/**
 * Whether the rom is the one that the patch was made for: `unknown` where the patch has no checksum of it.
 */
export type PatchCheck = "matched" | "differs" | "unknown";

/** A patched rom; it is nowhere else, and gone when its bytes were read. */
export interface PatchedRom {
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly check: PatchCheck;
  /** To be read once, or cancelled. */
  readonly content: ReadableStream<Uint8Array>;
}

export const PatchedRomSchema = v.object({
  fileName: v.string(),
  sizeBytes: v.number(),
  check: v.picklist(["matched", "differs", "unknown"]),
  content: v.custom<ReadableStream<Uint8Array>>((value) => value instanceof ReadableStream),
});
