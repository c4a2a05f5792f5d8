import { UNPACKED_BYTES_MAX, UNPACKED_FREE_BYTES, UNPACKED_RATIO_MAX } from "../limits.ts";
import { refuse } from "./archive.ts";

/** Counts what comes out of an archive, and ends what is made to fill the server instead of a console. */
export interface UnpackGuard {
  /** Refuses what the archive says it holds, before any of it is read. */
  declare(bytes: number): void;
  /** Counts bytes that really came out. */
  add(bytes: number): void;
}

/** Gives a guard for one reading of an archive of that size. */
export function createUnpackGuard(packedBytes: number): UnpackGuard {
  const ratioBytes = Math.max(UNPACKED_FREE_BYTES, packedBytes * UNPACKED_RATIO_MAX);
  const bytesMax = Math.min(UNPACKED_BYTES_MAX, ratioBytes);
  const check = (bytes: number): void => {
    if (bytes <= bytesMax) return;
    refuse("too_large", `holds more than ${bytesMax} bytes in ${packedBytes}, which is not unpacked`);
  };
  let unpackedBytes = 0;
  return {
    declare: check,
    add(bytes) {
      unpackedBytes += bytes;
      check(unpackedBytes);
    },
  };
}
