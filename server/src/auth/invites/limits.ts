/** Milliseconds that an invite link may count: a year. */
export const INVITE_LIFE_MS_MAX = 365 * 24 * 60 * 60 * 1000;
