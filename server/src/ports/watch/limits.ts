/** Folders one watch may hold; beyond it the rest goes unnoticed and is said so. */
export const WATCH_FOLDERS_MAX = 200_000;
/** Levels below the watched folder that are looked at; a deeper tree is a loop or an accident. */
export const WATCH_DEPTH_MAX = 32;
/** Levels in which links to folders get a watch of their own: platforms lie in the first or the second. */
export const WATCH_LINK_DEPTH_MAX = 2;
/** Links to folders that get a watch of their own. */
export const WATCH_LINKS_MAX = 1_000;
/** Share of the user's inotify watches that we take: other programs under the same user need some as well. */
export const WATCH_INOTIFY_SHARE = 0.5;
/** How often the watched folder itself is looked at, to notice a mount that went away. */
export const WATCH_ROOT_CHECK_MS = 10_000;
/** Folders looked at (stat, list) at the same time, so that a slow disk is not flooded. */
export const WATCH_LOOKS_AT_ONCE = 16;
/** New files per folder whose growth is followed while polling; of more, the first ones stand for the rest. */
export const WATCH_GROWING_FILES_MAX = 256;
