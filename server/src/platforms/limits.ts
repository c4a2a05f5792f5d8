/** Characters of the operator's own name for a platform, as in the compatible API. */
export const PLATFORM_NAME_CHARS_MAX = 400;
/** Characters of a platform's description, as in the compatible API. */
export const PLATFORM_DESCRIPTION_CHARS_MAX = 65_535;
