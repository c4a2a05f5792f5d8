import { MultitapError, toStorageError } from "../errors.ts";
import type { ByteSource } from "./types.ts";

/** Sources that can be read from the beginning to the end, once. */
const forwardOnly = new WeakSet<ByteSource>();

/** Tells whether a source can be read only once, in order. */
export function isForwardOnly(source: ByteSource): boolean {
  return forwardOnly.has(source);
}

/**
 * A source over a stream of known length. It is read forward only: a lost connection repeats a chunk, but another
 * call cannot go on with the stream.
 * @throws MultitapError (a read) `storage`: the stream ended early, or is behind the bytes already.
 * @example
 * const response = await fetch(address);
 * const sizeBytes = Number(response.headers.get("content-length"));
 * await client.roms.upload(streamSource(response.body, { name: "a.sfc", sizeBytes }), { platformId: 3 });
 */
export function streamSource(
  stream: ReadableStream<Uint8Array>,
  about: { readonly name: string; readonly sizeBytes: number },
): ByteSource {
  const reader = stream.getReader();
  let held: Uint8Array = new Uint8Array(0);
  let offset = 0;
  /** Gives up to so many bytes of the stream. */
  const take = async (wanted: number): Promise<Uint8Array> => {
    if (held.length === 0) held = await readPiece(reader, offset);
    const piece = held.subarray(0, wanted);
    held = held.subarray(piece.length);
    offset += piece.length;
    return piece;
  };
  const source: ByteSource = {
    ...about,
    modifiedAt: null,
    async read(start, end) {
      if (start < offset) throw failure("SOURCE_FORWARD_ONLY", `The stream is behind byte ${start} already`);
      while (offset < start) await take(start - offset);
      const bytes = new Uint8Array(end - start);
      for (let filled = 0; filled < bytes.length; ) {
        const piece = await take(bytes.length - filled);
        bytes.set(piece, filled);
        filled += piece.length;
      }
      return bytes;
    },
    close: () => reader.cancel(),
  };
  forwardOnly.add(source);
  return source;
}

async function readPiece(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  offset: number,
): Promise<Uint8Array> {
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw failure("STORAGE_FAILED", `The stream ended after ${offset} bytes`);
      if (value.length > 0) return value;
    }
  } catch (thrown) {
    throw toStorageError(thrown, "Reading the stream");
  }
}

function failure(code: "SOURCE_FORWARD_ONLY" | "STORAGE_FAILED", message: string): MultitapError {
  return new MultitapError("storage", code, { message });
}
