/** Saves, and states, of one rom that an answer lists, the caller's own and newest first; the others have lists of their own. */
export const VERSIONS_LISTED_MAX = 1_000;
/** Pictures of one rom that an answer lists; one for each save and state. */
export const PICTURES_LISTED_MAX = 2_000;
