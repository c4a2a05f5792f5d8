// Runs the vectors on Node, Deno or Bun from the bundle: `bun native/build.ts --suite`, then `node native/vectors/run.mjs`.
// Arguments: how many damaged files (2000), the seed (1). The last line on standard output is the counts as JSON.
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";

const bundle = new URL("../dist/suite.js", import.meta.url);
const builders = new URL("../dist/ra-inputs.js", import.meta.url);
if (!existsSync(bundle) || !existsSync(builders)) {
  console.error('native/dist/suite.js is missing; run "bun native/build.ts --suite"');
  process.exit(1);
}
const { runSuite } = await import(bundle);
const { createRaInputs } = await import(builders);
const [damagedCount, seed] = [process.argv[2] ?? "2000", process.argv[3] ?? "1"].map(Number);
const startedAt = performance.now();
const counts = await runSuite({
  readFile: async (path) => new Uint8Array(await readFile(new URL(path, import.meta.url))),
  raInputs: createRaInputs(),
  report: (line) => console.error(line),
  damagedCount,
  seed,
});
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(`vectors: ${counts.failed} failed (seed ${seed}, ${seconds} s)`);
console.log(JSON.stringify(counts));
process.exit(counts.failed === 0 ? 0 : 1);
