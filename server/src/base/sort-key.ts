/** Width of the sort key column, in Unicode code points. */
export const SORT_KEY_CHARS_MAX = 500;

/** Digit runs are padded to this width, so that "9" sorts before "10". */
const DIGIT_RUN_WIDTH = 12;

const LEADING_ARTICLE = /^(?:the|an|a|les|las|le|la|los|lo|el|il|gli|der|die|das|het)\s/;
const SIBLING_ARTICLE = /^(?:The|the|A|a|And|and)\s/;
const DIGIT_RUN = /\p{Nd}+/gu;

/**
 * Derives the stored key that sorts names naturally: lower case, without one leading article, numbers padded.
 * A stored key that differs from this one was set by hand.
 * @returns At most `SORT_KEY_CHARS_MAX` code points; cutting may leave a space at the end.
 */
export function deriveSortKey(name: string): string {
  const folded = name.toLowerCase();
  const text = folded.replace(LEADING_ARTICLE, "").trim();
  // The key never gets shorter than its text, and a run is judged by its first digits: the rest cannot show.
  const head = sliceCodePoints(text, SORT_KEY_CHARS_MAX + DIGIT_RUN_WIDTH);
  return sliceCodePoints(head.replace(DIGIT_RUN, padDigits), SORT_KEY_CHARS_MAX);
}

/**
 * Derives the text by which the siblings of a rom are ordered in answers.
 * @param name The rom's name; null or "" falls back to the file name.
 */
export function siblingComparator(name: string | null, fsNameNoTags: string): string {
  return (name || fsNameNoTags).replace(SIBLING_ARTICLE, "").trim().toLowerCase();
}

function padDigits(run: string): string {
  // Some digits (mathematical ones) take two code units, which `padStart` would count as two characters.
  const missing = run.length < 2 * DIGIT_RUN_WIDTH ? DIGIT_RUN_WIDTH - [...run].length : 0;
  return missing > 0 ? "0".repeat(missing) + run : run;
}

function sliceCodePoints(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  let end = 0;
  for (let count = 0; count < charsMax && end < text.length; count++) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}
