import { beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "../../build.ts";
import { listVectors, readVector } from "../../vectors/chd-vectors.ts";
import { checkDamaged, createRandom, listCuts } from "../../vectors/damage.ts";
import { damageAs, damageKinds } from "../../vectors/damage-kinds.ts";
import { createPeakMemory } from "../../vectors/peak-memory.testing.ts";
import { parseHeader } from "./header.ts";

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
const DAMAGED_PER_KIND = 12;
const MUTATIONS_MIN = 5000;
/** The most that one damaged file may take while it is read. */
const GROWTH_BYTES_MAX = 64 << 20;
/** Garbage of earlier rounds counts as held, so that it is no room to grow into; it is collected from time to time. */
const ROUNDS_PER_COLLECTION = 20;

/** Set `DAMAGE_SEED` to run a failure again. */
const seed = Number(process.env.DAMAGE_SEED ?? Math.floor(Math.random() * 2 ** 31));
const peak = createPeakMemory();

beforeAll(async () => {
  await ensureBuilt();
});

describe("damaged CHDs", () => {
  test("are enough, of every version and codec", async () => {
    expect(small.length * damageKinds.length * DAMAGED_PER_KIND).toBeGreaterThan(MUTATIONS_MIN);
    const headers = await Promise.all(
      small.map(async (one) => parseHeader((await readVector(one, readVectorFile)).subarray(0, 124))),
    );
    expect([...new Set(headers.map(({ version }) => version))].sort()).toEqual([1, 2, 3, 4, 5]);
    const codecs = new Set(headers.flatMap(({ codecs }) => codecs));
    const known = ["zlib", "zstd", "lzma", "huff", "flac", "cdzl", "cdzs", "cdlz", "cdfl"];
    expect(known.filter((name) => !codecs.has(name))).toEqual([]);
  });

  test("are measured in memory, where CI runs", () => {
    if (process.env.MULTITAP_CI === "1") expect(peak).not.toBeNull();
  });

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
    `%s ends in data or an error however it is damaged, within ${GROWTH_BYTES_MAX} bytes (seed ${seed})`,
    async (id, one) => {
      const random = createRandom(seed);
      const bytes = await readVector(one, readVectorFile);
      let mostBytes = 0;
      for (let round = 0; round < DAMAGED_PER_KIND * damageKinds.length; round += 1) {
        const kind = damageKinds[round % damageKinds.length] ?? "bits";
        if (round % ROUNDS_PER_COLLECTION === 0) Bun.gc(true);
        const damaged = damageAs(kind, bytes, random);
        peak?.start();
        const problem = await checkDamaged(one, damaged, readVectorFile);
        mostBytes = Math.max(mostBytes, peak?.readGrowthBytes() ?? 0);
        const what = `${id}, ${kind}, round ${round} of seed ${seed}`;
        expect(problem === null ? null : `${what}: ${problem}`).toBeNull();
        expect(mostBytes, what).toBeLessThan(GROWTH_BYTES_MAX);
      }
      if (process.env.DAMAGE_SHOW === "1") console.log(`${id}: ${mostBytes >> 10} KiB at most`);
    },
  );
});
