/** Stand in one text for "" and for null, which have no character. */
export const EMPTY_MARK = "\u0001";
export const NULL_MARK = "\u0002";

/**
 * Where each first character begins in a list.
 * @param firsts The first character of each text in list order. The empty text counts as a character; null takes
 *   its place in the list but is not in the index.
 */
export function indexFirstCharacters(firsts: string): Readonly<Record<string, number>> {
  const index: Record<string, number> = {};
  let offset = 0;
  let last: string | null = null;
  for (const first of firsts) {
    // Most stand beside their like, and there are as many as roms.
    if (first !== last && first !== NULL_MARK) {
      const key = first === EMPTY_MARK ? "" : first;
      if (!(key in index)) index[key] = offset;
    }
    last = first;
    offset += 1;
  }
  return index;
}
