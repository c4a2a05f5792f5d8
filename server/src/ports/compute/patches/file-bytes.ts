import { ftruncateSync, readSync, statfsSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { readInto } from "../archives/read-file.ts";
import { SPOOL_CHECK_BYTES } from "../limits.ts";
import type { TargetStore } from "./guarded-target.ts";
import { type RandomBytes, refuse } from "./patch.ts";

/** An open file of ours or of the library. */
export interface OpenFile {
  readonly path: string;
  readonly handle: number;
}

/** Thrown when there is no room for the target; it never leaves the task. */
export class NoSpace extends Error {
  override readonly name = "NoSpace";
}

/** Makes the bytes of an open file readable at any place. @throws PatchRefusal when it became shorter. */
export function fileBytes({ handle, sizeBytes }: OpenFile & { readonly sizeBytes: number }): RandomBytes {
  return {
    sizeBytes,
    readInto(start, into) {
      if (readInto({ handle }, { start, into }) < into.length)
        refuse("damaged", "or its rom became shorter meanwhile");
    },
  };
}

/**
 * Makes a file the store of a target. The free space of its folder is looked at as it grows.
 * @param freeBytesMin What is left to others.
 */
export function fileStore({ path, handle }: OpenFile, freeBytesMin: number): TargetStore {
  let checkAtBytes = 0;
  let writtenBytes = 0;
  const checkSpace = (): void => {
    const { bavail, bsize } = statfsSync(dirname(path));
    if (bavail * bsize < freeBytesMin + SPOOL_CHECK_BYTES)
      throw new NoSpace(`${dirname(path)} has ${bavail * bsize} bytes free`);
    checkAtBytes = writtenBytes + SPOOL_CHECK_BYTES;
  };
  return {
    write(start, bytes) {
      if (writtenBytes >= checkAtBytes) checkSpace();
      for (let done = 0; done < bytes.length; )
        done += writeSync(handle, bytes, done, bytes.length - done, start + done);
      writtenBytes += bytes.length;
    },
    readInto(start, into) {
      for (let done = 0; done < into.length; ) {
        const count = readSync(handle, into, done, into.length - done, start + done);
        if (count === 0) throw new NoSpace(`${path} lost what was written to it`);
        done += count;
      }
    },
    resize: (sizeBytes) => ftruncateSync(handle, sizeBytes),
  };
}
