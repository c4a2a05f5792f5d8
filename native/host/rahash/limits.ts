/** Most bytes of one file that count, in whole files and in files on discs: part of how the hash is defined. */
export const HASHED_FILE_BYTES_MAX = 64 << 20;

/** Most bytes of one hash: a Wii disc with many partitions comes to some 640 MiB; stops names that repeat. */
export const HASHED_BYTES_MAX = 2 ** 30;

/** Bytes of one read: large enough to keep a disc or a network busy. */
export const READ_BYTES = 1 << 20;

/** Largest cue or gdi sheet: 99 tracks with long names take some 40 KiB. */
export const SHEET_BYTES_MAX = 256 << 10;

/** Most tracks of a sheet: a disc has 99. */
export const TRACKS_MAX = 99;

/** Most playlists behind one another: ends a playlist that names itself. */
export const PLAYLISTS_MAX = 8;

/** Bytes of a playlist that count: part of how its first entry is defined. */
export const PLAYLIST_BYTES = 1023;

/** Most sectors of a directory on a disc (2 MiB); the largest known have a few dozen. */
export const DIRECTORY_SECTORS_MAX = 1024;

/** Most directory blocks of a 3DO disc: ends a chain that runs in a circle. */
export const OPERA_BLOCKS_MAX = 4096;

/** Largest ZIP directory: some 200,000 entries. It is sorted, so it has to be in memory. */
export const ZIP_DIRECTORY_BYTES_MAX = 16 << 20;

/** How often a deflated ZIP member is unpacked from its start again because a rule reads backwards. */
export const INFLATE_RESTARTS_MAX = 16;

/** Most bytes of a ZIP member that are unpacked for one hash, those that are passed over included. */
export const UNPACKED_BYTES_MAX = 2 ** 30;

/** Most partitions of a Wii disc in all four tables; the discs with the most have some 30. */
export const WII_PARTITIONS_MAX = 128;

/** Largest block of a CISO, ZISO or DAX image. */
export const IMAGE_BLOCK_BYTES_MAX = 1 << 20;

/** Most areas of stored blocks in a DAX image. */
export const DAX_AREAS_MAX = 8192;

/** Largest chunk of an RVZ or WIA image: the largest that Dolphin writes. */
export const RVZ_CHUNK_BYTES_MAX = 2 << 20;

/** Largest unpacked table of an RVZ or WIA image: 8 bytes for each 32 KiB of a dual-layer disc, with room. */
export const RVZ_TABLE_BYTES_MAX = 8 << 20;
