/** Bytes that are moved at a time, and the largest piece of a file that is held for it. */
export const PIECE_BYTES = 256 * 1024;
/** Bytes of a patch that are read ahead. */
export const CURSOR_BYTES = 64 * 1024;
/** Bytes of a target that wait to be written together. */
export const APPEND_BYTES = 256 * 1024;
/** Work between two turns of others; some two milliseconds. */
export const WORK_STEP_BYTES = 1024 * 1024;
/** What one instruction of a patch costs beside the bytes it moves, in bytes of the same work. */
export const INSTRUCTION_WORK_BYTES = 512;
/** How often a patch may write its target over: real ones write each place once, after the copy of the source. */
export const REWRITES_MAX = 8;
/** Bytes that may always be written, for the smallest files. */
export const REWRITE_FREE_BYTES = 64 * 1024 * 1024;
/** Target bytes of one VCDIFF window, which is held in memory; encoders use 8 MiB, and 16 at most. */
export const VCDIFF_WINDOW_BYTES_MAX = 64 * 1024 * 1024;
/** Instructions of a BSDIFF patch that move nothing: its encoder writes none. */
export const BSDIFF_IDLE_MAX = 100_000;
/** Bytes of a mark at the beginning of a patch, by which its format is told. */
export const MARK_BYTES = 8;
