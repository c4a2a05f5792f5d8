import * as v from "valibot";

/** A file that a caller sent. It is gone once the call has been answered, unless it was stored before. */
export interface ReceivedFile {
  /** The name of its form field. */
  readonly fieldName: string;
  /** The name as it was sent: not to be trusted with a path. */
  readonly fileName: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** Small ones stand in memory, others in a file of ours on disk. */
  readonly content: { readonly bytes: Uint8Array } | { readonly path: string };
}

/** A file as a door hands it to an operation; doors make nothing else of this shape. */
export const ReceivedFileSchema = v.custom<ReceivedFile>(
  (value) => typeof value === "object" && value !== null && "content" in value && "sizeBytes" in value,
  "Input should be a file",
);

/** The bytes of a body as they come in; to be read once, and to its end only when they are wanted. */
export type ByteStream = AsyncIterable<Uint8Array>;

/** A body as a door hands it to an operation. */
export const ByteStreamSchema = v.custom<ByteStream>(
  (value) => typeof value === "object" && value !== null && Symbol.asyncIterator in value,
  "Input should be a stream of bytes",
);
