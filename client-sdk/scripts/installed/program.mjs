// Runs `smoke.mjs` in Node, Bun or Deno, and a download into a file with it: `program.mjs <url> <token>`.
import { readFile, stat } from "node:fs/promises";
import process from "node:process";
import { createClient } from "@multitap/client";
import { fileSink } from "@multitap/client/node";
import { run } from "./smoke.mjs";

const [url, token] = process.argv.slice(2);
const found = await run({ url, token });
const client = createClient({ url, auth: token });
const [rom] = (await client.roms.list({ orderBy: "name", limit: 1 })).items;
await client.roms.download(rom.id, fileSink("copy.bin"), { verify: true });
await client.close();
const isWhole = (await stat("copy.bin")).size === rom.sizeBytes && (await readFile("copy.bin")).length > 0;
console.log(JSON.stringify({ ...found, file: isWhole }));
