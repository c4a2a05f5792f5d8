/** Where roms lie: `roms/<platform>` (a) or `<platform>/roms` (b). */
export type LibraryStructure = "a" | "b";

/** How the library is laid out on disk right now. */
export interface LibraryLayout {
  /** Null when neither structure is there; a new library then becomes `a`. */
  readonly structure: LibraryStructure | null;
  /** Absolute path of the folder whose sub-folders are platforms. */
  readonly platformsPath: string;
  /** Disk number of that folder; another one than last time may be an absent mount. */
  readonly deviceNumber: bigint | null;
}

/** A folder that is a platform. */
export interface PlatformFolder {
  readonly fsSlug: string;
  /** Library-relative folder that holds the roms. */
  readonly romsPath: string;
  /** Library-relative folder that holds the firmware; it may not be there. */
  readonly firmwarePath: string;
}
