/** A file in a platform folder that has no row yet. */
export interface DiscoveredRom {
  readonly fsName: string;
  /** Library-relative folder. */
  readonly fsPath: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** What a scan knows of a rom before it looks at the disk. */
export interface KnownRom {
  readonly romId: number;
  readonly fileId: number | null;
  readonly fsName: string;
  readonly fsPath: string;
  readonly sizeBytes: number;
  /** Null when the row never had a file. */
  readonly modifiedAtMs: number | null;
  readonly isHashed: boolean;
  readonly isMissing: boolean;
  readonly isFolder: boolean;
}

/** A file whose hashes are not known yet. */
export interface PendingFile {
  readonly fileId: number;
  readonly romId: number;
  readonly fileName: string;
  readonly filePath: string;
  readonly sizeBytes: number;
}

/** Hashes of one file as it was on disk. */
export interface HashedFile {
  readonly fileId: number;
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}
