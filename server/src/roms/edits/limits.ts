/** Characters of a rom's name, as in the compatible API. */
export const ROM_NAME_CHARS_MAX = 400;
/** Characters of a description; a few pages. */
export const ROM_SUMMARY_CHARS_MAX = 100_000;
/** Characters of a provider's id that is a text. */
export const PROVIDER_ID_CHARS_MAX = 100;
/** Characters of a web address. */
export const ROM_URL_CHARS_MAX = 2_048;
/** Addresses of screenshots of one rom. */
export const ROM_SCREENSHOT_URLS_MAX = 200;
/** Characters of what is stored of one provider, as JSON. */
export const METADATA_CHARS_MAX = 512 * 1024;
/** Levels of lists and objects in it; providers answer with three or four. */
export const METADATA_DEPTH_MAX = 32;
