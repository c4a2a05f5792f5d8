/** Milliseconds that connecting, greeting and each silence of the mail server may take. */
export const MAIL_STEP_TIMEOUT_MS = 10_000;
/** Milliseconds from handing a message over to the mail server's answer. */
export const MAIL_SEND_TIMEOUT_MS = 30_000;
/** Connections to the mail server at a time; messages beyond them wait for their turn. */
export const MAIL_CONNECTIONS_MAX = 2;
/** Messages that may be on their way at a time; more are refused, so that none waits for ever. */
export const MAIL_PENDING_MAX = 64;
/** Further tries after a connection that ended before the message was on its way. */
export const MAIL_RETRIES_MAX = 2;
