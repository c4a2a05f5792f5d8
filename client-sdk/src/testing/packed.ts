import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { copyWasm } from "../../scripts/copy-wasm.ts";

const sourceFolder = fileURLToPath(new URL("../", import.meta.url));

/** Where an installed copy keeps each entry; as the package's own map, with built files behind it. */
const EXPORTS = {
  ".": "./dist/index.js",
  "./browser": "./dist/entries/browser.js",
  "./native": "./dist/entries/native.js",
  "./native/disc.wasm": "./dist/native/disc.wasm",
  "./native/hash.wasm": "./dist/native/hash.wasm",
  "./native/worker": {
    node: "./dist/node/native-worker-node.js",
    default: "./dist/entries/native-worker.js",
  },
  "./netplay": "./dist/entries/netplay.js",
  "./node": "./dist/node/node.js",
  "./sync": "./dist/entries/sync.js",
} as const;

/** The names of the entries that an installed copy has. */
export const packedEntries: readonly string[] = Object.keys(EXPORTS);

async function bundle(entries: readonly string[], outdir: string, target: "browser" | "node"): Promise<void> {
  await Bun.build({
    entrypoints: entries.map((entry) => join(sourceFolder, entry)),
    outdir,
    target,
    splitting: true,
    minify: true,
    throw: true,
  });
}

/** Installs this package, built to JavaScript, into a folder, so that files there can import it by its name. */
export async function installPacked(folder: string): Promise<void> {
  const home = join(folder, "node_modules", "@multitap", "client");
  await mkdir(join(home, "dist"), { recursive: true });
  const pages = [
    "index.ts",
    ...["browser", "native", "native-worker", "netplay", "sync"].map((name) => `entries/${name}.ts`),
  ];
  await bundle(pages, join(home, "dist"), "browser");
  await bundle(["entries/node.ts", "entries/native-worker-node.ts"], join(home, "dist", "node"), "node");
  await copyWasm(join(home, "dist", "native"));
  const manifest = { name: "@multitap/client", version: "0.0.0", type: "module", exports: EXPORTS };
  await writeFile(join(home, "package.json"), JSON.stringify(manifest));
}
