/**
 * Compiles `assembly/` into `dist/`: `bun native/build.ts` builds when sources changed, `--force` always,
 * `--suite` also bundles the vectors' suite for `vectors/run.mjs`.
 * The same sources give the same bytes on every machine.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const packageFolder = fileURLToPath(new URL(".", import.meta.url));
const assemblyFolder = join(packageFolder, "assembly");
const distFolder = join(packageFolder, "dist");
const STAMP_FILE = "build.json";
/** The chunks and the most bytes each may have; the SDK promises these to the people who load them. */
const CHUNKS = [
  { name: "hash", bytesMax: 12 * 1024 },
  { name: "disc", bytesMax: 120 * 1024 },
] as const;
type ChunkName = (typeof CHUNKS)[number]["name"];

// The stub runtime has no allocator: everything lives at fixed places or where the host lays it.
const OPTIONS = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd"] as const;

interface Stamp {
  /** Digest of sources, options and compiler version. */
  readonly sources: string;
  /** Sizes of the chunks. */
  readonly sizes: { readonly [K in ChunkName]: number };
}

/** The build failed; the message is the compiler's own. */
class BuildError extends Error {
  override readonly name = "BuildError";
}

async function listSources(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** A digest that changes when any input of the compiler does. */
async function digestSources(): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([asc.version, OPTIONS, CHUNKS]));
  for (const path of [...(await listSources(assemblyFolder)), fileURLToPath(import.meta.url)]) {
    hash.update(`\0${relative(packageFolder, path).replaceAll("\\", "/")}\0`).update(await readFile(path));
  }
  return hash.digest("hex");
}

async function readStamp(): Promise<Stamp | null> {
  try {
    return JSON.parse(await readFile(join(distFolder, STAMP_FILE), "utf8")) as Stamp;
  } catch (error) {
    // Nothing built yet, or a build that was cut off: both mean "build".
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Whether nobody removed a part of the last build. */
async function hasAllFiles(): Promise<boolean> {
  const names = CHUNKS.flatMap(({ name }) => [`${name}.wasm`, `${name}.inline.js`]);
  await mkdir(distFolder, { recursive: true });
  const present = new Set(await readdir(distFolder));
  return names.every((name) => present.has(name));
}

/** Compiles one chunk into a folder and gives its bytes. */
async function compile(name: string, outFolder: string): Promise<Uint8Array> {
  const outFile = join(outFolder, `${name}.wasm`);
  const { error, stderr } = await asc.main([
    join("assembly", `${name}.ts`),
    "--baseDir",
    packageFolder,
    ...OPTIONS,
    "--outFile",
    relative(packageFolder, outFile),
  ]);
  if (error !== null) throw new BuildError(`assembly/${name}.ts: ${error.message}\n${stderr.toString()}`);
  return readFile(outFile);
}

/** The chunk as a module that needs no file, no fetch and no bundler plugin. */
function formatInline(wasm: Uint8Array): string {
  return `export const wasmBase64 =\n  "${Buffer.from(wasm).toString("base64")}";\n`;
}

/** Builds into a folder of its own and moves the files out, so that a reader never sees half a file. */
async function build(sources: string): Promise<Stamp> {
  const workFolder = join(distFolder, `work.${process.pid}`);
  await mkdir(workFolder, { recursive: true });
  try {
    const sizes: { [K in ChunkName]: number } = { hash: 0, disc: 0 };
    for (const { name, bytesMax } of CHUNKS) {
      const wasm = await compile(name, workFolder);
      if (wasm.length > bytesMax) {
        throw new BuildError(`${name}.wasm has ${wasm.length} bytes, at most ${bytesMax}`);
      }
      await writeFile(join(workFolder, `${name}.inline.js`), formatInline(wasm));
      sizes[name] = wasm.length;
    }
    const stamp: Stamp = { sources, sizes };
    await writeFile(join(workFolder, STAMP_FILE), `${JSON.stringify(stamp, null, 2)}\n`);
    for (const { name } of CHUNKS) {
      for (const file of [`${name}.wasm`, `${name}.inline.js`]) {
        await rename(join(workFolder, file), join(distFolder, file));
      }
    }
    // Last, because it says that the rest is complete.
    await rename(join(workFolder, STAMP_FILE), join(distFolder, STAMP_FILE));
    return stamp;
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
}

/**
 * Makes sure that `dist/` holds what the sources say, compiling only when they changed since the last build.
 * @returns Whether it compiled, and the sizes of the chunks in bytes.
 * @throws BuildError with the compiler's message, or when a chunk is larger than promised.
 */
export async function ensureBuilt(
  options: { force?: boolean | undefined } = {},
): Promise<{ readonly isNew: boolean; readonly sizes: Stamp["sizes"] }> {
  const [stamp, sources, isWhole] = await Promise.all([readStamp(), digestSources(), hasAllFiles()]);
  if (options.force !== true && isWhole && stamp?.sources === sources)
    return { isNew: false, sizes: stamp.sizes };
  return { isNew: true, sizes: (await build(sources)).sizes };
}

/**
 * Bundles the vectors' suite with the host and the chunks into `dist/suite.js`, which runs in browsers, Node, Deno
 * and Bun.
 * @throws BuildError with the bundler's message.
 */
export async function buildSuite(): Promise<void> {
  await ensureBuilt();
  const entry = join(packageFolder, "vectors", "suite.ts");
  const result = await Bun.build({ entrypoints: [entry], target: "browser", format: "esm" });
  const [output] = result.outputs;
  if (!result.success || output === undefined) throw new BuildError(result.logs.join("\n"));
  await writeFile(join(distFolder, "suite.js"), await output.text());
}

if (import.meta.main) {
  const startedAt = performance.now();
  const { isNew, sizes } = await ensureBuilt({ force: process.argv.includes("--force") });
  const text = CHUNKS.map(({ name }) => `${name}.wasm ${sizes[name]} bytes`).join(", ");
  console.log(`${isNew ? "built" : "up to date"}: ${text} (${Math.round(performance.now() - startedAt)} ms)`);
  if (process.argv.includes("--suite")) await buildSuite();
}
