/** Life of a probe, in milliseconds: a slow line takes some minutes for a large upload. */
export const PROBE_TTL_MS = 10 * 60_000;
/** Bytes that a probe gives away, for parts of them to be asked for. */
export const PROBE_BYTES = 256 * 1024;
/** Bytes that a probe takes; more than any proxy is asked to let through. */
export const PROBE_UPLOAD_BYTES_MAX = 256 * 1024 * 1024;
