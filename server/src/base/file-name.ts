import { LANGUAGES, REGIONS } from "./regions.data.ts";

/** The three texts that every stored file or folder name is split into. */
export interface FileNameParts {
  /** Without its leading dot, case kept; "" when the name has none. Folders are treated alike. */
  readonly extension: string;
  readonly nameNoExt: string;
  /** Only the tag groups at the end are gone; a group in the middle stays. May be "". */
  readonly nameNoTags: string;
}

/** What the `(...)` and `[...]` groups of a name say. */
export interface FileTags {
  /** Region names in the order found, repeats kept; the first one decides sorting. */
  readonly regions: string[];
  /** Language names in the order found, repeats kept. */
  readonly languages: string[];
  /** "" when the name has none; the last one wins. */
  readonly revision: string;
  /** "" when the name has none; the last one wins. */
  readonly version: string;
  /** Everything else, verbatim and in order. */
  readonly tags: string[];
}

type TagCollector = { -readonly [Key in keyof FileTags]: FileTags[Key] };

interface TagMeaning {
  readonly list: "regions" | "languages";
  readonly name: string;
}

const DOT = 0x2e;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

const ANY_WORD_CHARACTER = /^[\p{L}\p{N}_]$/u;
const ANY_DIGIT = /^\p{Nd}$/u;
const ANY_SPACE = /^\s$/;

const EXACT_MEANINGS = new Map<string, TagMeaning>();
const FOLDED_MEANINGS = new Map<string, TagMeaning>();
const FOLDED_REGIONS = new Map<string, string>();
const PROVIDER_CODES = new Map<string, string>();

// Later entries must not replace earlier ones: regions win over languages, as "(nl)" is the Netherlands.
function rememberMeaning(meanings: Map<string, TagMeaning>, text: string, meaning: TagMeaning): void {
  if (!meanings.has(text)) meanings.set(text, meaning);
}

for (const { code, name, providerCode } of REGIONS) {
  const meaning: TagMeaning = { list: "regions", name };
  rememberMeaning(EXACT_MEANINGS, code, meaning);
  rememberMeaning(FOLDED_MEANINGS, code.toLowerCase(), meaning);
  rememberMeaning(FOLDED_MEANINGS, name.toLowerCase(), meaning);
  FOLDED_REGIONS.set(code.toLowerCase(), name).set(name.toLowerCase(), name);
  if (providerCode !== null) PROVIDER_CODES.set(name.toLowerCase(), providerCode);
}
for (const { code, name } of LANGUAGES) {
  const meaning: TagMeaning = { list: "languages", name };
  rememberMeaning(EXACT_MEANINGS, code, meaning);
  rememberMeaning(FOLDED_MEANINGS, code.toLowerCase(), meaning);
  rememberMeaning(FOLDED_MEANINGS, name.toLowerCase(), meaning);
}

/** Longest text worth a look-up; keeps hostile tags from being lower-cased just to miss. */
const MEANING_CHARS_MAX = Math.max(...[...FOLDED_MEANINGS.keys()].map((text) => text.length));

/** Splits a file or folder name into extension, name without it, and name without trailing tags. */
export function parseFileName(fsName: string): FileNameParts {
  const dot = findExtensionDot(fsName);
  const nameNoExt = (dot < 0 ? fsName : fsName.slice(0, dot)).trim();
  return {
    extension: dot < 0 ? "" : fsName.slice(dot + 1),
    nameNoExt,
    nameNoTags: nameNoExt.slice(0, findTrailingTags(nameNoExt)).trim(),
  };
}

/** Reads regions, languages, revision, version and other tags from the groups anywhere in a name. */
export function parseTags(fsName: string): FileTags {
  const found: TagCollector = { regions: [], languages: [], revision: "", version: "", tags: [] };
  // A missing closing character is remembered, else every further opener would search to the end again.
  let hasParen = true;
  let hasBracket = true;
  for (let index = 0; index < fsName.length; index++) {
    const code = fsName.charCodeAt(index);
    const isParen = code === OPEN_PAREN;
    if (isParen ? !hasParen : code !== OPEN_BRACKET || !hasBracket) continue;
    const close = fsName.indexOf(isParen ? ")" : "]", index + 1);
    if (close < 0) {
      if (isParen) hasParen = false;
      else hasBracket = false;
    } else if (close > index + 1) {
      for (const piece of fsName.slice(index + 1, close).split(",")) classifyTag(piece.trim(), found);
      index = close;
    }
  }
  return found;
}

/**
 * Finds the two- or three-letter code that metadata providers use for a region name.
 * @returns null for unknown names and for those that are no place (public domain, unlicensed, unknown).
 */
