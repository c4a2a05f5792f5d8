// First bytes of zip, 7z, gzip, bzip2, xz, rar and zstd, as hex.
const MARKS = [
  "504b0304",
  "504b0506",
  "377abcaf271c",
  "1f8b",
  "425a68",
  "fd377a585a00",
  "526172211a07",
  "28b52ffd",
];
/** Where "ustar" stands in a tar. */
const TAR_MARK_OFFSET = 257;
const TAR_MARK_BYTES = 5;
const EXTENSIONS = /\.(?:zip|7z|rar|gz|tgz|bz2|tbz2|xz|txz|tar|zst)$/i;

/**
 * Tells whether a file is packed: the library lists digests of what is inside of such files, not of the file
 * itself.
 * @param head The first 512 bytes, or all there are.
 */
export function isPacked(fileName: string, head: Uint8Array): boolean {
  if (EXTENSIONS.test(fileName)) return true;
  const hex = Array.from(head.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (MARKS.some((mark) => hex.startsWith(mark))) return true;
  const mark = head.subarray(TAR_MARK_OFFSET, TAR_MARK_OFFSET + TAR_MARK_BYTES);
  return new TextDecoder().decode(mark) === "ustar";
}
