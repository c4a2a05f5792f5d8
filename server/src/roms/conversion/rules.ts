import { parseFileName } from "../../base/file-name.ts";
import type { DiscoveredRom, KnownRom } from "../discovery/contract.ts";

/**
 * Finds the rom that became a folder: it was a file beside the folder, lies in it now, and gave it its name. Found by
 * a scan after somebody moved it by hand, or after a crash between the move and its row.
 */
export function findConverted(found: DiscoveredRom, gone: readonly KnownRom[]): KnownRom | null {
  if (!found.isFolder) return null;
  const home = `${found.fsPath}/${found.fsName}`;
  const sizes = new Map(
    found.files.flatMap((file) => (file.filePath === home ? [[file.fileName, file.sizeBytes] as const] : [])),
  );
  const isSame = (rom: KnownRom) =>
    !rom.isFolder &&
    rom.fsPath === found.fsPath &&
    parseFileName(rom.fsName).nameNoExt === found.fsName &&
    sizes.get(rom.fsName) === rom.sizeBytes;
  const same = gone.filter(isSame);
  // Of several, such as a cue sheet and its track, nobody can tell which one the folder is.
  return same.length === 1 ? (same[0] ?? null) : null;
}
