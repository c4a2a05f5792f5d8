/** Lines of one answer, which are all that are kept. */
export const LINES_MAX = 1000;
/** Pause between two deliveries of new lines to listeners, in milliseconds. */
export const DELIVERY_MS = 100;
/** Lines of one delivery; of more in that time the oldest are left out. */
export const DELIVERY_LINES_MAX = 200;
