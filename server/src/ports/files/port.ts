/** What an entry is, as far as the library cares. */
export type EntryKind = "file" | "folder" | "other";

/** One entry of a folder. */
export interface DirectoryEntry {
  /** The name as text; null when its bytes are not valid UTF-8 and no path can be written for it. */
  readonly name: string | null;
  /** The name's bytes as the disk has them, without the folder. */
  readonly rawName: Uint8Array;
  /** For a link the kind of what it points at; `other` when that is missing, a loop or unreachable. */
  readonly kind: EntryKind;
  readonly isLink: boolean;
}

/** What the file system says about a path, links followed. */
export interface FileFacts {
  readonly sizeBytes: number;
  /** Milliseconds since 1970, rounded down. */
  readonly modifiedAtMs: number;
  readonly kind: EntryKind;
  /** Differs between mounts; not stable across reboots on every system. */
  readonly deviceId: bigint;
  /** With `deviceId` names the file itself; survives a rename. */
  readonly inode: bigint;
  /** The twelve permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Room on the file system of a path. */
export interface FreeSpace {
  /** What we may still write; root's reserve is not counted. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** A name such as `ext4`, `nfs`, `fuse`; null when the number is not known to us. */
  readonly fsType: string | null;
}

/** A part of a file, like `slice`: from `start`, up to and without `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** How a file is written. */
export interface WriteOptions {
  readonly mode?: number | undefined;
  readonly isDurable?: boolean | undefined;
  readonly expectedBytes?: number | undefined;
}

/** The bytes of a new file. A `ReadableStream` off the network goes to the disk without passing through here. */
export type FileContent = string | Uint8Array | AsyncIterable<Uint8Array>;

/**
 * The disk. Services never touch `node:fs`; paths are absolute text. Every member throws, with the path in
 * message and details: `FILES_NOT_FOUND`, `FILES_FORBIDDEN` (with our uid:gid and the entry's owner and
 * mode), `FILES_UNREADABLE`, `FILES_READ_ONLY`, `FILES_EXISTS`, `FILES_WRONG_KIND`, `FILES_BUSY`,
 * `FILES_NAME_INVALID`, and `STORAGE_FULL` where it writes.
 */
export interface Files {
  /**
   * Lists a folder, unsorted, without `.` and `..`. Names are the disk's: neither normalised nor filtered.
   * @throws AppError `FILES_TOO_LARGE` over `FILES_FOLDER_ENTRIES_MAX` entries.
   */
  list(folder: string): Promise<readonly DirectoryEntry[]>;

  /** The facts of a path, or null when nothing can be there (absent, dangling link, over-long name). */
  find(path: string): Promise<FileFacts | null>;

  /** Whether this process may write the path; false also when it is absent or mounted read-only. */
  canWrite(path: string): Promise<boolean>;

  /**
   * Reads a small file as UTF-8, without its byte order mark.
   * @throws AppError `FILES_TOO_LARGE` over `maxBytes`, `FILES_NOT_TEXT` when the bytes are not UTF-8.
   */
  readText(path: string, options: { maxBytes: number }): Promise<string>;

  /**
   * Creates or replaces a file so that after a crash either the old or the complete new one is there, on
   * disk. Writes a neighbour named `.multitap-….partial` first, which goes away on failure; after a power
   * loss it may stay (`isPartialName`). The content is read once and never held as a whole.
   * @param options.mode Exact permission bits; absent leaves them to the umask.
   * @param options.isDurable False leaves it to the system when the bytes reach the disk: they survive the end of
   * this process, but not a power loss. For what can be sent again.
   * @param options.expectedBytes Fails with `FILES_CHANGED` when the content turns out to have another length.
   */
  writeAtomic(path: string, content: FileContent, options?: WriteOptions): Promise<void>;

  /**
   * Makes a new file of others, one behind the other, on disk. The system copies, or shares the bytes where it
   * can: nobody may write into the parts afterwards. On failure nothing stays.
   * @throws AppError `FILES_EXISTS` when something is at `path`.
   */
  concatenate(parts: readonly string[], path: string): Promise<void>;

  /**
   * Moves a file within one file system to a name that is free, and makes the move durable. Of any number of
   * callers for one name exactly one succeeds; on file systems without hard links, such as SMB, only callers of
   * this process are kept apart.
   * @throws AppError `FILES_EXISTS` when something is at `to`, which stays as it is.
   */
  publish(from: string, to: string): Promise<void>;

  /** Creates a folder and its missing parents; an existing folder stays as it is. */
  createFolder(path: string, options?: { mode?: number | undefined }): Promise<void>;

  /**
   * Removes a file, a link (never its target) or an empty folder; with `recursive` also a full one.
   * @returns False when nothing was there.
   */
  remove(path: string, options?: { recursive?: boolean | undefined }): Promise<boolean>;

  /**
   * Moves an entry within one file system, replacing a file at `to`, and makes the move durable.
   * @throws AppError `FILES_OTHER_DEVICE` when the two are on different file systems.
   */
  rename(from: string, to: string): Promise<void>;

  /**
   * Opens a file for a download. The stream reads only as it is drained, holds one chunk, and closes the file
   * at its end, on failure and on cancel; a caller who got it must do one of the three.
   * @param range Fails the stream with `FILES_CHANGED` when the file turns out shorter; absent reads all.
   */
  openRead(path: string, range?: ByteRange): Promise<ReadableStream<Uint8Array>>;

  /**
   * A lazy body for a response: the runtime sends it from the kernel with its length known, several times
   * faster than a stream. Nothing is opened yet, so nothing has to be closed.
   */
  openBlob(path: string, range?: ByteRange): Promise<Blob>;

  /** The path with every link resolved. */
  realPath(path: string): Promise<string>;

  /** Room on the file system that holds the path. */
  freeSpace(path: string): Promise<FreeSpace>;
}

const PARTIAL_NAME = /^\.multitap-[0-9a-f]{16}\.partial$/;

/** Makes such a name of 16 hex digits; scans pass over it. */
export function toPartialName(token: string): string {
  return `.multitap-${token}.partial`;
}

/** Tells names that `writeAtomic` uses on its way; one found at start is a leftover of a crash. */
export function isPartialName(name: string): boolean {
  return PARTIAL_NAME.test(name);
}
