// The numbers that cross the boundary. 0 is success, so an answer that counts something is never negative.
// Read by the host as well, hence no AssemblyScript types here.

/** It worked. */
export const OK = 0;
/** The compressed bytes break the rules of their format. */
export const ERROR_DATA = -1;
/** The compressed bytes end before the hunk is full. */
export const ERROR_TRUNCATED = -2;
/** The compressed bytes go on after the hunk is full. */
export const ERROR_OVERLONG = -3;
/** A part of the format that no CHD writer uses: a zstd dictionary, more than 16 bits a sample. */
export const ERROR_UNSUPPORTED = -4;
/** No codec has this number. */
export const ERROR_CODEC = -5;
/** The hunk size does not suit the codec. */
export const ERROR_HUNK_BYTES = -6;
/** The memory cannot grow that far. */
export const ERROR_MEMORY = -7;
/** The map's tree of code lengths is wrong. */
export const ERROR_MAP_TREE = -8;
/** The map's bits hold a code, type or number that means nothing. */
export const ERROR_MAP_DATA = -9;
/** The map's bits end before all hunks are known. */
export const ERROR_MAP_TRUNCATED = -10;
