/** Arcade games: the file's name is what is hashed. */
export const ARCADE = 27;

/** Consoles whose hash is that of the whole file. */
export const WHOLE_FILE_CONSOLES: readonly number[] = [
  1, 4, 5, 6, 10, 11, 14, 15, 17, 23, 24, 25, 28, 29, 30, 32, 33, 37, 38, 44, 45, 46, 47, 53, 57, 59, 63, 65,
  69, 72, 73, 74, 75, 79, 80,
];

/** Consoles whose rules are loaded when they are first needed. */
export const ON_DEMAND_CONSOLES: readonly number[] = [
  9, 12, 16, 19, 21, 26, 39, 40, 41, 43, 49, 56, 62, 71, 76, 77,
];

const WITH_PLAYLISTS = new Set([1, 9, 12, 21, 29, 30, 37, 38, 39, 40, 43, 47, 49, 76]);
const FROM_MEMORY = new Set([...WHOLE_FILE_CONSOLES, 2, 3, 7, 8, 13, 18, 51, 55, 62, 71, 78, 81]);

/** Tells whether a `.m3u` stands for its first entry on this console. */
export const hasPlaylists = (consoleId: number): boolean => WITH_PLAYLISTS.has(consoleId);

/** Tells whether the console's rule needs one file's bytes and nothing else. */
export const takesMemory = (consoleId: number): boolean => FROM_MEMORY.has(consoleId);
