import { pipeline, Readable } from "node:stream";
import { createGunzip, createInflateRaw } from "node:zlib";
import { HASH_BUFFER_BYTES } from "../limits.ts";
import { TaskCancelled } from "../task.ts";
import { type ArchiveContext, type ArchiveFile, ArchiveRefusal, refuse } from "./archive.ts";
import { readPieces } from "./read-file.ts";

/** A part of a file that is deflated. */
export interface DeflatedRange {
  readonly form: "raw" | "gzip";
  readonly start: number;
  readonly end: number;
}

/**
 * Unpacks a range piece by piece, on the runtime's threads.
 * @throws ArchiveRefusal `damaged` when it is not what it should be, or ends too early.
 */
export async function* inflate(
  file: ArchiveFile,
  range: DeflatedRange,
  context: ArchiveContext,
): AsyncGenerator<Uint8Array> {
  const source = Readable.from(readPieces(file, range, context), { highWaterMark: 1 });
  const options = { chunkSize: HASH_BUFFER_BYTES };
  const inflater = range.form === "gzip" ? createGunzip(options) : createInflateRaw(options);
  let failure: unknown = null;
  // Its failure reaches the loop below as well, without telling whose it is.
  pipeline(source, inflater, (error) => {
    failure ??= error ?? null;
  });
  try {
    for await (const bytes of inflater) {
      await context.checkpoint();
      // A stream without an encoding gives bytes, which its type does not say.
      yield bytes as Uint8Array;
    }
  } catch (error) {
    throw toRefusal(failure ?? error);
  } finally {
    source.destroy();
    inflater.destroy();
  }
}

/** Keeps what is not about the bytes: cancelling, the disk, bugs. */
function toRefusal(error: unknown): unknown {
  if (error instanceof ArchiveRefusal || error instanceof TaskCancelled) return error;
  return isZlibError(error) ? new ArchiveRefusal("damaged", "cannot be unpacked", error) : error;
}

/** Tells the failures of the runtime's zlib, which have codes such as Z_DATA_ERROR. */
export function isZlibError(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return typeof error.code === "string" && /^(?:Z_|ERR_BUFFER_TOO_LARGE)/.test(error.code);
}

/** Ends the reading with zlib's failure as the cause; anything else goes on as it is. */
export function refuseZlib(error: unknown): never {
  if (isZlibError(error)) return refuse("damaged", "cannot be unpacked", error);
  throw error;
}
