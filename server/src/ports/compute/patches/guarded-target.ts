import { REWRITE_FREE_BYTES, REWRITES_MAX } from "./limits.ts";
import { checkTargetSize, refuse, type TargetBytes } from "./patch.ts";

/** Where the bytes of a target really go. */
export interface TargetStore {
  write(start: number, bytes: Uint8Array): void;
  readInto(start: number, into: Uint8Array): void;
  resize(sizeBytes: number): void;
}

/** Makes a target that grows no further than it may, and that is not written over again and again. */
export function createTarget(store: TargetStore, targetBytesMax: number): TargetBytes {
  let sizeBytes = 0;
  let writtenBytes = 0;
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    readInto: store.readInto,
    writeAt(start, bytes) {
      if (bytes.length === 0) return;
      const end = start + bytes.length;
      checkTargetSize({ targetBytesMax }, end);
      writtenBytes += bytes.length;
      sizeBytes = Math.max(sizeBytes, end);
      if (writtenBytes > REWRITE_FREE_BYTES + REWRITES_MAX * sizeBytes)
        refuse("damaged", `writes ${writtenBytes} bytes into a file of ${sizeBytes}`);
      store.write(start, bytes);
    },
    resize(newBytes) {
      checkTargetSize({ targetBytesMax }, newBytes);
      if (newBytes === sizeBytes) return;
      store.resize(newBytes);
      sizeBytes = newBytes;
    },
  };
}
