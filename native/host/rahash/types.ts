import type { ByteSource } from "../byte-source.ts";
import type { Disc } from "../disc.ts";

/** An MD5 in progress; one is made for each hash. */
export interface Md5 {
  /** Adds the next bytes; they are read before this returns. */
  update(bytes: Uint8Array): void;
  /** Gives the digest of all bytes in 32 lower-case hex digits; the hasher is not used after it. */
  digestHex(): string;
}

/** A file that names others (cue, gdi, m3u, dosz), and the way to them. */
export interface RaFiles {
  /** Path of the file to hash, with `/` between folders. The folder counts for arcade games. */
  readonly entry: string;
  /**
   * Gives the file at a path, null where there is none. Paths have `/` between folders, no `.` and no `..`, and
   * start where `entry` starts. What is opened here stays the caller's: it is read until the hash is done, and
   * may be asked for again.
   */
  find(path: string, signal?: AbortSignal | undefined): Promise<ByteSource | null>;
}

/** What can be hashed: one file, files that belong together, or an opened disc (a CHD). */
export type RaInput = ByteSource | readonly ByteSource[] | RaFiles | Disc;

/**
 * Why an input has no hash. `no_rule`: the console has none. `unsupported`: a container or form the console's rule
 * does not take. `unrecognized`: the marks of the console are not there. `damaged`: the marks are there, but the
 * bytes break off or contradict themselves. `file_missing`: a file that another one names. `keys_missing`: the
 * input is encrypted. `over_limit`: a bound of `limits.ts`.
 */
export type RaMissReason =
  | "no_rule"
  | "unsupported"
  | "unrecognized"
  | "damaged"
  | "file_missing"
  | "keys_missing"
  | "over_limit";

/** The hash in 32 lower-case hex digits, or why there is none. */
export type RaHashResult =
  | { readonly raHash: string }
  | {
      readonly raHash: null;
      readonly reason: RaMissReason;
      /** For people; never compared. */
      readonly message: string;
      /** What broke underneath, null where the input itself says it all. */
      readonly cause: unknown;
    };

/** Keys and seeds of the Nintendo 3DS, which the user brings; nothing of it is shipped. 16 bytes each. */
export interface ThreeDsKeys {
  /** Key X of a slot: 0x18, 0x1B, 0x25, 0x2C, and 0x3D for CIA. */
  findKeyX(slot: number): Uint8Array | null;
  /** Key Y of slot 0x3D, by the index in the ticket, 0 to 5. */
  findCommonKeyY(index: number): Uint8Array | null;
  /** Seed of a title, by its id in 16 lower-case hex digits. */
  findSeed(titleId: string): Uint8Array | null;
}

/** The compressions of RVZ and WIA. */
export type RaCodec = "bzip2" | "lzma" | "lzma2" | "zstd";

/** A compressed part of an RVZ or WIA image. */
export interface RaCompressedPart {
  readonly codec: RaCodec;
  readonly bytes: Uint8Array;
  /** Most bytes that are wanted; a part that holds more is damaged. */
  readonly decodedBytesMax: number;
  /** The encoder's property bytes; empty for bzip2 and zstd. */
  readonly properties: Uint8Array;
}

/** How to hash. */
export interface RaHashOptions {
  readonly createMd5: () => Md5;
  readonly signal?: AbortSignal | undefined;
  /** `totalBytes` grows while a disc is read: what is to be hashed shows only then. */
  readonly onProgress?:
    | ((progress: { readonly doneBytes: number; readonly totalBytes: number }) => void)
    | undefined;
  /** Opens a `.chd`; without it such files have no hash on consoles with discs. The disc is closed after use. */
  readonly openChd?: ((source: ByteSource, signal?: AbortSignal | undefined) => Promise<Disc>) | undefined;
  /** Decodes parts of RVZ and WIA; null where it has no such codec. Without it only what the runtime brings. */
  readonly decompress?:
    | ((part: RaCompressedPart, signal?: AbortSignal | undefined) => Promise<Uint8Array | null>)
    | undefined;
  readonly threeDsKeys?: ThreeDsKeys | undefined;
}
