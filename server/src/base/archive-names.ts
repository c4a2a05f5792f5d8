/** Endings, as `parseFileName` counts them, of files whose hashes are those of all that they hold. */
export const ARCHIVE_EXTENSIONS: ReadonlySet<string> = new Set([
  "zip",
  "tar",
  "tar.gz",
  "tgz",
  "tar.bz2",
  "tbz2",
  "tar.xz",
  "txz",
  "7z",
  "rar",
]);
