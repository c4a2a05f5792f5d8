import { md5 } from "./md5.ts";
import { isZip } from "./zip-end.ts";

/** One file, and where it lies in its save. */
export interface SaveFile {
  /** With `/` between folders. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Tells whether a save travels as an archive: its folders and names would be lost otherwise. */
export function isBundled(entries: readonly { readonly path: string }[]): boolean {
  return entries.length > 1 || entries.some(({ path }) => path.includes("/"));
}

/**
 * Gives the content hash of a save, by which the server and every device compare: of one file the MD5 of its bytes,
 * or of what is in it when it is a zip; of several the same as of a zip of them. The order does not count.
 * @example
 * const hash = await contentHashOf([{ path: "game.srm", bytes }]);
 */
export async function contentHashOf(files: readonly SaveFile[]): Promise<string> {
  const [first] = files;
  if (first === undefined || isBundled(files)) return hashFiles(files);
  if (!isZip(first.bytes)) return md5(first.bytes);
  // Loaded with the first archive: most saves are none.
  const { readZip } = await import("./zip.ts");
  const packed = await readZip(first.bytes);
  // What cannot be read has no content hash; its bytes are compared by the server as well.
  return packed === null ? md5(first.bytes) : hashFiles(packed);
}

function hashFiles(files: readonly SaveFile[]): string {
  // Of two files of one name the last counts, for both.
  const hashes = new Map(files.map(({ path, bytes }) => [path, md5(bytes)]));
  const lines = files
    .map(({ path }) => path)
    .sort(compareCodePoints)
    .map((path) => `${path}:${hashes.get(path)}`);
  return md5(new TextEncoder().encode(lines.join("\n")));
}

/** The order of the protocol; that of the language differs above U+FFFF. */
function compareCodePoints(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  const at = left.findIndex((char, index) => char !== right[index]);
  if (at < 0) return left.length - right.length;
  return (left[at]?.codePointAt(0) ?? 0) - (right[at]?.codePointAt(0) ?? -1);
}
