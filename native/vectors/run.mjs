// Runs the vectors on Node, Deno or Bun from the bundle: `bun native/build.ts --suite`, then `node native/vectors/run.mjs`.
// Arguments: how many damaged files (2000), the seed (1).
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";

const bundle = new URL("../dist/suite.js", import.meta.url);
if (!existsSync(bundle)) {
  console.error('native/dist/suite.js is missing; run "bun native/build.ts --suite"');
  process.exit(1);
}
const { runSuite } = await import(bundle);
const [damagedCount, seed] = [process.argv[2] ?? "2000", process.argv[3] ?? "1"].map(Number);
const startedAt = performance.now();
const counts = await runSuite({
  readFile: async (path) => new Uint8Array(await readFile(new URL(path, import.meta.url))),
  report: (line) => console.error(line),
  damagedCount,
  seed,
});
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(`vectors: ${counts.passed} passed, ${counts.failed} failed (seed ${seed}, ${seconds} s)`);
process.exit(counts.failed === 0 ? 0 : 1);
