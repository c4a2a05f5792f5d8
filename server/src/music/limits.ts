/** Tracks, and values of facets, on one page, as in the compatible API. */
export const MUSIC_PAGE_MAX = 10_000;
/** The same when the caller names no number. */
export const MUSIC_PAGE_DEFAULT = 50;
/** Characters of a text to look for; no stored one is longer. */
export const MUSIC_TEXT_CHARS_MAX = 512;
/** Platforms in one filter. */
export const MUSIC_PLATFORMS_MAX = 200;
/** Tracks named in one call. */
export const MUSIC_IDS_MAX = 10_000;
/** Favourite tracks of one account; more than anybody hears in a year. */
export const FAVORITE_TRACKS_MAX = 50_000;
/** Playlists of one account; more are a mistake of some app, and each is read by every list. */
export const PLAYLISTS_PER_USER_MAX = 1_000;
/** Playlists that one answer lists, those that others made public included; of more the oldest. */
export const PLAYLISTS_LISTED_MAX = 10_000;
/** Tracks of one playlist; every change numbers them anew. */
export const PLAYLIST_TRACKS_MAX = 10_000;
/** Characters of a playlist's name, as in the compatible API. */
export const PLAYLIST_NAME_CHARS_MAX = 400;
/** Characters of a playlist's description, as in the compatible API. */
export const PLAYLIST_DESCRIPTION_CHARS_MAX = 65_535;
