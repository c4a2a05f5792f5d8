/** Characters of a token in a link that is looked at; ours have about 400. */
export const LINK_TOKEN_CHARS_MAX = 8_192;
/** Milliseconds over which attempts with links are counted. */
export const LINK_ATTEMPTS_WINDOW_MS = 600_000;
/** Registrations tried from one address; several people may share one, and typing errors count. */
export const REGISTRATIONS_PER_ADDRESS_MAX = 20;
/** Reset links used or tried from one address. */
export const RESETS_PER_ADDRESS_MAX = 20;
/** Reset links asked for from one address. */
export const RESET_REQUESTS_PER_ADDRESS_MAX = 10;
