import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { ENTRIES, NODE_WORKER, WASM_FILES } from "./entries.ts";
import { SOURCE_PREFIX } from "./javascript.ts";
import { ROOT } from "./sources.ts";

/** Names that nobody outside of this repository can import, and packages that only the server has. */
const PRIVATE_NAMES = /["'](@multitap\/(?:server|native|db)|@trpc\/[\w-]+|valibot|drizzle-orm|elysia)\b/;
/** Types that not every runtime's typings have. */
const FOREIGN_TYPES =
  /\b(?:RTCIceServer|RTCPeerConnection|WebAssembly\.\w+|FileSystem\w*Handle|Disposable|AsyncDisposable|Buffer|NodeJS\.\w+)\b(?!\??:)/;

const NODE_FILES: readonly string[] = [...ENTRIES.filter(({ name }) => name === "./node"), NODE_WORKER].map(
  ({ output }) => `${output}.js`,
);

/**
 * What is wrong with a built package, one line each: names that others cannot resolve, and what `publint` and
 * `attw` find in the packed form.
 */
export async function findFaults(folder: string, tarball: Uint8Array): Promise<readonly string[]> {
  const faults = [...(await findLeaks(folder)), ...(await findWrongTypes(tarball))];
  const { messages, pkg } = await publint({ pkgDir: folder, pack: false, strict: true });
  return [...faults, ...messages.map((message) => `publint: ${formatMessage(message, pkg)}`)];
}

/** Files that name what only this repository has, or where it was built. */
async function findLeaks(folder: string): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const name of await readdir(join(folder, "dist"), { recursive: true })) {
    if (!/\.(?:js|ts|map)$/.test(name)) continue;
    const text = await readFile(join(folder, "dist", name), "utf8");
    const found = name.endsWith(".map") ? findMapFaults(text) : findCodeFaults(name, text);
    if (text.includes(ROOT)) found.push("holds the path of the checkout");
    faults.push(...found.map((fault) => `dist/${name} ${fault}`));
  }
  return faults;
}

function findCodeFaults(name: string, text: string): string[] {
  const faults: string[] = [];
  const foreign = PRIVATE_NAMES.exec(text)?.[1];
  if (foreign !== undefined) faults.push(`names ${foreign}`);
  const type = name.endsWith(".d.ts") ? FOREIGN_TYPES.exec(withoutComments(text))?.[0] : undefined;
  if (type !== undefined) faults.push(`uses the type ${type}, which not every runtime's typings have`);
  const hasNode = name.endsWith(".js") && /\bfrom ["']node:/.test(text);
  if (hasNode && !NODE_FILES.includes(name)) faults.push("imports node:*, which only /node may");
  return faults;
}

/** Maps hold the sources word for word, and those may name what they are made of; their paths may not. */
function findMapFaults(text: string): string[] {
  const { sources } = JSON.parse(text) as { readonly sources: readonly string[] };
  return sources
    .filter((source) => !source.startsWith(SOURCE_PREFIX))
    .map((source) => `has a source ${source}`);
}

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, "");

async function findWrongTypes(tarball: Uint8Array): Promise<readonly string[]> {
  const result = await checkPackage(createPackageFromTarballData(tarball), {
    excludeEntrypoints: [...WASM_FILES.map((file) => `./${file}`)],
  });
  if (!result.types) return ["attw: the package has no types"];
  return result.problems
    .filter((problem) => !isOnPurpose(problem))
    .map((problem) => `attw: ${JSON.stringify(problem)}`);
}

/** ESM only, and read through `exports`: older ways of resolving are not served (`runtimes.md`). */
function isOnPurpose(problem: { readonly kind: string; readonly resolutionKind?: string }): boolean {
  return (
    problem.resolutionKind === "node10" ||
    (problem.kind === "CJSResolvesToESM" && problem.resolutionKind === "node16-cjs")
  );
}
