/** Characters of a folder name, a slug, or a pattern of an exclusion; file systems end at 255 bytes. */
export const NAME_CHARS_MAX = 255;
/** Sources, media, regions or languages in one order of precedence. */
export const PRIORITY_ITEMS_MAX = 100;
/** Characters of a region or language code. */
export const CODE_CHARS_MAX = 32;