export function regionProviderCode(name: string): string | null {
  return PROVIDER_CODES.get(name.toLowerCase()) ?? null;
}

/**
 * Finds the dot where the extension begins: the last segment must be word characters, and every ASCII
 * lower-case segment directly before it belongs to it ("tar.gz").
 */
function findExtensionDot(name: string): number {
  let index = name.length;
  while (index > 0) {
    const size = wordSizeBefore(name, index);
    if (size === 0) break;
    index -= size;
  }
  if (index === name.length || index === 0 || name.charCodeAt(index - 1) !== DOT) return -1;

  let dot = index - 1;
  for (let start = dot - 1; start >= 0; start--) {
    const code = name.charCodeAt(start);
    if (code >= 0x61 && code <= 0x7a) continue;
    if (code !== DOT || start === dot - 1) break;
    dot = start;
  }
  return dot;
}

/** Counts the code units of the word character that ends before `end`; 0 when it is something else. */
function wordSizeBefore(name: string, end: number): number {
  const code = name.charCodeAt(end - 1);
  if (code < 0x80) {
    const isLetter = (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a);
    return isLetter || (code >= 0x30 && code <= 0x39) || code === 0x5f ? 1 : 0;
  }
  const isPair = code >= 0xdc00 && code <= 0xdfff && end >= 2 && (name.codePointAt(end - 2) ?? 0) > 0xffff;
  const size = isPair ? 2 : 1;
  return ANY_WORD_CHARACTER.test(name.slice(end - size, end)) ? size : 0;
}

/**
 * Finds where the run of tag groups that reaches the end of the name begins; the length when there is none.
 * One pass from the right: a group counts when only counted groups and spaces follow its closing character,
 * so each closing character remembers whether that held for it.
 */
function findTrailingTags(name: string): number {
  let start = name.length;
  let restIsTags = true;
  let parenClosesTags = false;
  let bracketClosesTags = false;
  for (let index = name.length - 1; index >= 0; index--) {
    const code = name.charCodeAt(index);
    if (isSpace(code)) continue;
    if (code === CLOSE_PAREN) parenClosesTags = restIsTags;
    else if (code === CLOSE_BRACKET) bracketClosesTags = restIsTags;

    restIsTags = (code === OPEN_PAREN && parenClosesTags) || (code === OPEN_BRACKET && bracketClosesTags);
    if (restIsTags) start = index;
    else if (!parenClosesTags && !bracketClosesTags) break;
  }
  return start;
}

function isSpace(code: number): boolean {
  if (code < 0x80) return code === 0x20 || (code >= 0x09 && code <= 0x0d);
  return ANY_SPACE.test(String.fromCharCode(code));
}

/** Files one piece of a group under the first rule that fits. */
function classifyTag(piece: string, found: TagCollector): void {
  if (piece === "") return;
  const meaning = findMeaning(piece);
  if (meaning !== null) {
    found[meaning.list].push(meaning.name);
    return;
  }
  const version = readVersion(piece);
  if (version !== "") {
    found.version = version;
    return;
  }
  const region = readPrefixed(piece, "reg");
  if (region !== "") {
    found.regions.push(FOLDED_REGIONS.get(region.toLowerCase()) ?? region);
    return;
  }
  const revision = readPrefixed(piece, "rev");
  if (revision !== "") found.revision = revision;
  else found.tags.push(piece);
}

function findMeaning(text: string): TagMeaning | null {
  if (text.length > MEANING_CHARS_MAX) return null;
  return EXACT_MEANINGS.get(text) ?? FOLDED_MEANINGS.get(text.toLowerCase()) ?? null;
}

/** Reads what follows "version", "ver" or "v", a separator being optional before a digit or dot; else "". */
function readVersion(piece: string): string {
  const start = piece.slice(0, "version".length).toLowerCase();
  if (!start.startsWith("v")) return "";
  const prefix = start === "version" ? start : start.startsWith("ver") ? "ver" : "v";
  const next = piece.slice(prefix.length, prefix.length + 1);
  if (next === " " || next === "." || next === "_" || next === "-") {
    return piece.slice(prefix.length + 1).trim();
  }
  const character = String.fromCodePoint(piece.codePointAt(prefix.length) ?? 0);
  return ANY_DIGIT.test(character) ? piece.slice(prefix.length) : "";
}

/** Reads the text after a three-letter prefix (any case) and one of space, "-" or "|"; else "". */
function readPrefixed(piece: string, prefix: "reg" | "rev"): string {
  if (piece.slice(0, 3).toLowerCase() !== prefix) return "";
  const separator = piece.slice(3, 4);
  return separator === " " || separator === "-" || separator === "|" ? piece.slice(4).trim() : "";
}
