import * as v from "valibot";
import { Id } from "../../base/schemas.ts";
import type { StoredFile } from "../content/contract.ts";

export const RomFileIdInput = v.strictObject({ fileId: Id });

/** Where the bytes of a file are, and whether a browser may show them. */
export interface ShownFile {
  readonly file: StoredFile;
  /** Null: to be stored, not shown. */
  readonly shownAs: string | null;
}

export const ShownFileSchema = v.object({
  file: v.custom<StoredFile>((value) => typeof value === "object" && value !== null && "path" in value),
  shownAs: v.nullable(v.string()),
});
