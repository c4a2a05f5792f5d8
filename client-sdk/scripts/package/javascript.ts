import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Plugin, type RollupLog, rollup } from "rollup";
import ts from "typescript";
import { ENTRIES, type Entry, NODE_WORKER } from "./entries.ts";
import { resolveImport, SOURCES, toRepositoryPath } from "./sources.ts";

/** Both compile what TypeScript adds away, and leave ES2022. */
const COMPILER_OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  sourceMap: true,
};

/** What sources are called in maps, before their path in the repository. */
export const SOURCE_PREFIX = "multitap:///";

/** A file that the build wrote. */
export interface BuiltFile {
  /** Below `dist`. */
  readonly path: string;
  /** The files that it was made of, below the repository. */
  readonly sources: readonly string[];
}

/** The build cannot go on; the message says what is wrong with the sources. */
export class BuildError extends Error {
  override readonly name = "BuildError";
}

/** Refuses what bundlers only warn of: a warning here is an import that does not hold. */
export function refuseWarnings(level: string, log: RollupLog): void {
  // A worker has no types to tell.
  if (level === "warn" && log.code !== "EMPTY_BUNDLE") throw new BuildError(log.message);
}

/** Finds files behind imports, and compiles TypeScript one file at a time. */
const typescript: Plugin = {
  name: "typescript",
  resolveId(specifier, importer) {
    if (importer === undefined) return specifier;
    const path = resolveImport(specifier, importer);
    return path === null ? { id: specifier, external: true } : path;
  },
  async load(path) {
    if (!path.endsWith(".ts")) return null;
    const text = await readFile(path, "utf8");
    const { outputText, sourceMapText = "" } = ts.transpileModule(text, {
      compilerOptions: COMPILER_OPTIONS,
      fileName: path,
    });
    const map = JSON.parse(sourceMapText) as { sources: string[]; sourcesContent?: string[] };
    return {
      code: outputText.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n"),
      map: { ...map, sources: [path], sourcesContent: [text] } as never,
    };
  },
};

/**
 * Makes one module per entry, and of what several share chunks of their own, with maps that hold the sources. The
 * files of threads stand alone: bundlers take a worker that is in parts only when they are told to.
 */
export async function buildJavaScript(dist: string): Promise<readonly BuiltFile[]> {
  const pages = ENTRIES.filter(({ weight }) => weight !== null);
  const workers = [...ENTRIES.filter(({ weight }) => weight === null), NODE_WORKER];
  const files = [await bundleEntries(dist, pages, false)];
  for (const worker of workers) files.push(await bundleEntries(dist, [worker], true));
  return files.flat();
}

async function bundleEntries(
  dist: string,
  entries: readonly Entry[],
  isOneFile: boolean,
): Promise<readonly BuiltFile[]> {
  const bundle = await rollup({
    input: Object.fromEntries(entries.map(({ output, source }) => [output, join(SOURCES, source)])),
    plugins: [typescript],
    onLog: refuseWarnings,
  });
  const { output } = await bundle.write({
    dir: dist,
    format: "es",
    inlineDynamicImports: isOneFile,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name].js",
    sourcemap: true,
    // Where the sources lay when this was built is nobody's business; the maps hold them.
    sourcemapPathTransform: (path, mapPath) =>
      `${SOURCE_PREFIX}${toRepositoryPath(join(mapPath, "..", path))}`,
  });
  await bundle.close();
  return output
    .filter((file) => file.type === "chunk")
    .map(({ fileName, moduleIds }) => ({ path: fileName, sources: moduleIds.map(toRepositoryPath) }));
}
