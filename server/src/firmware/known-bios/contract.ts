/** What is known of the one right content of a system file; "" and null where nothing is. */
export interface KnownBios {
  readonly sizeBytes: number | null;
  /** Lower-case hex, as all digests here. */
  readonly crc32: string;
  readonly md5: string;
  readonly sha1: string;
}

/** Known files by `<platform slug>:<file name>`; case counts. */
export type KnownBiosTable = ReadonlyMap<string, KnownBios>;
