/** Time for one exchange, and bytes of its answer, when the caller says nothing. */
export const FETCH_TIMEOUT_MS = 30_000;
export const FETCH_BYTES_MAX = 16 * 1_024 * 1_024;

/** Redirects that are followed. */
export const FETCH_REDIRECTS_MAX = 5;

/** Addresses of one name that are tried; of more, the first ones. */
export const FETCH_ADDRESSES_MAX = 3;

/** Silence after which a streamed body counts as broken, and the longest life of one. */
export const FETCH_IDLE_MS = 30_000;
export const FETCH_STREAM_MS_MAX = 60 * 60 * 1_000;

/** Calls to one host at a time when the caller says nothing, and calls that may wait for it. */
export const FETCH_HOST_RUNNING_MAX = 4;
export const FETCH_HOST_WAITING_MAX = 256;

/** Calls to all hosts at a time: each holds a connection. */
export const FETCH_RUNNING_MAX = 32;
export const FETCH_WAITING_MAX = 1_024;

/** Hosts whose pace is remembered; the one that rests longest is forgotten first. */
export const FETCH_HOSTS_MAX = 1_000;

/** How often a call is sent again to a host that asked to wait, and the longest such wait that is sat out. */
export const FETCH_RETRIES_MAX = 2;
export const FETCH_WAIT_MS_MAX = 30_000;

/** Rest of a host that answered 429 without saying how long, and the longest rest that is believed. */
export const FETCH_PAUSE_MS = 2_000;
export const FETCH_PAUSE_MS_MAX = 24 * 60 * 60 * 1_000;

/** Characters of an address that are logged. */
export const FETCH_LOGGED_CHARS_MAX = 300;
