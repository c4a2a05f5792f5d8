import type { RomFile } from "../files/contract.ts";

/** What names the files of a rom's archive. */
export interface ArchiveNaming {
  /** Library-relative path of the rom. */
  readonly romPath: string;
  readonly isHiddenFolder: boolean;
}

/** Gives the path in an archive of a rom's file: relative to the rom, so that sub-folders are kept. */
export function toArchivePath(
  file: Pick<RomFile, "filePath" | "fileName">,
  { romPath, isHiddenFolder }: ArchiveNaming,
): string {
  const path = `${file.filePath}/${file.fileName}`;
  const inside = path.startsWith(`${romPath}/`) ? path.slice(romPath.length + 1) : file.fileName;
  return isHiddenFolder ? `.hidden/${inside}` : inside;
}

/**
 * Writes the playlist that goes with several files: of the cue sheets when there are some, else of all files.
 * @param paths Paths in the archive, in its order.
 * @returns One line each, without a line break at the end.
 */
export function formatPlaylist(paths: readonly string[]): string {
  const sheets = paths.filter((path) => path.toLowerCase().endsWith(".cue"));
  return (sheets.length > 0 ? sheets : paths).join("\n");
}

/** Tells whether a playlist is among the files. */
export function hasPlaylist(files: readonly Pick<RomFile, "fileName">[]): boolean {
  return files.some((file) => file.fileName.toLowerCase().endsWith(".m3u"));
}
