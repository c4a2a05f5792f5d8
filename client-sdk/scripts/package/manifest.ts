import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ENTRIES, NODE_WORKER, WASM_FILES } from "./entries.ts";
import { ROOT } from "./sources.ts";

/** What an import of an entry meets: types first, since the first condition that fits is taken. */
type Target = string | Readonly<Record<string, string>>;

function targetOf(output: string): Readonly<Record<string, string>> {
  const isWorker = output === "native/worker";
  return {
    types: `./dist/${output}.d.ts`,
    ...(isWorker && { node: `./dist/${NODE_WORKER.output}.js` }),
    default: `./dist/${output}.js`,
  };
}

/** The `exports` of the published package: the entries and nothing else, so that no file can be imported by path. */
export function makeExports(): Record<string, Target> {
  const entries = ENTRIES.map(({ name, output }): [string, Target] => [name, targetOf(output)]);
  const files = WASM_FILES.map((file): [string, Target] => [`./${file}`, `./dist/${file}`]);
  return Object.fromEntries([...entries, ...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The `package.json` that is published, while the workspace's own is private and points to sources; names, version and licence are those of the workspace. */
export async function makeManifest(): Promise<object> {
  const own = JSON.parse(await readFile(join(ROOT, "client-sdk", "package.json"), "utf8"));
  return {
    name: own.name,
    version: own.version,
    description: own.description,
    license: own.license,
    keywords: own.keywords,
    type: "module",
    exports: makeExports(),
    // A worker's file is imported for what it does; without this a bundler may leave it out.
    sideEffects: ["./dist/native/worker.js", "./dist/native/worker-node.js"],
    engines: own.engines,
    publishConfig: { access: "public", provenance: true },
  };
}
