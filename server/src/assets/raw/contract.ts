import * as v from "valibot";

/** Characters of a path; more than any of ours has. */
const PATH_CHARS_MAX = 4096;

export const GetRawAssetInput = v.strictObject({ path: v.pipe(v.string(), v.maxLength(PATH_CHARS_MAX)) });

/** Where the bytes at a path are. */
export const RawAssetSchema = v.object({
  path: v.string(),
  fileName: v.string(),
  sizeBytes: v.number(),
  modifiedAtMs: v.number(),
  sha1: v.nullable(v.string()),
});
