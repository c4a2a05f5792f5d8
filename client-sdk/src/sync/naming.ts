import { isBundled } from "./content-hash.ts";
import type { Lane } from "./memory.ts";
import type { LocalSave, RemoteSave } from "./types.ts";

/** How a save is called on the server, and whether it travels as an archive. */
export interface VersionName {
  readonly name: string;
  readonly isBundle: boolean;
}

const baseOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** What a save is called that the server does not know yet: the same on every device that has the same files. */
function deriveName(entries: LocalSave["entries"]): VersionName {
  const [first] = entries;
  if (first !== undefined && !isBundled(entries)) return { name: baseOf(first.path), isBundle: false };
  const stems = new Set(entries.map(({ path }) => path.replace(/(?<=[^/])[./].*$/s, "")));
  const [stem] = stems;
  return { name: stems.size === 1 && stem !== undefined ? `${stem}.zip` : "save.zip", isBundle: true };
}

/**
 * Names an upload so that it continues what the server has: files are called differently on every device, and a
 * version under another name would begin a lane of its own. What is an archive once stays one. Only where a single
 * file becomes several the name changes, since other apps would take the archive for the file.
 */
export function nameVersion(
  { entries }: Pick<LocalSave, "entries">,
  known: Pick<RemoteSave, "name" | "isBundle"> | Pick<Lane, "name" | "isBundle"> | null,
): VersionName {
  if (known === null) return deriveName(entries);
  if (known.isBundle || !isBundled(entries)) return { name: known.name, isBundle: known.isBundle };
  return deriveName(entries);
}
