/** Bytes of one name on every usual file system. */
export const ENTRY_NAME_BYTES_MAX = 255;

/**
 * Tells whether a text that a caller sent may become the name of a file or folder: it leads nowhere else, and
 * is one on all the systems that share a library.
 */
export function isEntryName(name: string): boolean {
  const isPlain = !/[/\\\p{Cc}]/u.test(name) && !/^\.*$/.test(name) && name.trim() === name;
  return isPlain && name.isWellFormed() && Buffer.byteLength(name) <= ENTRY_NAME_BYTES_MAX;
}
