import { COVER_BYTES_MAX } from "../base/covers.ts";

/** Characters of a collection's name, as in the compatible API. */
export const COLLECTION_NAME_CHARS_MAX = 400;
/** Characters of a collection's description; a few pages. */
export const COLLECTION_DESCRIPTION_CHARS_MAX = 20_000;
/** Roms of one collection; a favourites list of a whole large library. */
export const COLLECTION_ROMS_MAX = 100_000;
/** Collections of one account, of each sort; more are a mistake of some app, and each is read by every list. */
export const COLLECTIONS_PER_USER_MAX = 1_000;
/** Collections that one answer lists, those that others made public included; of more the oldest. */
export const COLLECTIONS_LISTED_MAX = 10_000;
/** Roms of a collection whose covers its picture is made of, as in the compatible API. */
export const ROM_COVERS_MAX = 5;
/** Roms that are looked at to find those covers; in a library without covers there are none to find. */
export const ROM_COVERS_SOUGHT_MAX = 200;

/** Bytes of a whole form with a cover: the ids of a full collection, and the texts, take less than the rest. */
export const COLLECTION_FORM_BYTES_MAX = COVER_BYTES_MAX + 2 * 1024 * 1024;
/** Characters of the address of a cover. */
export const COVER_URL_CHARS_MAX = 2_048;

/** Roms that must share a value before it counts as a virtual collection, as in the compatible API. */
export const VIRTUAL_ROMS_MIN = 3;
/** Virtual collections that one answer lists; providers know some thousands of companies and franchises. */
export const VIRTUAL_LISTED_MAX = 10_000;

/** Smart collections of one account: each is a query of its own whenever they are listed. */
export const SMART_PER_USER_MAX = 100;
/** Smart collections that one answer lists, those that others made public included; of more the caller's own first. */
export const SMART_LISTED_MAX = 200;
/** Values in the filter of a smart collection; a statement takes 65,535 for all that are listed. */
export const SMART_VALUES_MAX = 100;
/** Characters of the filter of a smart collection as JSON. */
export const SMART_CRITERIA_CHARS_MAX = 16 * 1024;
/** Characters of the name that a download of several roms is asked for by. */
export const DOWNLOAD_NAME_CHARS_MAX = 400;
