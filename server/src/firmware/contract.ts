/** A firmware file on disk. */
export interface DiscoveredFirmware {
  readonly fileName: string;
  /** Library-relative folder. */
  readonly filePath: string;
  readonly sizeBytes: number;
}

/** What a scan knows of a firmware file. */
export interface KnownFirmware {
  readonly firmwareId: number;
  readonly fileName: string;
  readonly filePath: string;
  readonly sizeBytes: number;
  readonly isHashed: boolean;
  readonly isMissing: boolean;
}

/** A firmware file with its digests, lower-case hex. */
export interface HashedFirmware extends DiscoveredFirmware {
  /** Null for one that has no row yet. */
  readonly firmwareId: number | null;
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
}
