/** Time between two pings of the server; below the idle time-outs of common proxies (60 and 100 s). */
export const PING_INTERVAL_MS = 25_000;
/** How long a ping may stay unanswered. */
export const PING_TIMEOUT_MS = 60_000;
/** Largest message or polling body of this endpoint, in bytes; the port as a whole allows more. */
export const MESSAGE_BYTES_MAX = 1_000_000;
/** How long a session may stand without joining the namespace. */
export const CONNECT_TIMEOUT_MS = 15_000;
/** Open sessions of one process. */
export const SESSIONS_MAX = 4_000;
/** Open sessions of one network address; behind one household's or proxy's address there are many browsers. */
export const SESSIONS_PER_ADDRESS_MAX = 500;

/** Span over which what a client sends is counted. */
export const BUDGET_WINDOW_MS = 10_000;
/** Bytes of one session within the span: two of the largest messages. */
export const BUDGET_BYTES = 2_000_000;
/** Messages of one session within the span, pongs included. */
export const BUDGET_MESSAGES = 200;
/** Events of one socket within the span; one more is refused, and answered so. */
export const BUDGET_EVENTS = 60;
/** Events of one socket that wait for the one being handled. */
export const EVENTS_WAITING_MAX = 16;
/** Arguments of one event; the compatible events take one. */
export const ARGUMENTS_MAX = 16;
/** Characters of a name that may be the name of an event. */
export const EVENT_NAME_CHARS_MAX = 64;
/** Characters of a token in the handshake; our longest are far below. */
export const TOKEN_CHARS_MAX = 8_192;

/** Bytes that wait for a client, from which on what it can do without is left out. */
export const BUFFERED_SKIP_BYTES = 2_000_000;
/** Bytes that wait for a client, from which on it is let go: it reads too slowly. */
export const BUFFERED_CLOSE_BYTES = 8_000_000;

/** How often the accounts behind open sockets are asked for again: a socket goes within 5 s of its account. */
export const SWEEP_MS = 2_000;
/** Accounts asked for at the same time, so that a sweep leaves the database to others. */
export const SWEEP_IN_FLIGHT = 8;
/** Pause before a feed that could not be opened is opened again. */
export const FEED_RETRY_MS = 500;
/** How long a closing endpoint lets clients take what is written. */
export const CLOSE_MS = 300;

/** How long a listener of a stream may take to say who it is. */
export const STREAM_HELLO_MS = 10_000;
/** Characters of the one message of a listener: a token and what it asks for. */
export const STREAM_HELLO_CHARS_MAX = 16_384;
/** How often a stream says that it lives; as over HTTP. */
export const STREAM_PING_MS = 15_000;
/** Bytes that wait for a listener, from which on nothing more is fetched for it. */
export const STREAM_WAITING_BYTES = 256_000;
/** How long a listener may leave those unread. */
export const STREAM_DRAIN_MS = 30_000;
/** Open streams of one process. */
export const STREAMS_MAX = 4_000;
/** Open streams of one network address; behind one household's or proxy's address there are many browsers. */
export const STREAMS_PER_ADDRESS_MAX = 500;

/** Attachments of one event that is passed on; savestates are one. */
export const ATTACHMENTS_MAX = 10;
/** Bytes that wait for a member of a channel, from which on it misses what is of use only at once: 10 s of inputs. */
export const PASSED_SKIP_BYTES = 256_000;
/** Bytes that wait for a member, from which on it is let go: the largest event, and what came behind it. */
export const PASSED_CLOSE_BYTES = 24 * 1024 * 1024;
/** How long a member may be behind: 16 MiB at 4 Mbit/s. */
export const PASSED_BEHIND_MS = 35_000;
