import type { ByteSource } from "../byte-source.ts";
import { latin1 } from "./bytes.ts";
import type { RaFiles } from "./types.ts";

/** Containers that hold whole files and are not looked into here; ZIP is. */
const OTHER_ARCHIVES = new Set(["7z", "bz2", "gz", "rar", "tar", "tbz2", "tgz", "txz", "xz"]);

/** Tells whether a file of this extension has to be unpacked before it is hashed, except for arcade games. */
export const isOtherArchive = (extension: string): boolean => OTHER_ARCHIVES.has(extension);

/** Gives what follows the last dot of a file's name, in lower case; empty where there is no dot. */
export function extensionOf(path: string): string {
  const name = nameOf(path);
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot + 1).toLowerCase();
}

/** Gives a path without its folders. */
export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Gives the folders of a path without the last `/`; empty at the top. */
export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/**
 * Gives the path of a file that another file names, as that file's folder sees it.
 * @returns null for absolute names, for URLs, and for names that lead out of the top folder.
 */
export function findPath(folder: string, name: string): string | null {
  if (/^[/\\]|^[A-Za-z]:\\|:\//.test(name)) return null;
  const parts = folder === "" ? [] : folder.split("/");
  for (const part of name.split(/[/\\]/)) {
    if (part === "..") {
      if (parts.pop() === undefined) return null;
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.length === 0 ? null : parts.join("/");
}

/**
 * Picks the file of several to start at: the largest CHD, else the largest archive, cue, gdi or m3u, else the
 * largest file. Of equals the first.
 * @returns null without files.
 */
export function findRaEntry(files: readonly { readonly name: string; readonly sizeBytes: number }[]) {
  const kinds: readonly ((extension: string) => boolean)[] = [
    (extension) => extension === "chd",
    (extension) => extension === "zip" || isOtherArchive(extension),
    (extension) => extension === "cue",
    (extension) => extension === "gdi",
    (extension) => extension === "m3u",
    () => true,
  ];
  for (const isKind of kinds) {
    const candidates = files.filter((file) => isKind(extensionOf(file.name)));
    const [first, ...others] = candidates;
    if (first === undefined) continue;
    return others.reduce((best, file) => (file.sizeBytes > best.sizeBytes ? file : best), first).name;
  }
  return null;
}

/**
 * Gives files by their names, in one folder. A name in another case is found where the exact one is missing, for
 * sheets that were written on systems that ignore case.
 */
export function filesOfSources(sources: readonly ByteSource[], entry: string): RaFiles {
  return {
    entry,
    async find(path) {
      const exact = sources.find((source) => source.name === path);
      const wanted = path.toLowerCase();
      return exact ?? sources.find((source) => source.name.toLowerCase() === wanted) ?? null;
    },
  };
}

/** Gives a sheet's or playlist's text: UTF-8, or one character for each byte where it is not valid. */
export function decodeText(bytes: Uint8Array): string {
  // `stream` leaves out a character that is cut off at the end.
  const text = new TextDecoder().decode(bytes, { stream: true });
  return text.includes("\ufffd") ? latin1(bytes) : text;
}
