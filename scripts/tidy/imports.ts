import { dirname, extname, join, normalize } from "node:path/posix";
import { workspaces } from "./import-table.ts";
import { lineAt, type Source, stringValue, textAt } from "./source.ts";

/** One import, re-export, dynamic import or `require` of a file. */
export interface ImportFacts {
  readonly specifier: string;
  readonly line: number;
  /** False when only types are taken, so that nothing is loaded. */
  readonly isRuntime: boolean;
  /** A re-export: `export … from`. */
  readonly isReexport: boolean;
}

/** Where a specifier leads. */
export type Target =
  | { readonly kind: "file"; readonly path: string }
  /** A package that is not ours, or a built-in module; `path` is `pkg:` and its name. */
  | { readonly kind: "package"; readonly path: string }
  | { readonly kind: "unexported"; readonly path: string; readonly packageName: string };

/** The position of the `from` string of an import or re-export that begins at `start`, or -1. */
function findFromString(source: Source, start: number): number {
  let index = start;
  while (index < source.code.length && textAt(source, index) !== ";") {
    if (textAt(source, index) === "from" && source.code[index + 1]?.kind === "string") return index + 1;
    const other = source.partner[index] ?? -1;
    index = other > index ? other + 1 : index + 1;
  }
  return -1;
}

/** Whether every name between these braces carries its own `type` word; false for empty braces. */
function areAllNamesTypes(source: Source, open: number): boolean {
  const close = source.partner[open] ?? open;
  let isNameStart = true;
  for (let index = open + 1; index < close; index += 1) {
    const text = textAt(source, index);
    if (isNameStart && text !== "type") return false;
    isNameStart = text === ",";
  }
  return close > open + 1;
}

function readStatementImport(source: Source, start: number): ImportFacts | null {
  const word = textAt(source, start);
  const next = textAt(source, start + 1);
  const line = lineAt(source, start);
  const bare = word === "import" ? stringValue(source.code[start + 1]) : null;
  if (bare !== null) return { specifier: bare, line, isRuntime: true, isReexport: false };
  const isType = next === "type" && textAt(source, start + 2) !== "from";
  const names = isType ? textAt(source, start + 2) : next;
  const isReexport = word === "export";
  if (isReexport && names !== "*" && names !== "{") return null;
  const at = findFromString(source, start + 1);
  const specifier = stringValue(source.code[at]);
  if (specifier === null) return null;
  const isTypeOnly = isType || (next === "{" && areAllNamesTypes(source, start + 1));
  return { specifier, line: lineAt(source, at), isRuntime: !isTypeOnly, isReexport };
}

function readCallImport(source: Source, at: number): ImportFacts | null {
  const word = textAt(source, at);
  if ((word !== "import" && word !== "require") || textAt(source, at + 1) !== "(") return null;
  if (textAt(source, at - 1) === ".") return null;
  const specifier = stringValue(source.code[at + 2]);
  return specifier === null
    ? null
    : { specifier, line: lineAt(source, at), isRuntime: true, isReexport: false };
}

/** Every import that the tokens show; `typeof import("…")` still counts as run time here. */
function readWrittenImports(source: Source): ImportFacts[] {
  const found: ImportFacts[] = [];
  for (const { from } of source.statements) {
    const word = textAt(source, from);
    if (word !== "import" && word !== "export") continue;
    const facts = readStatementImport(source, from);
    if (facts !== null) found.push(facts);
  }
  source.code.forEach((_, index) => {
    const facts = readCallImport(source, index);
    if (facts !== null) found.push(facts);
  });
  return found;
}

const transpilers = new Map<string, Bun.Transpiler>();

function transpilerFor(path: string): Bun.Transpiler {
  const loader = path.endsWith("x") ? "tsx" : "ts";
  const known = transpilers.get(loader) ?? new Bun.Transpiler({ loader });
  transpilers.set(loader, known);
  return known;
}

