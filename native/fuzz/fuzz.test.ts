import { afterAll, describe, expect, test } from "bun:test";
import { runOnDisc } from "../host/load.ts";
import { CORPUS_BYTES_MAX, readCorpus } from "./corpus.ts";
import { startCoverage, stopCoverage } from "./coverage.ts";
import { runLoop } from "./loop.ts";
import { targets } from "./targets.ts";

/** Set `FUZZ_SEED` to run a failure again. */
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** Beyond the seeds and the corpus; minutes of it are for `native/fuzz/run.ts`. */
const RUNS = 500;
/** The instrumented chunk is compiled by whichever test comes first. */
const TIMEOUT_MS = 120_000;

/** Whether the host decodes on the chunk with counters: only then something is counted. */
async function isCounting(): Promise<boolean> {
  const coverage = await startCoverage();
  coverage.takeFeatures();
  await runOnDisc((disc) => disc.crc16(disc.heapStart(), 16));
  return coverage.takeFeatures().length > 0;
}

// Modules are shared by all test files of a run, and the others mean the chunk that is shipped.
afterAll(() => stopCoverage(), TIMEOUT_MS);

describe(`fuzzing (seed ${SEED})`, () => {
  test.each([...targets].map(([name, create]) => [name, create] as const))(
    "%s ends as it should on the corpus and what is made of it",
    async (name, create) => {
      const target = create();
      const corpus = await readCorpus(name);
      const problems: string[] = [];
      const { runs, features } = await runLoop(target, {
        seed: SEED,
        runsMax: (await target.listSeeds()).length + corpus.length + RUNS,
        durationMs: TIMEOUT_MS / 2,
        corpus,
        onProblem: (problem, input) => problems.push(`${problem}: ${Buffer.from(input).toString("hex")}`),
      });
      expect(problems).toEqual([]);
      expect(runs).toBeGreaterThan(RUNS);
      expect(features).toBeGreaterThan(20);
    },
    TIMEOUT_MS,
  );

  test("keeps an input that reaches something new, and tells one that goes wrong", async () => {
    const found: Uint8Array[] = [];
    const { kept } = await runLoop(
      {
        name: "two-steps",
        inputBytesMax: 8,
        listSeeds: () => Promise.resolve([new Uint8Array(4)]),
        run(input) {
          const isHalfWay = input[0] === 0x7f;
          const isFound = isHalfWay && input[1] === 0xff;
          return Promise.resolve({ problem: isFound ? "found" : null, features: [isHalfWay ? 2 : 1] });
        },
      },
      {
        seed: 3,
        runsMax: 20_000,
        durationMs: TIMEOUT_MS,
        corpus: [],
        onProblem: (_, input) => found.push(input),
      },
    );
    expect(kept).toHaveLength(1);
    expect(found.length).toBeGreaterThan(0);
  });

  test("counts what the host runs, and leaves the shipped chunk behind when it stops", async () => {
    expect(await isCounting()).toBe(true);
    await stopCoverage();
    const names = await runOnDisc((disc) => Object.keys(disc));
    expect(names).toContain("decodeHunk");
    expect(names).not.toContain("coverAt");
  });

  test("keeps few inputs, which the targets take as they are", async () => {
    for (const [name, create] of targets) {
      const corpus = await readCorpus(name);
      expect(corpus.length).toBeGreaterThan(0);
      expect(corpus.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(CORPUS_BYTES_MAX);
      for (const input of corpus) expect(input.length).toBeLessThanOrEqual(create().inputBytesMax);
    }
  });
});
