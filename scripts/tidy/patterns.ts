/** What a pattern's `<name>` stands for: the alternatives it matches. */
export type PatternNames = Readonly<Record<string, readonly string[]>>;

function escapeWord(text: string): string {
  return text.replace(/[.+^$()|[\]\\]/g, "\\$&");
}

function translate(part: string, names: PatternNames): string {
  if (part === "**/") return "(?:.*/)?";
  if (part === "**") return ".*";
  if (part === "*") return "[^/]*";
  if (part.startsWith("{")) {
    const words = part.slice(1, -1).split(",");
    return `(?:${words.map((word) => translateAll(word, names)).join("|")})`;
  }
  if (!part.startsWith("<")) return escapeWord(part);
  const name = part.slice(1, -1);
  const words = (names[name] ?? []).map(escapeWord).join("|");
  // A name without any word, such as the domains below the lowest step, must match nothing.
  return words === "" ? "(?!)" : `(?<${name.replaceAll("-", "_")}>${words})`;
}

function translateAll(pattern: string, names: PatternNames): string {
  const parts = pattern.split(/(\*\*\/|\*\*|\*|\{[^}]*\}|<[^>]*>)/).filter((part) => part !== "");
  return parts.map((part) => translate(part, names)).join("");
}

/**
 * Compiles a path pattern: `*` within one folder, `**` across folders, `{a,b}` one of these words,
 * `<name>` one of that name's words, which the match gives back under the name (`-` becomes `_`).
 */
export function compilePattern(pattern: string, names: PatternNames): RegExp {
  return new RegExp(`^${translateAll(pattern, names)}$`);
}

const compiled = new Map<string, RegExp>();
/** More different plain patterns than the tables could ever hold; beyond it the memory is started anew. */
const COMPILED_MAX = 2_000;

/** Whether the path matches one of these patterns, which use no names. */
export function matchesAny(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    const known = compiled.get(pattern);
    if (known !== undefined) return known.test(path);
    if (compiled.size >= COMPILED_MAX) compiled.clear();
    const made = compilePattern(pattern, {});
    compiled.set(pattern, made);
    return made.test(path);
  });
}
