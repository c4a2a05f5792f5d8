import * as v from "valibot";
import { Id, list } from "../../base/schemas.ts";

/** Where a rom lies in the library. */
export interface DiskPlace {
  /** Library-relative folder. */
  readonly fsPath: string;
  readonly fsName: string;
}

/** A rom that is on its way out. */
export interface DoomedRom extends DiskPlace {
  readonly romId: number;
  readonly platformId: number;
  /** Under which name its files wait beside their place until the row is gone; null when they stay. */
  readonly trashName: string | null;
}

/** What is being done to the disk and the database together. */
export type DiskChange =
  | { readonly kind: "removal"; readonly roms: readonly DoomedRom[] }
  | {
      readonly kind: "rename";
      readonly romId: number;
      readonly fsPath: string;
      readonly from: string;
      readonly to: string;
    };

const DoomedRomSchema = v.object({
  romId: Id,
  platformId: Id,
  fsPath: v.string(),
  fsName: v.string(),
  trashName: v.nullable(v.string()),
});

export const DiskChangeSchema = v.variant("kind", [
  v.object({ kind: v.literal("removal"), roms: list(DoomedRomSchema) }),
  v.object({
    kind: v.literal("rename"),
    romId: Id,
    fsPath: v.string(),
    from: v.string(),
    to: v.string(),
  }),
]);
