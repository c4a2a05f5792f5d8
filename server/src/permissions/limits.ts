/** Milliseconds for which a process may act on permissions that another process has changed since. */
export const SCOPES_TTL_MS = 30_000;
/** Accounts whose scopes are kept in memory. */
export const SCOPES_CACHED_MAX = 10_000;
/** Grants or overrides read for one account; entities times actions is less. */
export const GRANTS_MAX = 100;
