/**
 * Compiles `assembly/` into `dist/`: `bun native/build.ts` builds when sources changed, `--force` always,
 * `--suite` also bundles the vectors' suite for `vectors/run.mjs`.
 * The same sources give the same bytes on every machine.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import manifest from "./package.json" with { type: "json" };

const packageFolder = fileURLToPath(new URL(".", import.meta.url));
const assemblyFolder = join(packageFolder, "assembly");
const distFolder = join(packageFolder, "dist");
const STAMP_FILE = "build.json";
/** The chunks and the most bytes each may have; the SDK promises these to the people who load them. */
const CHUNKS = [
  { name: "hash", bytesMax: 12 * 1024 },
  { name: "disc", bytesMax: 120 * 1024 },
  { name: "lanes", bytesMax: 12 * 1024 },
] as const;
type ChunkName = (typeof CHUNKS)[number]["name"];
/** Pinned exactly, so that it can be told without loading the compiler, which takes half a second. */
const COMPILER_VERSION = manifest.devDependencies.assemblyscript;

// The stub runtime has no allocator: everything lives at fixed places or where the host lays it.
const OPTIONS = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd"] as const;

interface Stamp {
  /** Digest of sources, options and compiler version. */
  readonly sources: string;
  /** Sizes of the chunks. */
  readonly sizes: { readonly [K in ChunkName]: number };
}

/** The build failed; the message is the compiler's own, or says what is missing. */
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
  const hash = createHash("sha256").update(JSON.stringify([COMPILER_VERSION, OPTIONS, CHUNKS]));
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
function hasAllFiles(): boolean {
  const names = CHUNKS.flatMap(({ name }) => [`${name}.wasm`, `${name}.inline.js`]);
  return names.every((name) => existsSync(join(distFolder, name)));
}

/** Loads the compiler, a development dependency: an install without those has to come with `dist/`. */
async function loadCompiler() {
  const compiler = await import("assemblyscript/asc").catch((cause: unknown) => {
    const state = existsSync(join(distFolder, STAMP_FILE)) ? "older than its sources" : "missing";
    const message =
      `native/dist is ${state}, and its compiler (assemblyscript) is not installed; ` +
      'run "npm ci" without --omit=dev, or copy native/dist from a checkout where it was built';
    throw new BuildError(message, { cause });
  });
  const { version } = compiler.default;
  if (version === COMPILER_VERSION) return compiler.default;
  throw new BuildError(`assemblyscript ${version} is installed, ${COMPILER_VERSION} is needed; run "npm ci"`);
}

/** Compiles one chunk into a folder and gives its bytes. */
async function compile(name: string, outFolder: string): Promise<Uint8Array> {
  const asc = await loadCompiler();
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
    const sizes: { [K in ChunkName]: number } = { hash: 0, disc: 0, lanes: 0 };
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

interface Inspection {
  readonly sources: string;
  /** What the last build left; null when it is not what the sources say. */
  readonly stamp: Stamp | null;
}

async function inspect(): Promise<Inspection> {
  const [stamp, sources] = await Promise.all([readStamp(), digestSources()]);
  return { sources, stamp: hasAllFiles() && stamp?.sources === sources ? stamp : null };
}

/** Tells whether `dist/` holds what the sources say; takes a few milliseconds and loads no compiler. */
export async function isBuilt(): Promise<boolean> {
  return (await inspect()).stamp !== null;
}

/**
 * Makes sure that `dist/` holds what the sources say, compiling only when they changed since the last build.
 * @returns Whether it compiled, and the sizes of the chunks in bytes.
 * @throws BuildError with the compiler's message, when a chunk is larger than promised, or when the compiler is needed
 *   and not installed.
 */
export async function ensureBuilt(
  options: { force?: boolean | undefined } = {},
): Promise<{ readonly isNew: boolean; readonly sizes: Stamp["sizes"] }> {
  const { stamp, sources } = await inspect();
  if (options.force !== true && stamp !== null) return { isNew: false, sizes: stamp.sizes };
  return { isNew: true, sizes: (await build(sources)).sizes };
}

/** Says that the stamp is as new as its sources, whose times a checkout changes; a read-only install does without. */
async function renewStamp(): Promise<void> {
  const now = new Date();
  await utimes(join(distFolder, STAMP_FILE), now, now).catch((error: unknown) => {
    if (!["EROFS", "EACCES", "EPERM"].includes(String((error as NodeJS.ErrnoException).code))) throw error;
  });
}

async function main(): Promise<void> {
  const startedAt = performance.now();
  const { isNew, sizes } = await ensureBuilt({ force: process.argv.includes("--force") });
  if (!isNew) await renewStamp();
  const text = CHUNKS.map(({ name }) => `${name}.wasm ${sizes[name]} bytes`).join(", ");
  console.log(`${isNew ? "built" : "up to date"}: ${text} (${Math.round(performance.now() - startedAt)} ms)`);
  if (process.argv.includes("--suite")) await buildSuite();
}

/** What runs the vectors elsewhere: the suite for every runtime; its inputs, which only Node, Deno and Bun can make. */
const SUITE_BUNDLES = [
  { entry: "suite.ts", file: "suite.js", target: "browser" },
  { entry: "node-inputs.ts", file: "ra-inputs.js", target: "node" },
] as const;

/**
 * Bundles the vectors' suite with the host and the chunks into `dist/suite.js`, which runs in browsers, Node, Deno
 * and Bun, and the builders of its inputs into `dist/ra-inputs.js`.
 * @throws BuildError with the bundler's message.
 */
export async function buildSuite(): Promise<void> {
  await ensureBuilt();
  for (const { entry, file, target } of SUITE_BUNDLES) {
    const entrypoints = [join(packageFolder, "vectors", entry)];
    const result = await Bun.build({ entrypoints, target, format: "esm" });
    const [output] = result.outputs;
    if (!result.success || output === undefined) throw new BuildError(result.logs.join("\n"));
    // Renamed into place, so that a reader never sees half a file.
    const workFile = join(distFolder, `${file}.${process.pid}`);
    await writeFile(workFile, await output.text());
    await rename(workFile, join(distFolder, file));
  }
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    if (!(error instanceof BuildError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  });
}
