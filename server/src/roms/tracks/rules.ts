import { toRomResources } from "../disk-changes/rules.ts";

/** Endings of the audio files that are soundtracks, as in the compatible API. */
export const TRACK_EXTENSIONS = ["mp3", "ogg", "oga", "opus", "m4a", "aac", "wav", "flac"] as const;

/** Tells by its name whether a file is audio whose tags are read. */
export function isTrackName(fileName: string): boolean {
  const extension = fileName.slice(fileName.lastIndexOf(".") + 1).toLowerCase();
  return fileName.includes(".") && TRACK_EXTENSIONS.some((each) => each === extension);
}

/** The folder of the covers of a rom's tracks, below the resources folder. */
export function toTrackCoverFolder(rom: { readonly platformId: number; readonly romId: number }): string {
  return `${toRomResources(rom.platformId, rom.romId)}/soundtracks`;
}

/** Where the cover of a track lies, below the resources folder. */
export function toTrackCoverPath(
  track: { readonly platformId: number; readonly romId: number; readonly fileId: number },
  extension: "jpg" | "png",
): string {
  return `${toTrackCoverFolder(track)}/${track.fileId}.${extension}`;
}

/** Every path that the cover of a track can have. */
export function listTrackCoverPaths(track: Parameters<typeof toTrackCoverPath>[0]): readonly string[] {
  return (["jpg", "png"] as const).map((extension) => toTrackCoverPath(track, extension));
}
