/** Runs whose outcome is kept; the oldest ended ones go first. */
export const RUNS_KEPT_MAX = 100;
/** Scans that are listed beside them, the newest; no list of scans is longer. */
export const SCANS_LISTED_MAX = 100;
/** Tasks that run at once in one process: they share the disk with scans. */
export const TASKS_RUNNING_MAX = 1;
/** Ids that one statement asks the database for. */
export const IDS_ASKED_MAX = 1000;
/** Characters of a task's name. */
export const NAME_CHARS_MAX = 100;
/** Characters of a run's id. */
export const RUN_ID_CHARS_MAX = 100;
/** Characters of an error that a run keeps. */
export const ERROR_CHARS_MAX = 500;
