import { SEARCH_WORDS_MAX } from "../limits.ts";

/** One alternative of a search text. */
export interface SearchAlternative {
  /** All must occur in the name or the file name. */
  readonly words: readonly string[];
  /** Lower-case hex when the whole alternative looks like a CRC-32, MD5 or SHA-1. */
  readonly hash: string | null;
}

/** Splits a search text: `|` separates alternatives, white space separates words that must all occur. */
export function parseSearch(text: string): readonly SearchAlternative[] {
  let wordsLeft = SEARCH_WORDS_MAX;
  const alternatives: SearchAlternative[] = [];
  for (const piece of text.split("|")) {
    const words = piece
      .split(/\s+/)
      .filter((word) => word !== "")
      .slice(0, wordsLeft);
    wordsLeft -= words.length;
    if (words.length > 0) alternatives.push({ words, hash: toHash(piece.trim()) });
  }
  return alternatives;
}

function toHash(text: string): string | null {
  return /^([0-9a-f]{8}|[0-9a-f]{32}|[0-9a-f]{40})$/i.test(text) ? text.toLowerCase() : null;
}

/**
 * Where each first character begins in a list, in list order; the empty key counts as a character. Null takes
 * its place in the list but is not in the index.
 */
export function indexFirstCharacters(keys: readonly (string | null)[]): Readonly<Record<string, number>> {
  const index: Record<string, number> = {};
  for (const [offset, key] of keys.entries()) {
    if (key === null) continue;
    const code = key.codePointAt(0);
    const first = code === undefined ? "" : String.fromCodePoint(code);
    if (!(first in index)) index[first] = offset;
  }
  return index;
}
