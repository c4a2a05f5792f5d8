/** Milliseconds that a reset link counts, as in the compatible API. */
export const RESET_LIFE_MS = 600_000;
/** Milliseconds in which an account gets no second reset link. */
export const RESET_REQUEST_INTERVAL_MS = 60_000;
/** Reset links of one account within `RESET_REQUESTS_WINDOW_MS`. */
export const RESET_REQUESTS_PER_ACCOUNT_MAX = 5;
export const RESET_REQUESTS_WINDOW_MS = 60 * 60 * 1000;
/** Reset links that are written and mailed at once in one process. */
export const RESET_LINKS_SENT_MAX = 4;
/** Reset links that wait for their turn; more are dropped, and the log says so. */
export const RESET_LINKS_WAITING_MAX = 64;
