/** Collections of one rom that an answer names, the caller's own first; more are of no use on one page. */
export const MEMBERSHIPS_LISTED_MAX = 1_000;
