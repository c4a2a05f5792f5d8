/**
 * Lays the WebAssembly where the exports `./native/hash.wasm` and `./native/disc.wasm` of this package point:
 * `bun client-sdk/scripts/copy-wasm.ts`.
 */
import { copyFile, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "@multitap/native/build";

const FILES = ["hash.wasm", "disc.wasm"] as const;
const target = new URL("../dist/native/", import.meta.url);

/** Copies both files, building them first when their sources changed; gives the folder they lie in then. */
export async function copyWasm(folder: string = fileURLToPath(target)): Promise<string> {
  await ensureBuilt();
  await mkdir(folder, { recursive: true });
  for (const file of FILES)
    await copyFile(fileURLToPath(import.meta.resolve(`@multitap/native/${file}`)), `${folder}/${file}`);
  return folder;
}

if (import.meta.main) console.log(`copied ${FILES.join(" and ")} to ${await copyWasm()}`);
