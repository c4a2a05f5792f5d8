import type { FileFailure } from "../file-failure.ts";

/** One file of a rom that is hashed as a whole. */
export interface RomFileToHash {
  /** The caller's own; comes back with the result. */
  readonly id: number;
  readonly path: string;
  /** Size the caller saw; a file of another size is answered as `changed`. */
  readonly expectedSizeBytes: number;
  /** It is the rom, or lies directly in the rom's folder: it is part of the rom's digest. */
  readonly isTopLevel: boolean;
  /** Its own hashes are known; it is read only where the rom's need it. */
  readonly isHashed: boolean;
}

/** What RetroAchievements needs to know. */
export interface RaTarget {
  readonly consoleId: number;
  /** Its games are told by what a disc holds, so archives are not looked into. */
  readonly isDisc: boolean;
}

/** A rom that is an archive, a folder or a disc. */
export interface HashRomInput {
  /** Absolute path of the file or folder. */
  readonly path: string;
  readonly isFolder: boolean;
  /** By relative path in code-point order, the order of the rom's digest. */
  readonly files: readonly RomFileToHash[];
  /** Null computes no RetroAchievements hash. */
  readonly ra: RaTarget | null;
}

/** One member of an archive; digests in lower-case hex. */
export interface HashedMember {
  readonly name: string;
  readonly sizeBytes: number;
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
}

/** Digests of one file of a rom in lower-case hex; "" stands for nothing. */
export interface RomFileHashes {
  readonly id: number;
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
  /** SHA-1 that a CHD header names for its data; "" for other files. */
  readonly chdSha1: string;
  /** The digests are those of what it holds, not of its own bytes. */
  readonly isPacked: boolean;
  /** Present when the digests are those of all members of an archive. */
  readonly members: readonly HashedMember[] | null;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** What became of a rom. */
export interface HashRomOutput {
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
  /** "" when there is none. */
  readonly raHash: string;
  /** One result per file that was not hashed before, in the order of the input. */
  readonly files: readonly (RomFileHashes | { readonly id: number; readonly failure: FileFailure })[];
  /** What went wrong without stopping the work, such as an archive that had to be hashed as it is. */
  readonly problems: readonly { readonly code: string; readonly path: string; readonly message: string }[];
}

export type HashRomShape = {
  readonly input: HashRomInput;
  readonly output: HashRomOutput;
  readonly progress: { readonly doneBytes: number };
};
