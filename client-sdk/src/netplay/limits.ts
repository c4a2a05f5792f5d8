/** Bytes of inputs and messages that may wait for the relay; what comes on top would only arrive late. */
export const QUEUE_BYTES_MAX: number = 64 * 1024;
/** Bytes that may wait on a direct path; the next packet repeats what is left out. */
export const DIRECT_QUEUE_BYTES_MAX: number = 16 * 1024;
/** Bytes of one MESSAGE or SIGNAL; the server refuses more. */
export const MESSAGE_BYTES_MAX = 16_384;
/** Bytes of one snapshot; the server refuses more. */
export const SNAPSHOT_BYTES_MAX: number = 16 * 1024 * 1024;
/** Bytes of one SNAPSHOT_PART; the server refuses more. */
export const SNAPSHOT_PART_BYTES: number = 64 * 1024;
/** Parts on their way without an answer, so that inputs never wait long behind them. */
export const SNAPSHOT_PARTS_MAX = 4;
/** How long a snapshot may take unless its caller says. */
export const SNAPSHOT_TIMEOUT_MS = 120_000;
/** Largest `inputWindow` that is believed: more is no server of ours, and would be allocated. */
export const INPUT_WINDOW_MAX = 3_600;
/** Largest `inputBytes` that is believed. */
export const INPUT_BYTES_MAX = 64;
/** Seats are numbered below this. */
export const SEATS_MAX = 16;

/** How long a connection may take until its WELCOME; the server waits as long for a HELLO. */
export const WELCOME_TIMEOUT_MS = 10_000;
/** Silence after which a connection counts as cut: three pings of the server. */
export const SILENCE_MS = 6_000;
/** How often the round trip is measured, and sent inputs are known to have arrived. */
export const PING_MS = 1_000;
/** Upper end of the first random pause between two tries; it doubles each time. */
export const REJOIN_BASE_MS = 200;
/** Upper end of any such pause: the grace is short. */
export const REJOIN_MAX_MS = 3_000;
/** Pause when another process has the room: one of the next tries lands there. */
export const ELSEWHERE_MS = 100;
/** The most that chance adds to that pause. */
export const ELSEWHERE_CHANCE_MS = 400;
/** Least pause after a budget was spent. */
export const BUDGET_PAUSE_MS = 1_000;
/** Times in a row that the server may refuse this client's own messages before it gives up. */
export const OWN_FAULTS_MAX = 3;
/** How long a close in order may take. */
export const LEAVE_TIMEOUT_MS = 1_000;
/** Round trips that median and p99 are taken of. */
export const ROUND_TRIPS_MAX = 128;

/** How often lacking inputs are looked for. */
export const LACK_CHECK_MS = 250;
/** First pause between two questions for inputs; the server answers at most one a second. */
export const RESUME_PAUSE_MS = 1_050;
/** Longest such pause. */
export const RESUME_PAUSE_MAX_MS = 8_000;

/** Inputs in a packet of a direct path: so many packets in a row may be lost. */
export const PACKET_INPUTS_MAX = 8;
/** How often a packet goes out on a direct path when there is no new input, and its silence is looked at. */
export const DIRECT_TICK_MS = 125;
/** Silence after which a direct path is given up. */
export const DIRECT_SILENCE_MS = 500;
/** How long inputs travel on both paths after a change. */
export const OVERLAP_MS = 1_000;
/** How long a direct path may take until it has answered. */
export const UPGRADE_TIMEOUT_MS = 15_000;
/** First pause before a direct path is tried again; it doubles each time. */
export const UPGRADE_PAUSE_MS = 2_000;
/** Longest such pause. */
export const UPGRADE_PAUSE_MAX_MS = 60_000;
/** A direct path that held so long makes later failures count from one again. */
export const DIRECT_HEALTHY_MS = 30_000;
/** Candidates of one attempt that are kept while its description is on the way. */
export const CANDIDATES_MAX = 64;
/** Credentials of ICE servers are asked for again when they are older. */
export const ICE_SERVERS_MAX_AGE_MS = 600_000;

/** How long a watcher waits before it asks again unless something happens: RetroArch's rooms raise no events. */
export const WATCH_EVERY_MS = 15_000;
