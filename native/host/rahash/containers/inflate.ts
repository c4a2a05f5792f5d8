import type { ByteSource } from "../../byte-source.ts";
import { derivedSource, type RaContext } from "../context.ts";
import { INFLATE_RESTARTS_MAX, UNPACKED_BYTES_MAX } from "../limits.ts";
import { refuse } from "../refusal.ts";

/** Compressed bytes that are handed to the decoder at once: the most one step can grow to is 1032 times that. */
const FEED_BYTES = 16 << 10;

/** What the runtime may be able to unpack; `zstd` where it is new enough. */
export type UnpackFormat = "deflate-raw" | "zstd";

/** A forward-only reader of unpacked bytes. */
export interface UnpackedReader {
  /** Gives the next bytes, at most `length`; fewer only at the end. */
  read(length: number): Promise<Uint8Array>;
  /** Passes over bytes. */
  drop(length: number): Promise<void>;
  close(): Promise<void>;
}

/** Gives a reader over a compressed source, on the runtime's own decoder. */
export function openUnpackedReader(
  source: ByteSource,
  format: UnpackFormat,
  signal?: AbortSignal,
): UnpackedReader {
  let position = 0;
  let failure: unknown = null;
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const end = Math.min(position + FEED_BYTES, source.sizeBytes);
        if (position === end) return controller.close();
        try {
          const bytes = await source.read(position, end, signal);
          position = end;
          controller.enqueue(new Uint8Array(bytes));
        } catch (error) {
          // The stream in between may dress it up; what failed underneath is what the caller has to see.
          failure = error;
          controller.error(error);
        }
      },
    },
    { highWaterMark: 0 },
  );
  const reader = packed.pipeThrough(new DecompressionStream(format as CompressionFormat)).getReader();
  let rest = new Uint8Array(0);
  const fill = async (): Promise<boolean> => {
    try {
      const { value } = await reader.read();
      rest = value ?? new Uint8Array(0);
      return value !== undefined;
    } catch (error) {
      if (failure !== null) throw failure;
      return refuse("damaged", `${source.name}: its compressed bytes are damaged`, error);
    }
  };
  const take = (length: number): Uint8Array => {
    const part = rest.subarray(0, length);
    rest = rest.subarray(part.length);
    return part;
  };
  return {
    async read(length) {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length && (rest.length > 0 || (await fill()))) {
        const part = take(length - done);
        bytes.set(part, done);
        done += part.length;
      }
      return bytes.subarray(0, done);
    },
    async drop(length) {
      let left = length;
      while (left > 0 && (rest.length > 0 || (await fill()))) left -= take(left).length;
    },
    async close() {
      // A stream that has failed refuses to be cancelled with its failure, which was thrown already.
      await reader.cancel().catch((error: unknown) => error);
    },
  };
}

/**
 * Gives a deflated part as a source. It is unpacked as it is read and keeps nothing, so reading backwards starts
 * over, a bounded number of times.
 */
export function inflatedSource(context: RaContext, packed: ByteSource, sizeBytes: number): ByteSource {
  let reader: UnpackedReader | null = null;
  let position = 0;
  let starts = 0;
  let unpackedBytes = 0;
  context.closeLater(async () => reader?.close());
  return derivedSource(packed, sizeBytes, async (start, end, signal) => {
    if (reader === null || start < position) {
      await reader?.close();
      starts += 1;
      if (starts > INFLATE_RESTARTS_MAX) refuse("over_limit", `${packed.name} is read in too many places`);
      reader = openUnpackedReader(packed, "deflate-raw", signal);
      position = 0;
    }
    unpackedBytes += end - position;
    if (unpackedBytes > UNPACKED_BYTES_MAX)
      refuse("over_limit", `${packed.name} is read too far behind its start`);
    await reader.drop(start - position);
    const bytes = await reader.read(end - start);
    position = start + bytes.length;
    if (bytes.length < end - start) refuse("damaged", `${packed.name} unpacks to fewer bytes than it says`);
    return bytes;
  });
}
