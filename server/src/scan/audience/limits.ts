/** Roms read and sent at once to those who watch a scan. */
export const SHOWN_ROMS = 100;
/** Silence of a running scan, which tells of itself every second, after which its row is asked. */
export const SILENCE_MS = 10_000;
/** How long who stops a scan waits for its end before being answered with what it has counted so far. */
export const STOP_ANSWER_MS = 3_000;
/** Sockets that wait for the end of a scan they stopped; others are answered at once. */
export const STOPS_WAITING_MAX = 100;
