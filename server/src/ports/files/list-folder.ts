import type { Stats } from "node:fs";
import { lstat, readdir, stat } from "node:fs/promises";
import { AppError } from "../../base/errors.ts";
import { FILES_FOLDER_ENTRIES_MAX, FILES_LINKS_AT_ONCE } from "./limits.ts";
import type { DirectoryEntry, EntryKind } from "./port.ts";

/** What the runtime puts in place of bytes that are not UTF-8. */
const REPLACEMENT = "\uFFFD";

/** Anything that knows what an entry is: a directory entry or the result of `stat`. */
type KindSource = Pick<Stats, "isFile" | "isDirectory" | "isSymbolicLink">;

/** The kind an entry or `stat` result speaks of. */
export function kindOf(source: Pick<KindSource, "isFile" | "isDirectory">): EntryKind {
  if (source.isFile()) return "file";
  return source.isDirectory() ? "folder" : "other";
}

/** The step of {@link Files.list}; failures of the folder itself are not yet named. */
export async function listFolder(folder: string): Promise<DirectoryEntry[]> {
  const found = await readdir(folder, { withFileTypes: true });
  if (found.length > FILES_FOLDER_ENTRIES_MAX) {
    throw new AppError("too_large", "FILES_TOO_LARGE", {
      message: `${folder} has ${found.length} entries; at most ${FILES_FOLDER_ENTRIES_MAX} are read`,
      details: { path: folder },
    });
  }
  const encoder = new TextEncoder();
  const entries: DirectoryEntry[] = [];
  const unclear: Uint8Array[] = [];
  let hasDamagedNames = false;
  for (const entry of found) {
    // The text no longer tells these bytes, so such names are read again, as bytes.
    if (entry.name.includes(REPLACEMENT)) hasDamagedNames = true;
    else if (entry.isFile() || entry.isDirectory()) {
      entries.push({
        name: entry.name,
        rawName: encoder.encode(entry.name),
        kind: kindOf(entry),
        isLink: false,
      });
    } else unclear.push(encoder.encode(entry.name));
  }
  if (hasDamagedNames) unclear.push(...(await listDamagedNames(folder)));
  for (let index = 0; index < unclear.length; index += FILES_LINKS_AT_ONCE) {
    const batch = unclear.slice(index, index + FILES_LINKS_AT_ONCE);
    entries.push(...(await Promise.all(batch.map((rawName) => describeEntry(folder, rawName)))));
  }
  return entries;
}

/** Names with a replacement character in their text. (Bun 1.4.4 returns no types together with bytes.) */
async function listDamagedNames(folder: string): Promise<Uint8Array[]> {
  const rawNames = await readdir(folder, { encoding: "buffer" });
  return rawNames.filter((rawName) => rawName.toString().includes(REPLACEMENT));
}

/** Looks at an entry itself, for links and for file systems that do not tell kinds in a listing. */
async function describeEntry(folder: string, rawName: Uint8Array): Promise<DirectoryEntry> {
  const path = Buffer.concat([Buffer.from(folder.endsWith("/") ? folder : `${folder}/`), rawName]);
  const own = await lstat(path).catch(unreachable);
  const isLink = own?.isSymbolicLink() ?? false;
  const target = isLink ? await stat(path).catch(unreachable) : own;
  return { name: decodeName(rawName), rawName, kind: target === null ? "other" : kindOf(target), isLink };
}

function decodeName(rawName: Uint8Array): string | null {
  const name = Buffer.from(rawName).toString();
  return Buffer.from(name).equals(rawName) ? name : null;
}

function unreachable(): null {
  // Dangling, a loop, gone since the listing or forbidden: the port calls all of them `other`.
  return null;
}
