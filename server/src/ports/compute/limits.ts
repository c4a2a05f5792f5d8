/** Workers in one pool; above this the disks and the main thread are the limit, not the cores. */
export const WORKERS_MAX = 64;
/** Machine or container memory below which one worker must do: each costs a heap and a buffer. */
export const SINGLE_WORKER_BELOW_BYTES = 512 * 1024 * 1024;
/** Tasks waiting for a worker. Callers wait in turn, so this only stops one that starts tasks without waiting. */
export const WAITING_TASKS_MAX = 1024;
/** Progress of one task is passed on at most this often: a message costs about 40 µs of the main thread. */
export const PROGRESS_INTERVAL_MS = 100;
/** How long a cancelled task may go on before its worker is ended; a chunk takes a few ms, a hung mount for ever. */
export const CANCEL_GRACE_MS = 2_000;
/** The same when the pool closes: closing as a whole must take less than 1 s. */
export const CLOSE_GRACE_MS = 700;
/** An idle thread is ended after this: it holds 10 to 17 MB after work (measured), a new one starts in 7 ms. */
export const IDLE_THREAD_MS = 30_000;
/** Longest stretch a task holds the calling thread when it runs there; half a frame at 60 Hz. */
export const INLINE_SLICE_MS = 8;
/** One reusable buffer per worker. */
export const SCRATCH_MAX_BYTES = 16 * 1024 * 1024;
/** Bytes of one read while hashing: fits the second-level cache, and larger reads were not faster. */
export const HASH_BUFFER_BYTES = 256 * 1024;
/** Files in one hashing task; larger batches save nothing and delay progress and cancelling others. */
export const HASH_FILES_MAX = 10_000;
/** Bytes read of one file at a time while several are hashed in step: fewer seeks on a disk that turns. */
export const HASH_LANE_BYTES = 1024 * 1024;
/** Bytes of each file hashed between two checkpoints: four files take some 1.5 ms. */
export const HASH_LANE_STEP_BYTES = 256 * 1024;
/** Smaller files are hashed by themselves; from here on lanes are half as fast again (measured: 350, 520 MB/s). */
export const HASH_LANE_FILE_BYTES_MIN = 64 * 1024;
/** Members of one archive; MAME's largest sets have some 40,000. Each is a row in memory and in the answer. */
export const ARCHIVE_MEMBERS_MAX = 100_000;
/** Bytes at the end of a file in which the record that ends a zip is looked for: a comment's most, and the record. */
export const ZIP_END_SEARCH_BYTES = 65_536 + 22;
/** Bytes of a zip's directory: room for `ARCHIVE_MEMBERS_MAX` names of 280 bytes; it is held in memory. */
export const ZIP_DIRECTORY_BYTES_MAX = 32 * 1024 * 1024;
/** Packed members up to this are unpacked in one call, which costs a fifth of a stream. */
export const ZIP_INFLATE_AT_ONCE_BYTES = 1024 * 1024;
/** The same for what they hold, since a megabyte can hold a thousand. */
export const ZIP_INFLATED_AT_ONCE_BYTES = 4 * 1024 * 1024;
/** Bytes that any archive may hold: two seconds of hashing, whatever its packed size. */
export const UNPACKED_FREE_BYTES = 1024 * 1024 * 1024;
/** Beyond them, bytes for each packed byte; real games stay below 100, zeros reach 1,000 in a zip, 10,000 in a 7z. */
export const UNPACKED_RATIO_MAX = 250;
/** Bytes of one archive at all: five of the largest discs. */
export const UNPACKED_BYTES_MAX = 256 * 1024 * 1024 * 1024;
/** How long 7-Zip may give no byte at all: it finds the next one of a slow disk, a hung one has none. */
export const SEVEN_ZIP_SILENCE_MS = 60_000;
/** How often a running 7-Zip is looked after: silence, and whether the task was cancelled. */
export const SEVEN_ZIP_POLL_MS = 50;
/** Text of a listing; some 300 bytes for each of `ARCHIVE_MEMBERS_MAX` members, and long names. */
export const SEVEN_ZIP_LISTING_BYTES_MAX = 64 * 1024 * 1024;
/** End of what 7-Zip wrote to its error stream, for the message. */
export const SEVEN_ZIP_MESSAGE_BYTES_MAX = 4 * 1024;
/** Unpacked bytes that wait in memory for their turn; more goes into a temporary file. */
export const SPOOL_MEMORY_BYTES = 16 * 1024 * 1024;
/** Largest temporary file: a dual-layer disc and room. */
export const SPOOL_BYTES_MAX = 64 * 1024 * 1024 * 1024;
/** Free space that a temporary file leaves to others. */
export const SPOOL_FREE_BYTES_MIN = 512 * 1024 * 1024;
/** Bytes between two looks at the free space. */
export const SPOOL_CHECK_BYTES = 64 * 1024 * 1024;
/** Files that one game may name, in sheets and playlists: a disc has 99 tracks. */
export const RA_FILES_OPEN_MAX = 256;
/** Bytes at a file's start that tell what it is; a tar says so at 257. */
export const HEAD_BYTES = 512;
/** Bytes of an audio file in which tags are looked for, as in the compatible API. */
export const TRACK_FILE_BYTES_MAX = 512 * 1024 * 1024;
/** Bytes that reading the tags of one file may take in all: a few large pictures. */
export const TRACK_READ_BYTES_MAX = 64 * 1024 * 1024;
/** Bytes of one thing in a tag; a picture of a scanned sleeve at its largest. */
export const TRACK_TOKEN_BYTES_MAX = 32 * 1024 * 1024;
/** Reads of one file; the frames of a tag and the boxes of a container are some thousands. */
export const TRACK_READS_MAX = 500_000;
/** Milliseconds for the tags of one file, on a disk that has to wake up first. */
export const TRACK_READ_MS_MAX = 15_000;
/** Bytes read at once for the small pieces of a tag. */
export const TRACK_WINDOW_BYTES = 64 * 1024;
/** Bytes at the end of an Ogg file that hold its last page: a page has 64 KiB at most. */
export const OGG_TAIL_BYTES = 128 * 1024;
/** Bytes of an embedded cover that is kept. */
export const TRACK_COVER_BYTES_MAX = 8 * 1024 * 1024;
/** Characters of a title, an artist and an album, as in the compatible API. */
export const TRACK_TEXT_CHARS_MAX = 512;
/** Characters of a genre, as in the compatible API. */
export const TRACK_GENRE_CHARS_MAX = 255;
