/** Roms a provider is asked about in one go. */
export const ENRICH_BATCH_ROMS = 200;
/** A `gamelist.xml` that is still read; one of ten thousand games with long descriptions has some 20 MB. */
export const GAMELIST_BYTES_MAX = 64 * 1024 * 1024;
/** Games of one such file; what is behind them is not read. */
export const GAMELIST_GAMES_MAX = 200_000;
/** Characters of one game in the file; a longer one is no game. */
export const GAMELIST_GAME_CHARS_MAX = 256 * 1024;
/** Characters that are kept of a description, and of any other text. */
export const GAMELIST_SUMMARY_CHARS_MAX = 20_000;
export const GAMELIST_TEXT_CHARS_MAX = 400;
/** Values in a list of regions or languages. */
export const GAMELIST_VALUES_MAX = 50;
/** Games read in one go before others get their turn. */
export const GAMELIST_SLICE_GAMES = 200;
/** Read files that are kept for the next batch of the same platform. */
export const GAMELISTS_KEPT_MAX = 2;
/** How long a read file is kept, in milliseconds: pictures may be added beside it at any time. */
export const GAMELIST_KEPT_MS = 60_000;
