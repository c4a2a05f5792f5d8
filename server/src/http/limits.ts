/** Bytes of a JSON or form body that is read into memory; byte uploads have their own routes and limits. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024;
/** A sent file up to this size stays in memory; a longer one waits on disk. */
export const RECEIVED_IN_MEMORY_BYTES = 256 * 1024;
/** Bytes of one text field of a form with files. */
export const FORM_FIELD_BYTES_MAX = 1024 * 1024;
/** Text fields of a form with files. */
export const FORM_FIELDS_MAX = 200;
/** Values of one repeated query parameter. */
export const QUERY_VALUES_MAX = 1000;
