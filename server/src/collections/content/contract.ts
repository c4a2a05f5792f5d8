import * as v from "valibot";
import { Id } from "../../base/schemas.ts";
import { StoredArchiveSchema } from "../../roms/content/contract.ts";
import { VirtualIdText } from "../../roms/filters/contract.ts";
import { COLLECTION_ROMS_MAX, DOWNLOAD_NAME_CHARS_MAX } from "../limits.ts";

const optionalId = () => v.optional(v.nullable(Id), null);

/** Which roms to put into one archive: the first selector that is there counts, and the ids after all others. */
export const DownloadRomsInput = v.strictObject({
  platformId: optionalId(),
  collectionId: optionalId(),
  virtualCollectionId: v.optional(v.nullable(VirtualIdText), null),
  smartCollectionId: optionalId(),
  romIds: v.optional(v.nullable(v.pipe(v.array(Id), v.maxLength(COLLECTION_ROMS_MAX), v.readonly())), null),
  /** Of the archive; made of its roms unless said. */
  fileName: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(DOWNLOAD_NAME_CHARS_MAX))), null),
});
export type DownloadRoms = v.InferOutput<typeof DownloadRomsInput>;

export const DownloadRomsSchema = StoredArchiveSchema;
