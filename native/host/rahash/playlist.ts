import type { ByteSource } from "../byte-source.ts";
import { type RaReading, readUpTo } from "./context.ts";
import { decodeText, extensionOf, findPath, folderOf } from "./files.ts";
import { PLAYLIST_BYTES, PLAYLISTS_MAX } from "./limits.ts";
import { refuse } from "./refusal.ts";
import type { RaFiles } from "./types.ts";

/** A file together with the path it was found at. */
export interface FoundFile {
  readonly path: string;
  readonly source: ByteSource;
}

/** Gives the entry of the files. */
export async function getEntry(files: RaFiles, context: RaReading): Promise<FoundFile> {
  return { path: files.entry, source: await getFile(files, files.entry, context) };
}

/** Gives the file at a path, and refuses the input where it is missing. */
export async function getFile(files: RaFiles, path: string, context: RaReading): Promise<ByteSource> {
  const source = await files.find(path, context.signal);
  return source ?? refuse("file_missing", `${path} is missing`);
}

/** Gives the first entry of a playlist as it stands there; null where there is none. */
export function findFirstEntry(text: string): string | null {
  for (const line of text.split("\n")) {
    const entry = line.trimEnd();
    if (entry !== "" && !entry.startsWith("#")) return entry;
  }
  return null;
}

/**
 * Follows a playlist to the first file that is none.
 * @returns The file itself where it is no playlist; null for a playlist without entries.
 */
export async function followPlaylist(
  files: RaFiles,
  start: FoundFile,
  context: RaReading,
): Promise<FoundFile | null> {
  let file = start;
  for (let count = 0; extensionOf(file.path) === "m3u"; count += 1) {
    if (count === PLAYLISTS_MAX) refuse("over_limit", `more than ${PLAYLISTS_MAX} playlists in a row`);
    const bytes = await readUpTo(context, file.source, { start: 0, length: PLAYLIST_BYTES });
    const entry = findFirstEntry(decodeText(bytes));
    if (entry === null) return null;
    const path = findPath(folderOf(file.path), entry) ?? refuse("file_missing", `${entry} lies elsewhere`);
    file = { path, source: await getFile(files, path, context) };
  }
  return file;
}
