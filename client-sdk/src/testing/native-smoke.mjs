// Runs in a folder where the package is installed, on Node, Bun or Deno: hashes, reads and verifies the CHD whose path
// is the argument, and prints what it found.
import { readFile } from "node:fs/promises";
import { hasErrorCode } from "@multitap/client";
import { hashBytes, hashRom, loadNative, openChd } from "@multitap/client/native";
import { fileSource, threadWorkers } from "@multitap/client/node";

const [path] = process.argv.slice(2);
await loadNative({ wasm: new URL(import.meta.resolve("@multitap/client/native/hash.wasm")) });
await loadNative({ wasm: new URL(import.meta.resolve("@multitap/client/native/disc.wasm")) });
const bytes = new Uint8Array(await readFile(path));
const workers = threadWorkers({ count: 2 });
const source = await fileSource(path);
const chd = await openChd(source, { workers });
const found = {
  alone: await (await openChd(bytes)).verify(),
  shared: await chd.verify(),
  sha1: (await hashBytes(bytes, ["sha1"])).sha1,
  game: await hashRom(source, "detect", { names: ["ra"], workers }),
  refused: await openChd(new Uint8Array(200)).catch((error) => hasErrorCode(error, "CHD_NOT_A_CHD")),
};
await chd.close();
await source.close();
await workers.close();
console.log(JSON.stringify(found));
