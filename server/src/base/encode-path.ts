/**
 * Percent-encodes the parts of a path once; slashes stay. Only letters, digits and `_.-~` are left as they are,
 * because some programs on consoles stop at any other character.
 */
export function encodePath(path: string): string {
  const escapeRest = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return path
    .toWellFormed()
    .split("/")
    .map((part) => encodeURIComponent(part).replace(/[!'()*]/g, escapeRest))
    .join("/");
}
