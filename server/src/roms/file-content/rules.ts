import { AUDIO_TYPES, PICTURE_TYPES } from "../../base/media-types.data.ts";
import type { RomFile } from "../files/contract.ts";

/** Media types by extension, of what browsers show by themselves and without running anything. */
const MANUALS: ReadonlyMap<string, string> = new Map([
  ["pdf", "application/pdf"],
  ["md", "text/markdown; charset=utf-8"],
]);
const VIDEOS: ReadonlyMap<string, string> = new Map([
  ["mp4", "video/mp4"],
  ["webm", "video/webm"],
  ["ogv", "video/ogg"],
  ["mov", "video/quicktime"],
  ["m4v", "video/x-m4v"],
]);

/**
 * Decides by what we know of a file, never by the address, whether a browser may show it.
 * @returns Its media type, or null for what is only to be stored.
 */
export function chooseShownType({
  fileName,
  category,
}: Pick<RomFile, "fileName" | "category">): string | null {
  const extension = fileName.slice(fileName.lastIndexOf(".") + 1).toLowerCase();
  if (category === "soundtrack") return AUDIO_TYPES.get(extension) ?? null;
  const ofManual = category === "manual" ? MANUALS.get(extension) : undefined;
  return ofManual ?? PICTURE_TYPES.get(extension) ?? VIDEOS.get(extension) ?? null;
}
