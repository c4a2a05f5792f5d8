import { RESOURCES_PREFIX } from "../base/addresses.ts";
import { encodePath } from "../base/encode-path.ts";
import { parseFileName } from "../base/file-name.ts";
import type { FeedFile, FeedRom } from "./contract.ts";

/** Address of a stored picture; null when there is none. Its digits change with the rom, so that caches notice. */
export function formatCoverUrl(
  baseUrl: string,
  path: string,
  { updatedAtMs }: Pick<FeedRom, "updatedAtMs">,
): string | null {
  return path === "" ? null : `${baseUrl}${RESOURCES_PREFIX}/${encodePath(path)}?ts=${updatedAtMs}`;
}

/** One line of separated values: a field with the delimiter, a quote or a line break stands in quotes. */
export function formatRow(fields: readonly (string | number)[], delimiter: "," | "\t"): string {
  const quote = (text: string) =>
    text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return fields.map((field) => quote(String(field))).join(delimiter);
}

/** The characters behind the last dot of a name; "" without a dot. Case is kept. */
export function lastExtension(fileName: string): string {
  const dot = fileName.lastIndexOf(".");
  return dot < 0 ? "" : fileName.slice(dot + 1);
}

/** Numbers by which PKGi knows the sorts of packages; the others have none. */
export const CONTENT_TYPE_NUMBERS: ReadonlyMap<string, number> = new Map([
  ["game", 1],
  ["dlc", 2],
  ["demo", 5],
  ["update", 6],
  ["patch", 6],
]);

/** Endings of files that may hold a package. */
export const PACKED_EXTENSIONS: readonly string[] = [
  "7z",
  "bz2",
  "gz",
  "rar",
  "tar",
  "zip",
  "xz",
  "tgz",
  "tbz2",
  "txz",
];

/** Ending of installable packages. */
export const PACKAGE_EXTENSION = "pkg";
/** Ending of the licence keys that lie beside packages. */
export const KEY_EXTENSION = "rap";
/** Length of a licence key. */
export const KEY_BYTES = 16;

/** A file is the rom itself, or lies directly in the rom's folder. */
export function isTopLevel({ rom, filePath, fileName }: FeedFile): boolean {
  const romPath = `${rom.fsPath}/${rom.fsName}`;
  // A platform's folder is two levels deep in both layouts of a library, a rom's folder at least three.
  return filePath.split("/").length > 2 ? filePath === romPath : `${filePath}/${fileName}` === romPath;
}

/** Tells whether a file is a package of the wanted sort; an archive beside nothing else counts as a game. */
export function isPackageOf(file: FeedFile, contentType: string): boolean {
  const extension = lastExtension(file.fileName).toLowerCase();
  if (contentType !== "game") return file.category === contentType && extension === PACKAGE_EXTENSION;
  if (!isTopLevel(file)) return false;
  return file.isArchive || PACKED_EXTENSIONS.includes(extension) || extension === PACKAGE_EXTENSION;
}

/** The content id that installers want; made up where the name holds no title id. */
export function formatContentId({ id, fileName }: Pick<FeedFile, "id" | "fileName">): string {
  const [, letters, digits] = /([A-Za-z]{4})-(\d{5})/.exec(fileName) ?? [];
  const titleId = letters === undefined ? String(id).padStart(9, "0") : `${letters}${digits}`;
  return `UP9644-${titleId}_00-0000000000000000`;
}

/** What shop apps show of a package: the file's name without tags and extension. */
export function packageName({ fileName }: Pick<FeedFile, "fileName">): string {
  return parseFileName(fileName).nameNoTags;
}

/** A name that may stand in a header as it is. */
export function toHeaderWord(text: string): string {
  return encodePath(text).replaceAll("/", "%2F");
}
