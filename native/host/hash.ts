import { crc32 } from "node:zlib";
import { createMd5Lanes } from "./md5-lanes.ts";

/** The digests a hasher can give. */
export type HashName = "crc32" | "md5" | "sha1";

/** One lower-case hex digest for each chosen name; a CRC-32 always has 8 digits. */
export type Hashes<H extends HashName = HashName> = { readonly [K in H]: string };

/** Takes bytes in order and gives the digests of everything it was given. */
export interface Hasher<H extends HashName = HashName> {
  /** Adds the next bytes; they are read before this returns, so the caller may reuse the buffer at once. */
  update(bytes: Uint8Array): void;
  /** Gives the digests of all bytes since the last digest and starts over, so one hasher serves many files. */
  digest(): Hashes<H>;
}

interface Part {
  update(bytes: Uint8Array): void;
  /** Gives the digest and starts over. */
  digest(): string;
}

/**
 * Creates a hasher that feeds every chosen algorithm from one pass over the bytes.
 * It runs on the runtime's own code (Bun only) and holds a few hundred bytes whatever it is fed.
 * @param names Repeated names count once; an empty list gives empty digests.
 */
export function createHasher<H extends HashName>(names: readonly H[]): Hasher<H> {
  const parts = [...new Set(names)].map((name) => [name, createPart(name)] as const);
  return {
    update(bytes) {
      for (const [, part] of parts) part.update(bytes);
    },
    digest() {
      // The entries are exactly the chosen names, which `fromEntries` cannot express.
      return Object.fromEntries(parts.map(([name, part]) => [name, part.digest()])) as Hashes<H>;
    },
  };
}

function createPart(name: HashName): Part {
  return name === "crc32" ? createCrc32() : createDigest(name);
}

function createCrc32(): Part {
  let value = 0;
  return {
    update(bytes) {
      value = crc32(bytes, value);
    },
    digest() {
      const text = value.toString(16).padStart(8, "0");
      value = 0;
      return text;
    },
  };
}

function createDigest(name: "md5" | "sha1"): Part {
  // Bun's hasher starts over after `digest`; the tests hold it to that.
  const hasher = new Bun.CryptoHasher(name);
  return {
    update(bytes) {
      hasher.update(bytes);
    },
    digest: () => hasher.digest("hex"),
  };
}

/** CRC-32, MD5 and SHA-1 of several messages at the same time, each in a lane of its own. */
export interface HashLanes {
  /** Lanes there are; one alone is as fast as a hasher, and all together are more than twice as fast. */
  readonly count: number;
  /** Where the caller puts the next bytes of a lane's message; valid until `release`. */
  buffer(lane: number): Uint8Array;
  /**
   * Takes bytes of each lane's buffer into its message.
   * @param start The first byte in each buffer.
   * @param ends Where each lane's bytes end; at or before `start` for a lane without any.
   */
  update(start: number, ends: readonly number[]): void;
  /** Gives the digests of all bytes of a lane since its last digest and starts over. */
  digest(lane: number): Hashes;
  /** Gives the memory back; nothing may be called after it. Messages without a digest are dropped. */
  release(): void;
}

/**
 * Creates lanes for hashing several messages in one pass, on the runtime's own code and WebAssembly (Bun only).
 * MD5 waits for itself at every step, so one core makes four of them in little more than the time of one.
 * @param laneBytes Size of each lane's buffer, a multiple of 64.
 * @throws NativeError `NATIVE_NOT_BUILT`, `NATIVE_UNAVAILABLE` where WebAssembly has no SIMD, or `NATIVE_MEMORY`.
 */
export async function createHashLanes(laneBytes: number): Promise<HashLanes> {
  const md5 = await createMd5Lanes(laneBytes);
  const others = Array.from({ length: md5.count }, () => createHasher(["crc32", "sha1"]));
  const buffers = others.map((_, lane) => md5.buffer(lane));
  return {
    count: md5.count,
    buffer: md5.buffer,
    update(start, ends) {
      for (const [lane, hasher] of others.entries()) {
        const bytes = buffers[lane]?.subarray(start, Math.max(start, ends[lane] ?? 0));
        if (bytes !== undefined && bytes.length > 0) hasher.update(bytes);
      }
      md5.update(start, ends);
    },
    digest(lane) {
      const { crc32 = "", sha1 = "" } = others[lane]?.digest() ?? {};
      return { crc32, md5: md5.digest(lane), sha1 };
    },
    release: md5.release,
  };
}
