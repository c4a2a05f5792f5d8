/** Characters of one genre, company and the like, as in the compatible API; more would not fit into an index. */
export const VALUE_CHARS_MAX = 400;
/** Values of one such list of one rom. */
export const VALUES_MAX = 200;
/** The last moment that an answer can show, in milliseconds. */
export const RELEASED_AT_MAX_MS = Date.parse("9999-12-31T23:59:59.999Z");
