type Range = readonly [low: number, high: number];

/** One step of a compiled pattern: a literal character, a set of characters, or a wildcard. */
type Token =
  | { readonly kind: "literal"; readonly codePoint: number }
  | { readonly kind: "set"; readonly isNegated: boolean; readonly ranges: readonly Range[] }
  | { readonly kind: "any" }
  | { readonly kind: "star" };

const SPECIAL_CHARACTER = /[*?[]/;

/**
 * Tells whether a whole name fits a shell pattern: `*`, `?`, `[seq]`, `[!seq]` and nothing else is special.
 * Case counts; `?` is one code point; a `[` without its `]` stands for itself; a leading dot is ordinary.
 * The work is bounded by pattern length times name length.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  return matchesTokens(compileTokens(pattern), name);
}

/**
 * Compiles a list into one test: is the name equal to an entry, or does it fit an entry as a pattern?
 * Names without wildcards cost one look-up however many there are.
 */
export function compileGlobs(patterns: Iterable<string>): (name: string) => boolean {
  const exact = new Set(patterns);
  const tests = [...exact].filter((pattern) => SPECIAL_CHARACTER.test(pattern)).map(compilePattern);
  if (tests.length === 0) return (name) => exact.has(name);
  return (name) => exact.has(name) || tests.some((isMatch) => isMatch(name));
}

/** Picks a native comparison for the two shapes people write most, `*.bak` and `._*`. */
function compilePattern(pattern: string): (name: string) => boolean {
  const rest = pattern.slice(1);
  const head = pattern.slice(0, -1);
  if (pattern.startsWith("*") && !SPECIAL_CHARACTER.test(rest)) return (name) => name.endsWith(rest);
  if (pattern.endsWith("*") && !SPECIAL_CHARACTER.test(head)) return (name) => name.startsWith(head);
  const tokens = compileTokens(pattern);
  return (name) => matchesTokens(tokens, name);
}

/**
 * Walks both texts once; after a mismatch only the last `*` takes one character more, because what an earlier
 * `*` could take instead is never needed.
 */
function matchesTokens(tokens: readonly Token[], name: string): boolean {
  let tokenIndex = 0;
  let index = 0;
  let starToken = -1;
  let starIndex = 0;
  while (index < name.length) {
    const token = tokens[tokenIndex];
    const codePoint = name.codePointAt(index) ?? 0;
    if (token?.kind === "star") {
      starToken = tokenIndex++;
      starIndex = index;
    } else if (token !== undefined && matchesToken(token, codePoint)) {
      tokenIndex += 1;
      index += sizeOf(codePoint);
    } else if (starToken >= 0) {
      starIndex += sizeOf(name.codePointAt(starIndex) ?? 0);
      index = starIndex;
      tokenIndex = starToken + 1;
    } else {
      return false;
    }
  }
  // Repeated stars are one token, so at most one can be left over.
  if (tokens[tokenIndex]?.kind === "star") tokenIndex += 1;
  return tokenIndex === tokens.length;
}

function matchesToken(token: Token, codePoint: number): boolean {
  if (token.kind === "literal") return token.codePoint === codePoint;
  if (token.kind !== "set") return true;
  return token.ranges.some(([low, high]) => codePoint >= low && codePoint <= high) !== token.isNegated;
}

function compileTokens(pattern: string): Token[] {
  const characters = [...pattern];
  const lastClose = characters.lastIndexOf("]");
  const tokens: Token[] = [];
  let index = 0;
  while (index < characters.length) {
    const character = characters[index] ?? "";
    const close = character === "[" && index < lastClose ? findSetEnd(characters, index) : -1;
    if (close > 0) {
      tokens.push(compileSet(characters.slice(index + 1, close)));
      index = close;
    } else if (character !== "*") {
      tokens.push(character === "?" ? { kind: "any" } : { kind: "literal", codePoint: codeOf(character) });
    } else if (tokens.at(-1)?.kind !== "star") {
      tokens.push({ kind: "star" });
    }
    index += 1;
  }
  return tokens;
}

/** Finds the `]` of a set; directly after `[` or `[!` it is a member instead. -1 when the set never ends. */
function findSetEnd(characters: readonly string[], open: number): number {
  const first = open + (characters[open + 1] === "!" ? 2 : 1);
  return characters.indexOf("]", first + 1);
}

/** Compiles the inside of a set. A range that runs backwards holds nothing. */
function compileSet(inside: readonly string[]): Token {
  const isNegated = inside[0] === "!";
  const ranges: Range[] = [];
  let index = isNegated ? 1 : 0;
  while (index < inside.length) {
    const low = codeOf(inside[index]);
    const isRange = inside[index + 1] === "-" && index + 2 < inside.length;
    const high = isRange ? codeOf(inside[index + 2]) : low;
    if (low <= high) ranges.push([low, high]);
    index += isRange ? 3 : 1;
  }
  return { kind: "set", isNegated, ranges };
}

function codeOf(character: string | undefined): number {
  return character?.codePointAt(0) ?? 0;
}

function sizeOf(codePoint: number): number {
  return codePoint > 0xffff ? 2 : 1;
}
