import { crc32 } from "node:zlib";

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
