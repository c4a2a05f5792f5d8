/** Calls answered in one request; a larger batch is refused by the protocol. */
export const BATCH_CALLS_MAX = 64;
/** Bytes of a request body; the inputs of all calls of a batch. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024;
