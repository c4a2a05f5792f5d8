import { addDamagedRoms } from "./damaged-roms.ts";
import { addDiscRoms } from "./disc-roms.ts";
import { addFolderRoms } from "./folder-roms.ts";
import { addPackedRoms } from "./packed-roms.ts";
import type { RichEntry, RichPlace } from "./rich-place.ts";

/** Roms of every form beside plain files. */
export interface Everything {
  readonly entries: readonly RichEntry[];
  /** What no tool of this machine could make. */
  readonly skipped: readonly { readonly what: string; readonly reason: string }[];
}

/** Adds archives, damaged ones, folders, discs and firmware to a library. */
export async function addEverything(place: Pick<RichPlace, "seed" | "getFolder">): Promise<Everything> {
  const rich: RichPlace = { ...place, entries: [], skipped: [] };
  addPackedRoms(rich);
  addDamagedRoms(rich);
  addFolderRoms(rich);
  await addDiscRoms(rich);
  return { entries: rich.entries, skipped: rich.skipped };
}
