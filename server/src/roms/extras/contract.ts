import * as v from "valibot";
import { ReceivedFileSchema } from "../../base/received-file.ts";
import { Id, list, Nothing } from "../../base/schemas.ts";
import { SoundtrackFileSchema } from "../tracks/contract.ts";

export const ExtraRomInput = v.strictObject({ romId: Id });
export const ExtraFileInput = v.strictObject({ romId: Id, fileId: Id });

/** A form with a file for a rom, and the name that was announced for it, in every reading of its header. */
export const ExtraUploadInput = v.strictObject({
  romId: Id,
  fileNames: v.pipe(v.array(v.string()), v.minLength(1), v.readonly()),
  files: list(ReceivedFileSchema),
});
export type ExtraUploadInput = v.InferOutput<typeof ExtraUploadInput>;

export const SoundtrackListSchema = list(SoundtrackFileSchema);
export const ExtraDone = Nothing;