/** What is loaded at run time according to Bun's own reading, or null when Bun cannot read the file. */
function scanRuntimeImports(source: Source): ReadonlySet<string> | null {
  try {
    return new Set(
      transpilerFor(source.path)
        .scanImports(source.text)
        .map((found) => found.path),
    );
  } catch (error) {
    // AssemblyScript has decorators on functions, which no TypeScript reader takes: the tokens must do there.
    if (error instanceof Error) return null;
    throw error;
  }
}

/** Lists a file's imports in order of writing, with those that load nothing marked as types. */
export function listImports(source: Source): readonly ImportFacts[] {
  const written = readWrittenImports(source);
  if (written.length === 0) return written;
  const loaded = scanRuntimeImports(source);
  if (loaded === null) return written;
  return written.map((facts) => ({ ...facts, isRuntime: facts.isRuntime && loaded.has(facts.specifier) }));
}

/** The path a package's export leads to: the first of its conditions that is a file of the repository. */
function pickExport(value: unknown, exists: (path: string) => boolean): string | null {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return null;
  const paths = Object.values(value).map((inner) => pickExport(inner, exists));
  return paths.find((path) => path !== null && exists(path)) ?? paths.find((path) => path !== null) ?? null;
}

function readExports(manifestText: string | undefined): Readonly<Record<string, unknown>> | null {
  if (manifestText === undefined) return null;
  const manifest: unknown = JSON.parse(manifestText);
  if (typeof manifest !== "object" || manifest === null || !("exports" in manifest)) return {};
  const { exports } = manifest;
  if (typeof exports === "object" && exports !== null) return { ...exports };
  return { ".": exports };
}

/** Finds the declared path of a sub-path (`.`, `./schema/roms`), also through a pattern with one `*`. */
function findExport(
  declared: Readonly<Record<string, unknown>>,
  subPath: string,
  exists: (path: string) => boolean,
) {
  if (subPath in declared) return pickExport(declared[subPath], exists);
  for (const [pattern, value] of Object.entries(declared)) {
    const [before, after] = pattern.split("*");
    if (before === undefined || after === undefined) continue;
    if (!subPath.startsWith(before) || !subPath.endsWith(after)) continue;
    const filling = subPath.slice(before.length, subPath.length - after.length);
    const path = pickExport(value, (candidate) => exists(candidate.replaceAll("*", filling)));
    if (path !== null) return path.replaceAll("*", filling);
  }
  return null;
}

/**
 * Finds where a specifier leads: relative paths by their folder, our packages through the `exports` of their
 * package.json in `files`. Without that package.json a sub-path counts as exported from the package's folder.
 */
export function resolveImport(from: string, specifier: string, files: ReadonlyMap<string, string>): Target {
  if (specifier.startsWith(".")) {
    return { kind: "file", path: normalize(join(dirname(from), specifier)) };
  }
  const packageName = specifier.split("/").slice(0, 2).join("/");
  const folder = workspaces[packageName];
  if (folder === undefined) return { kind: "package", path: `pkg:${specifier}` };
  const subPath = `.${specifier.slice(packageName.length)}`;
  const declared = readExports(files.get(`${folder}/package.json`));
  if (declared === null) return { kind: "file", path: join(folder, subPath) };
  const path = findExport(declared, subPath, (candidate) => files.has(join(folder, candidate)));
  if (path === null) return { kind: "unexported", path: join(folder, subPath), packageName };
  return { kind: "file", path: join(folder, path) };
}

/** Every file that a workspace's package.json names as an entry. */
export function listEntryPoints(files: ReadonlyMap<string, string>): ReadonlySet<string> {
  const entries = new Set<string>();
  for (const folder of Object.values(workspaces)) {
    const declared = readExports(files.get(`${folder}/package.json`)) ?? {};
    const collect = (value: unknown): void => {
      if (typeof value === "string") entries.add(join(folder, value));
      else if (typeof value === "object" && value !== null) Object.values(value).forEach(collect);
    };
    Object.values(declared).forEach(collect);
  }
  return entries;
}

/** Whether a relative specifier names its file in full, as `import "./x.ts"` does. */
export function hasExtension(specifier: string): boolean {
  return extname(specifier) !== "";
}
