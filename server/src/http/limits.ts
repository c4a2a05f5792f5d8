/** Bytes of a JSON or form body that is read into memory; byte uploads have their own routes and limits. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024;
/** Values of one repeated query parameter. */
export const QUERY_VALUES_MAX = 1000;
