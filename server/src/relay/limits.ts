/** Every maximum of the relay. Those that tests and operators of large communities turn stand in `RelayLimits`. */

/** Bytes of an id on the wire. */
export const ID_BYTES = 12;
/** The same as base64. */
export const ID_CHARS = 16;

/** How long a connection may take to say what it wants; RetroArch says it at once. Milliseconds. */
export const GREETING_MS = 10_000;
/** How long a user waits for the host's link; RetroArch itself gives up after 11 s. Milliseconds. */
export const LINK_WAIT_MS = 15_000;
/** Bytes a user may send before it is linked: its netplay header has 24. */
export const EARLY_BYTES_MAX = 1_024;
/** Silence of a host after which it is pinged; a paused one answers late. Milliseconds. */
export const PING_AFTER_MS = 30_000;
/** Pings in a row that a host may leave unanswered: it is gone after 120 s of silence. */
export const PINGS_MISSED_MAX = 3;
/** Silence of a linked pair, in both directions, after which it is closed. Milliseconds. */
export const PIPE_IDLE_MS = 120_000;
/** How long somebody may read nothing of what waits for him; RetroArch hangs up after 5 to 10 s. Milliseconds. */
export const SLOW_READER_MS = 10_000;
/** Bytes that wait for a reader from which on nothing more is read from the other side. */
export const PAUSE_ABOVE_BYTES = 64 * 1024;
/** Bytes that may wait for one reader in our memory: what was read before the pause took hold. */
export const WAITING_BYTES_MAX = 2 * 1024 * 1024;
/** How long the last bytes of a closing connection may take. Milliseconds. */
export const LINGER_MS = 3_000;
/** Silence after which the system asks whether the other side is still there. Milliseconds. */
export const KEEP_ALIVE_MS = 30_000;
/** Between two looks at a part of what may have run out: all of it once a second. Milliseconds. */
export const TICK_MS = 20;
/** Parts of which one is looked at each time, and what is looked at in any case. */
export const SWEEP_PARTS = 50;
export const SWEEP_MIN = 64;
/** Bytes of each direction in which nick, game and core are looked for: header 24, nick 40, info 76. */
export const TAP_BYTES_MAX = 140;
/** Between two tries to listen on a port that is taken, such as during a rolling restart. Milliseconds. */
export const LISTEN_RETRY_MS = 10_000;

/** How much of the relay there is, and how much of it one address may have. */
export interface RelayLimits {
  readonly sessionsMax: number;
  readonly connectionsMax: number;
  readonly sessionsPerAddressMax: number;
  readonly connectionsPerAddressMax: number;
  /** New connections of one address within `CONNECT_WINDOW_MS`. */
  readonly connectsPerAddressMax: number;
  /** Bytes of one address: at once, and for every second after. */
  readonly bytesBurst: number;
  readonly bytesPerSecond: number;
}

/** Users of one session, beside its host: RetroArch has 16 places. */
export const USERS_PER_SESSION_MAX = 15;
/** Networks that one session keeps out; the first of more may come back. */
export const BANNED_NETWORKS_MAX = 100;
/** Links that a host opens at the same time; RetroArch drops more. */
export const LINKS_PENDING_MAX = 8;
/** Window of `connectsPerAddressMax`. Milliseconds. */
export const CONNECT_WINDOW_MS = 60_000;
/** Addresses that a full table is swept for before a new one is refused; one costs about 200 bytes. */
export const ADDRESSES_MAX = 50_000;

/**
 * What a server at home or of a community needs, with room: behind a container's network everybody has one address.
 * Players send 1.2 kB a second each; joining takes a state of up to several MB.
 */
export const RELAY_LIMITS: RelayLimits = {
  sessionsMax: 5_000,
  connectionsMax: 16_000,
  sessionsPerAddressMax: 64,
  connectionsPerAddressMax: 512,
  connectsPerAddressMax: 600,
  bytesBurst: 64 * 1024 * 1024,
  bytesPerSecond: 2 * 1024 * 1024,
};

/** Sessions in one entry of the registry: at most 400 KB of the megabyte that one may have. */
export const SESSIONS_PER_PAGE = 250;
/** How long an entry outlives its process. Milliseconds. */
export const PAGE_TTL_MS = 30_000;
/** How often entries are renewed. Milliseconds. */
export const PAGE_RENEW_MS = 10_000;
/** Between two writings of what changed. Milliseconds. */
export const PAGE_WRITE_MS = 250;
/** Sessions of one list, those that opened last. */
export const SESSIONS_LISTED_MAX = 500;
/** Roms with the checksum of a session that are looked at: copies, and hidden ones before a visible one. */
export const ROMS_PER_CHECKSUM_MAX = 20;
/** How long a claim is kept; it ends with its session before that. Milliseconds. */
export const CLAIM_TTL_MS = 24 * 60 * 60 * 1_000;
/** How long after its opening a session may be claimed by those who share the host's address. Milliseconds. */
export const CLAIM_WINDOW_MS = 30 * 60 * 1_000;

/** Addresses that are banned at the same time; more would belong into a firewall. */
export const BANS_MAX = 1_000;
/** Life of a ban that names none, and the longest. Milliseconds. */
export const BAN_DEFAULT_MS = 24 * 60 * 60 * 1_000;
export const BAN_MS_MAX = 365 * 24 * 60 * 60 * 1_000;

/** Rooms announced by hosts of elsewhere; a lobby of one's own community. */
export const ROOMS_MAX = 500;
/** Rooms that one address may announce. */
export const ROOMS_PER_ADDRESS_MAX = 32;
/** How long a room is listed after it was announced: RetroArch repeats it every 20 s. Milliseconds. */
export const ROOM_TTL_MS = 60_000;
/** How soon a room may be announced again. Milliseconds. */
export const ROOM_REPEAT_MS_MIN = 5_000;
/** Characters of a user name, RetroArch's version and a session in an announcement. */
export const ROOM_WORD_CHARS_MAX = 32;
/** Characters of its other texts. */
export const ROOM_TEXT_CHARS_MAX = 255;
