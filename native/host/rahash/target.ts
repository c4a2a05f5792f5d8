import type { ByteSource } from "../byte-source.ts";
import type { Disc } from "../disc.ts";
import type { ZipEntry } from "./containers/zip.ts";
import type { RaContext } from "./context.ts";
import { extensionOf, filesOfSources, findRaEntry, isOtherArchive } from "./files.ts";
import { followPlaylist, getEntry } from "./playlist.ts";
import { refuse } from "./refusal.ts";
import { ARCADE, hasPlaylists, takesMemory } from "./rules/consoles.ts";
import type { RaFiles, RaInput } from "./types.ts";

/** What a rule hashes: a file among others, or an opened disc. */
export interface RaTarget {
  /** Path of the file, after playlists; empty for a disc. */
  readonly path: string;
  readonly files: RaFiles;
  /** The file's bytes; of a ZIP the member's. null for a disc. */
  readonly source: ByteSource | null;
  readonly disc: Disc | null;
}

/** A rule hashes what its console's clients hash; the digest is taken after it. */
export type RaRule = (target: RaTarget, context: RaContext) => Promise<void>;

const NO_FILES: RaFiles = { entry: "", find: async () => null };

/** Gives what the console's rule has to look at: playlists are followed and ZIP archives are opened. */
export async function openTarget(context: RaContext, input: RaInput, consoleId: number): Promise<RaTarget> {
  if ("tracks" in input) return { path: "", files: NO_FILES, source: null, disc: input };
  const files = toFiles(input);
  const entry = await getEntry(files, context);
  const file = hasPlaylists(consoleId) ? await followPlaylist(files, entry, context) : entry;
  if (file === null) return refuse("unrecognized", `${entry.path} is a playlist without entries`);
  const extension = extensionOf(file.path);
  if (consoleId === ARCADE || !(extension === "zip" || isOtherArchive(extension)))
    return { ...file, files, disc: null };
  // A console that needs a disc or another file's name cannot be hashed out of an archive.
  if (extension !== "zip" || !takesMemory(consoleId))
    return refuse("unsupported", `${file.path} has to be unpacked first`);
  const source = await openLargestMember(context, file.source);
  return { path: source.name, files: filesOfSources([source], source.name), source, disc: null };
}

/** Gives the input as files; null for an opened disc. */
export function toFiles(input: Exclude<RaInput, Disc>): RaFiles {
  if ("entry" in input) return input;
  const sources = "read" in input ? [input] : input;
  return filesOfSources(sources, findRaEntry(sources) ?? refuse("file_missing", "there are no files"));
}

async function openLargestMember(context: RaContext, source: ByteSource): Promise<ByteSource> {
  const { listZipEntries, openZipMember } = await import("./containers/zip.ts");
  let largest: ZipEntry | null = null;
  for (const entry of await listZipEntries(context, source))
    if (largest === null || entry.sizeBytes > largest.sizeBytes) largest = entry;
  if (largest === null) return refuse("unsupported", `${source.name} holds no files`);
  return openZipMember(context, source, largest);
}

/** Gives the file's bytes, and refuses an opened disc. */
export function getSource(target: RaTarget): ByteSource {
  return target.source ?? refuse("unsupported", "the console's rule does not take a disc");
}
