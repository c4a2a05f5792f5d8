import { beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "../../build.ts";
import { listVectors, readVector } from "../../vectors/chd-vectors.ts";
import { checkDamaged, createRandom, damage, listCuts } from "../../vectors/damage.ts";

const vectorsFolder = fileURLToPath(new URL("../../vectors/", import.meta.url));
const cache = new Map<string, Uint8Array>();
const readVectorFile = async (path: string) => {
  const bytes = cache.get(path) ?? new Uint8Array(await readFile(vectorsFolder + path));
  cache.set(path, bytes);
  return bytes;
};
const CONTENT_BYTES_MAX = 256 << 10;
const small = (await listVectors(readVectorFile)).filter(
  ({ vector }) => vector.logicalBytes <= CONTENT_BYTES_MAX,
);
const DAMAGED_PER_FILE = 80;
const MEMORY_BYTES_MAX = 64 << 20;
const seed = Math.floor(Math.random() * 2 ** 31);

beforeAll(async () => {
  await ensureBuilt();
});

describe("damaged CHDs", () => {
  test("are enough", () => expect(small.length * DAMAGED_PER_FILE).toBeGreaterThan(5000));

  test.each(small.map((one) => [one.vector.id, one] as const))(
    "%s ends in an error wherever it is cut",
    async (_, one) => {
      const bytes = await readVector(one, readVectorFile);
      for (const cut of listCuts(bytes)) {
        const problem = await checkDamaged(one, bytes.subarray(0, cut), readVectorFile);
        expect(problem === null ? null : `cut at ${cut}: ${problem}`).toBeNull();
      }
    },
  );

  test.each(small.map((one) => [one.vector.id, one] as const))(
    `%s ends in data or an error however it is damaged (seed ${seed})`,
    async (id, one) => {
      const random = createRandom(seed);
      const bytes = await readVector(one, readVectorFile);
      const beforeBytes = process.memoryUsage().arrayBuffers;
      let mostBytes = 0;
      for (let index = 0; index < DAMAGED_PER_FILE; index += 1) {
        const problem = await checkDamaged(one, damage(bytes, random), readVectorFile);
        expect(problem === null ? null : `${id} damage ${index} of seed ${seed}: ${problem}`).toBeNull();
        mostBytes = Math.max(mostBytes, process.memoryUsage().arrayBuffers - beforeBytes);
        // What earlier rounds left behind does not count.
        if (index % 20 === 0) Bun.gc(true);
      }
      expect(mostBytes).toBeLessThan(MEMORY_BYTES_MAX);
    },
  );
});
