import type { RelayRoomFacts } from "../../base/facts.ts";

/** Every maximum of the raw relay. Those that operators set stand in `RelayRoomLimits`. */

const MIB = 1024 * 1024;

/** What operators set, and tests turn. */
export type RelayRoomLimits = RelayRoomFacts;

/**
 * A player sends 60 inputs a second, twice as many while its way changes, and now and then a snapshot. Fifty rooms of
 * four from one address are 12,000 messages a second, none of which is counted by address.
 */
export const RELAY_ROOM_LIMITS: RelayRoomLimits = {
  roomsMax: 200,
  memoryBytesMax: 256 * MIB,
  graceMs: 30_000,
  memberMessagesPerSecond: 300,
  memberBytesPerSecond: 2 * MIB,
  roomMessagesPerSecond: 5_000,
  roomBytesPerSecond: 8 * MIB,
};

/** How many seconds' worth of messages may come at once: what a tab that slept sends when it wakes. */
export const MESSAGES_BURST_SECONDS = 4;
/** How many seconds' worth of bytes may come at once: two of the largest snapshots. */
export const BYTES_BURST_SECONDS = 16;

/** Seats of one room: RetroArch's and most cores' limit. */
export const SEATS_MAX = 16;
/** Bytes of one input: 16 buttons are 2, two sticks 4 more; a keyboard and a mouse fit. */
export const INPUT_BYTES_MAX = 64;
/** Frames for which inputs are kept: a second, the usual grace period at 60 frames a second, and twice that. */
export const WINDOW_FRAMES_MIN = 60;
export const WINDOW_FRAMES_DEFAULT = 1_800;
export const WINDOW_FRAMES_MAX = 3_600;
/** Spectators of one room; each costs a copy of everything. */
export const SPECTATORS_MAX = 32;
/** Members of one room over its life: their numbers are 16 bits, and 0 means all. */
export const MEMBER_NUMBER_MAX = 65_535;
/** Accounts that one room keeps out. */
export const BARRED_MAX = 200;
/** Rooms that one account has open: a club's evening, and not a whole process. */
export const ROOMS_PER_ACCOUNT_MAX = 64;

export const ROOM_NAME_CHARS_MAX = 64;
export const PLAYER_NAME_CHARS_MAX = 32;
export const PASSWORD_CHARS_MAX = 128;
/** Hex digits of a content hash: CRC-32 to SHA-512. */
export const CONTENT_HASH_CHARS_MIN = 8;
export const CONTENT_HASH_CHARS_MAX = 128;

/** Life of a ticket. Milliseconds. */
export const TICKET_TTL_MS = 30_000;
/** Wrong invites of one network address, and the window in which they count. Milliseconds. */
export const TRIES_MAX = 10;
export const TRIES_WINDOW_MS = 600_000;

/** Bytes of one part of a snapshot: small enough that inputs pass between two of them. */
export const PART_BYTES_MAX = 65_536;
/** Bytes of one message of a client: the largest is a part with its head. */
export const CLIENT_MESSAGE_BYTES_MAX = PART_BYTES_MAX + 8;
/** Bytes of a message or signal behind its head. */
export const TEXT_BYTES_MAX = 16_384;
/** Bytes of a ticket, or of what a rejoin shows. */
export const CREDENTIAL_BYTES_MAX = 128;
/** Bytes of one snapshot: states of disc-based machines are about that large. */
export const SNAPSHOT_BYTES_MAX = 16 * MIB;
/** Inputs in one message of the server, and their bytes. */
export const RECORDS_PER_MESSAGE_MAX = 2_000;
export const REPLAY_BYTES_MAX = 65_536;

/** Between two requests of the owner for a snapshot that somebody waits for. Milliseconds. */
export const ASK_AGAIN_MS = 5_000;
/** Between two answers to RESUME, and to SNAPSHOT_WANTED, of one member. Milliseconds. */
export const RESUME_EVERY_MS = 1_000;
export const WANTED_EVERY_MS = 5_000;

/** How late spectators are unless they say, and at most. Milliseconds. */
export const DELAY_DEFAULT_MS = 2_000;
export const DELAY_MS_MAX = 60_000;
/** How much of the window a delay may take: the rest is for a reader that is behind. */
export const DELAY_WINDOW_SHARE = 0.75;
/** Frames a second by which the length of a window is told in time. */
export const FRAMES_PER_SECOND = 60;

/** Between two pings of a member. Milliseconds. */
export const PING_EVERY_MS = 2_000;
/** Silence after which a member's connection is given up. Milliseconds. */
export const SILENCE_MS = 10_000;
/** Round trips that the delay of a member is made of: about four minutes. */
export const DELAYS_KEPT = 128;
/** Between two rosters that differ in delays only. Milliseconds. */
export const ROSTER_DELAYS_MS = 5_000;
/** Between two looks at what has run out. Milliseconds. */
export const SWEEP_MS = 500;
/** Between two looks at what spectators are due. Milliseconds. */
export const TICK_MS = 50;

/** How long a connection that we closed may take to go. Milliseconds. */
export const LINGER_MS = 3_000;
/** Between two looks at whether the accounts of members are still there. Milliseconds. */
export const ACCOUNTS_MS = 5_000;
/** How long a connection may take to say HELLO. Milliseconds. */
export const HELLO_MS = 10_000;
/** Bytes that wait for a member from which on inputs are left out for it. */
export const SKIP_ABOVE_BYTES = 256 * 1024;
/** Bytes that wait for a member from which on nothing is sent to it that can wait. */
export const PACE_ABOVE_BYTES = 128 * 1024;
/** Bytes that wait for a member from which on it is let go. */
export const CLOSE_ABOVE_BYTES = MIB;
/** How long a member may take nothing of what waits for it. Milliseconds. */
export const STUCK_MS = 10_000;
/** Connections of one process that have not said who they are. */
export const GREETINGS_MAX = 1_000;
/** Connections of one process: 200 full rooms with some spectators. */
export const CONNECTIONS_MAX = 5_000;
/** Failures of one network address within the window, after which it has to wait. Milliseconds. */
export const FAILURES_MAX = 60;
export const FAILURES_WINDOW_MS = 60_000;
/** Addresses whose failures are known at the same time; one costs about 200 bytes. */
export const FAILING_ADDRESSES_MAX = 20_000;

/** Rooms in one entry of the registry: at most 300 KB of the megabyte that one may have. */
export const ROOMS_PER_PAGE = 50;
/** How long an entry outlives its process. Milliseconds. */
export const PAGE_TTL_MS = 60_000;
/** How often entries are renewed. Milliseconds. */
export const PAGE_RENEW_MS = 20_000;
/** Between two writings of what changed. Milliseconds. */
export const PAGE_WRITE_MS = 250;
/** Rooms of one list, those that opened last. */
export const ROOMS_LISTED_MAX = 1_000;
