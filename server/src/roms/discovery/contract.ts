import type { ArchiveMember } from "../files/contract.ts";

/** A file on disk that belongs to a rom. */
export interface DiscoveredFile {
  readonly fileName: string;
  /** Library-relative folder. */
  readonly filePath: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  /** What the folders it lies in say it is; null for the game itself. */
  readonly category: string | null;
}

/** A file or a folder in a platform folder, as it is on disk. */
export interface DiscoveredRom {
  readonly fsName: string;
  /** Library-relative folder. */
  readonly fsPath: string;
  readonly isFolder: boolean;
  /** Of all its files. */
  readonly sizeBytes: number;
  /** By relative path in code-point order; a rom that is a file has exactly one. */
  readonly files: readonly DiscoveredFile[];
}

/** What a scan knows of a rom before it looks at the disk. */
export interface KnownRom {
  readonly romId: number;
  readonly fsName: string;
  readonly fsPath: string;
  readonly sizeBytes: number;
  /** Of the one file of a rom that is a file; null for a folder, and when the row never had a file. */
  readonly modifiedAtMs: number | null;
  readonly isHashed: boolean;
  readonly isMissing: boolean;
  readonly isFolder: boolean;
}

/** What a scan knows of one file of a rom. */
export interface KnownFile {
  readonly fileId: number;
  readonly romId: number;
  readonly fileName: string;
  readonly filePath: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number | null;
  readonly isMissing: boolean;
}

/** A rom that may have come from elsewhere on disk: it is gone from there, and its size is the same. */
export interface MoveCandidate {
  readonly romId: number;
  readonly fsName: string;
  readonly fsPath: string;
  readonly isFolder: boolean;
  readonly sizeBytes: number;
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
  readonly isMissing: boolean;
}

/** How the files of a known rom differ from those on disk. */
export interface FileChanges {
  readonly romId: number;
  readonly isFolder: boolean;
  /** Of all files that are there now. */
  readonly sizeBytes: number;
  readonly added: readonly DiscoveredFile[];
  /** Known files with another size or time, or that are back. */
  readonly changed: readonly (DiscoveredFile & { readonly fileId: number })[];
  readonly goneFileIds: readonly number[];
}

/** A rom whose hashes are not known yet. */
export interface PendingRom {
  readonly romId: number;
  readonly fsName: string;
  readonly fsPath: string;
  readonly isFolder: boolean;
  /** Every file that is there, by relative path in code-point order. */
  readonly files: readonly PendingFile[];
}

/** A file of a rom that is to be hashed. */
export interface PendingFile {
  readonly fileId: number;
  readonly fileName: string;
  readonly filePath: string;
  readonly sizeBytes: number;
  /** Its own hashes are known; those of the rom are not. */
  readonly isHashed: boolean;
}

/** Hashes of one file as it was on disk. */
export interface HashedFile {
  readonly fileId: number;
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
  /** SHA-1 that a CHD header names for its data; "" for other files. */
  readonly chdSha1: string;
  /** The hashes are those of what the file holds. */
  readonly isPacked: boolean;
  /** Null unless the hashes are those of all members of an archive. */
  readonly archiveMembers: readonly ArchiveMember[] | null;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** Hashes of a whole rom. */
export interface HashedRom {
  readonly romId: number;
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
  readonly raHash: string;
  /** False when one of its files could not be hashed; it waits for the next scan. */
  readonly isComplete: boolean;
}
