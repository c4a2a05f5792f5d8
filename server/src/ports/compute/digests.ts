import { crc32 } from "node:zlib";
import type { Hashes } from "@multitap/native/hash";

/** The three digests of bytes that are given in order. */
export interface Digests {
  update(bytes: Uint8Array): void;
  /** Gives digests of the same bytes so far, which go on by themselves; it costs a few microseconds. */
  fork(): Digests;
  /** Gives the digests in lower-case hex, "" for none: all three of no bytes, and a CRC-32 of 0. Ends this. */
  finish(): Hashes;
  /** CRC-32 so far, as a number. */
  readonly crc32: number;
  readonly sizeBytes: number;
}

/** No digests at all. */
export const NO_DIGESTS: Hashes = { crc32: "", md5: "", sha1: "" };

/** Gives digests of no bytes yet. */
export function createDigests(): Digests {
  return digestsOf({
    md5: new Bun.CryptoHasher("md5"),
    sha1: new Bun.CryptoHasher("sha1"),
    crc: 0,
    sizeBytes: 0,
  });
}

interface State {
  readonly md5: Bun.CryptoHasher;
  readonly sha1: Bun.CryptoHasher;
  crc: number;
  sizeBytes: number;
}

function digestsOf(state: State): Digests {
  return {
    update(bytes) {
      state.md5.update(bytes);
      state.sha1.update(bytes);
      state.crc = crc32(bytes, state.crc);
      state.sizeBytes += bytes.length;
    },
    fork: () => digestsOf({ ...state, md5: state.md5.copy(), sha1: state.sha1.copy() }),
    finish() {
      if (state.sizeBytes === 0) return NO_DIGESTS;
      const crc = state.crc === 0 ? "" : state.crc.toString(16).padStart(8, "0");
      return { crc32: crc, md5: state.md5.digest("hex"), sha1: state.sha1.digest("hex") };
    },
    get crc32() {
      return state.crc;
    },
    get sizeBytes() {
      return state.sizeBytes;
    },
  };
}
