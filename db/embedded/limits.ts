/** Every maximum and wait of the embedded database, with its unit and reason. */

/** A stopping container may hold the folder for docker's longest usual grace period. */
export const LOCK_WAIT_MS = 30_000;
export const LOCK_POLL_MS = 200;
/** A lock file larger than this was not written by us. */
export const LOCK_TEXT_BYTES_MAX = 4_096;

/** `sockaddr_un` holds 108 bytes on Linux and 104 on macOS, one of them the closing zero. */
export const SOCKET_PATH_BYTES_MAX = process.platform === "darwin" ? 103 : 107;

/** Running one helper program such as `postgres --version`: milliseconds, seconds on a cold disk of a NAS. */
export const PROBE_TIMEOUT_MS = 30_000;
/** initdb takes 0.6 s on a fast disk; a Raspberry Pi with an SD card needs tens of seconds. */
export const INITDB_TIMEOUT_MS = 300_000;
/** Output kept of a helper program for its error message. */
export const PROGRAM_OUTPUT_BYTES_MAX = 16_384;

/** An orphaned server gets a fast stop, then an immediate one, then its processes are killed. */
export const ORPHAN_FAST_STOP_MS = 10_000;
export const ORPHAN_QUIT_MS = 5_000;
export const ORPHAN_KILL_MS = 5_000;
/** Backends notice the death of their postmaster by themselves, normally within milliseconds. */
export const ORPHAN_CHILDREN_MS = 2_000;
export const PROCESS_POLL_MS = 20;

/** Crash recovery replays at most max_wal_size (256 MB) of log; minutes only on very slow disks. */
export const READY_WAIT_MS = 600_000;
export const READY_POLL_MS = 5;
/** One line per this long wait tells an operator that the start is alive. */
export const READY_LOG_EVERY_MS = 10_000;

/** Five tries in five minutes; more means something that a restart does not cure. */
export const RESTARTS_MAX = 5;
export const RESTART_WINDOW_MS = 300_000;
export const RESTART_DELAYS_MS: readonly number[] = [200, 500, 1_000, 2_000, 4_000];

/** Fast stop (SIGINT) normally takes 0.1 s; the whole server has 8 s to leave, most of it for draining. */
export const STOP_GRACE_MS = 2_000;
/** After SIGQUIT the server leaves without a checkpoint and recovers at its next start. */
export const STOP_QUIT_MS = 1_000;
export const STOP_KILL_MS = 1_000;

/** Lines of the server's output kept for the message of a failed start. */
export const LOG_TAIL_LINES_MAX = 20;
/** A longer line of the server's output is cut; statements are never logged, so this is rare. */
export const LOG_LINE_CHARS_MAX = 4_096;

/** A new cluster is 39 MB, its database 8 MB, and the first WAL segments 32 MB; rounded up. */
export const NEW_CLUSTER_BYTES_MIN = 96 * 1024 * 1024;
/** Recovery may need one further WAL segment of 16 MB. */
export const START_BYTES_MIN = 20 * 1024 * 1024;

/** Room set aside for one start on a full disk: its recovery, and the tables that a clean-up writes to. */
export const BALLAST_BYTES = 32 * 1024 * 1024;
/** What must stay free beside it when it is put there. */
export const BALLAST_ROOM_BYTES = 512 * 1024 * 1024;
export const BALLAST_EVERY_MS = 60_000;

/** Below this much free /dev/shm dynamic shared memory moves to files. */
export const SHARED_MEMORY_BYTES_MIN = 32 * 1024 * 1024;

/** Requests, jobs, LISTEN and the command line together; each connection costs memory. */
export const CONNECTIONS_MAX = 40;
