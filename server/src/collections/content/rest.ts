import { AppError } from "../../base/errors.ts";
import type { RequestReader } from "../../http/reader.ts";
import { get, type RestRoute } from "../../http/route.ts";
import { downloadRoms } from "./service.ts";
import { toRomsZip } from "./wire.ts";

const readSelection = (reader: RequestReader) => ({
  platformId: reader.queryInt("platform_id"),
  collectionId: reader.queryInt("collection_id"),
  virtualCollectionId: reader.queryText("virtual_collection_id"),
  smartCollectionId: reader.queryInt("smart_collection_id"),
  romIds: readRomIds(reader.queryText("rom_ids") ?? ""),
  fileName: reader.queryText("filename"),
});

const ROM_ID_MAX = 2_147_483_647;

/** Unlike any other list of numbers, this one is refused with 400. */
function readRomIds(text: string): readonly number[] {
  const pieces = text
    .split(",")
    .map((piece) => piece.trim())
    .filter((piece) => piece !== "");
  const ids = pieces.map(Number);
  if (pieces.every((piece) => /^\d{1,16}$/.test(piece)) && !ids.includes(0)) {
    // Larger ones cannot be ids, and unknown ids do not matter.
    return ids.filter((id) => id <= ROM_ID_MAX);
  }
  throw new AppError("invalid", "ROMS_SELECTION_INVALID", {
    message: "Invalid ROM IDs: expected whole numbers separated by commas",
  });
}

/** Downloads of several roms. */
export const romsDownloadRoutes: readonly RestRoute[] = [
  get("/api/roms/download", downloadRoms, {
    summary: "Several roms in one zip",
    read: readSelection,
    write: (archive, reader) => reader.sendZip(toRomsZip(archive)),
    names: { fileName: "filename" },
    errors: { ROMS_SELECTOR_MISSING: { status: 400 }, ROMS_SELECTION_INVALID: { status: 400 } },
  }),
];
