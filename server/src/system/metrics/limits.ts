/** Longest wait for one source, in milliseconds: Prometheus gives up after ten seconds. */
export const SOURCE_TIMEOUT_MS = 3_000;
/** How long an answer is given again, in milliseconds: a second scraper costs nothing. */
export const ANSWER_AGE_MAX_MS = 1_000;
/** Combinations of class, route, method and status that are told apart; the rest counts as one. */
export const REQUEST_SERIES_MAX = 3_000;
/** Routes whose durations are told apart. */
export const DURATION_SERIES_MAX = 600;
/** Samples of one family. */
export const SAMPLES_MAX = 200;
/** Upper bounds of the histogram of durations, in seconds. */
export const DURATION_BUCKETS_S: readonly number[] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];
