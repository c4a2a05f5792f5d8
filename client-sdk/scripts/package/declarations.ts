import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Plugin, rollup } from "rollup";
import { dts } from "rollup-plugin-dts";
import { ENTRIES } from "./entries.ts";
import { BuildError, refuseWarnings } from "./javascript.ts";
import { ROOT, readOwnPaths, resolveImport, SOURCES, toRepositoryPath } from "./sources.ts";

const COMPILE_TIMEOUT_MS = 120_000;
/** What WebAssembly in a module is typed as; nothing imports it by name. */
const AMBIENT = join(ROOT, "native", "host", "wasm-modules.d.ts");

/** Makes declarations of every file that the entries reach, one each, below `folder`. */
async function compileDeclarations(folder: string): Promise<void> {
  const project = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      outDir: folder,
      rootDir: ROOT,
      paths: await readOwnPaths(),
      types: [join(ROOT, "node_modules", "bun-types")],
    },
    include: [],
    files: [AMBIENT, ...ENTRIES.map(({ source }) => join(SOURCES, source))],
  };
  const path = join(folder, "tsconfig.json");
  await writeFile(path, JSON.stringify(project));
  const compiler = join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const child = Bun.spawn([process.execPath, compiler, "-p", path], {
    cwd: folder,
    stdout: "pipe",
    stderr: "inherit",
    timeout: COMPILE_TIMEOUT_MS,
  });
  const [errors, exitCode] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  if (exitCode !== 0) throw new BuildError(`the declarations do not compile:\n${errors}`);
}

/** Where a source's declarations were written. */
function declarationOf(source: string, folder: string): string {
  return join(folder, toRepositoryPath(source).replace(/\.ts$/, ".d.ts"));
}

/** Finds the declarations behind an import, by the source that it names. */
function declarations(folder: string): Plugin {
  return {
    name: "declarations",
    resolveId(specifier, importer) {
      if (importer === undefined) return specifier;
      if (specifier.startsWith(".")) {
        return resolve(dirname(importer), specifier).replace(/(?:\.d)?\.ts$/, ".d.ts");
      }
      if (!specifier.startsWith("@multitap/")) return { id: specifier, external: true };
      const source = resolveImport(specifier, join(SOURCES, "index.ts"));
      return source === null ? null : declarationOf(source, folder);
    },
  };
}

/** Makes one declaration file per entry; what several share stands in `dist/types`. */
export async function buildDeclarations(dist: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "multitap-declarations-"));
  try {
    await compileDeclarations(folder);
    const empty = join(folder, "bundle.json");
    await writeFile(empty, JSON.stringify({ compilerOptions: { moduleResolution: "bundler" }, files: [] }));
    const bundle = await rollup({
      input: Object.fromEntries(
        ENTRIES.map(({ output, source }) => [output, declarationOf(join(SOURCES, source), folder)]),
      ),
      plugins: [declarations(folder), dts({ tsconfig: empty, compilerOptions: { types: [] } })],
      onLog: refuseWarnings,
    });
    const { output } = await bundle.write({
      dir: dist,
      format: "es",
      entryFileNames: "[name].d.ts",
      // The extension is part of the name: `client.d` becomes `client.d.ts`.
      chunkFileNames: "types/[name].ts",
    });
    await bundle.close();
    await Promise.all(output.map(({ fileName }) => tidyDeclarations(join(dist, fileName))));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Takes out imports that name nothing: they only tell of types that were left out. */
async function tidyDeclarations(path: string): Promise<void> {
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace(/^import '[^']+';\n/gm, ""));
}
