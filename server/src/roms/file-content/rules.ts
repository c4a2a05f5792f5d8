import type { RomFile } from "../files/contract.ts";

/** Media types by extension, of what browsers show by themselves and without running anything. */
const AUDIO: ReadonlyMap<string, string> = new Map([
  ["mp3", "audio/mpeg"],
  ["ogg", "audio/ogg"],
  ["oga", "audio/ogg"],
  ["opus", "audio/ogg"],
  ["m4a", "audio/mp4"],
  ["aac", "audio/aac"],
  ["wav", "audio/wav"],
  ["flac", "audio/flac"],
]);
const MANUALS: ReadonlyMap<string, string> = new Map([
  ["pdf", "application/pdf"],
  ["md", "text/markdown; charset=utf-8"],
]);
const PICTURES: ReadonlyMap<string, string> = new Map([
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["webp", "image/webp"],
  ["gif", "image/gif"],
  ["tiff", "image/tiff"],
  ["tif", "image/tiff"],
  ["bmp", "image/bmp"],
  ["avif", "image/avif"],
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
  if (category === "soundtrack") return AUDIO.get(extension) ?? null;
  const ofManual = category === "manual" ? MANUALS.get(extension) : undefined;
  return ofManual ?? PICTURES.get(extension) ?? VIDEOS.get(extension) ?? null;
}
