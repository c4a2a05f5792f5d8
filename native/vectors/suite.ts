import { checkVector, listVectors, type ReadVectorFile, readVector } from "./chd-vectors.ts";
import { checkDamaged, createRandom, damage, listCuts } from "./damage.ts";

/** How a run of the suite went. */
export interface SuiteCounts {
  passed: number;
  failed: number;
}

/** Files above this are too slow to be damaged thousands of times, in bytes of content. */
const DAMAGED_CONTENT_BYTES_MAX = 1 << 20;

/**
 * Runs all vectors, cuts and random damage, on whatever runtime this is.
 * @param input `readFile` reads below this folder; `report` gets a line for each failure.
 */
export async function runSuite(input: {
  readonly readFile: ReadVectorFile;
  readonly report: (line: string) => void;
  readonly damagedCount: number;
  readonly seed: number;
}): Promise<SuiteCounts> {
  const { readFile, report } = input;
  const counts: SuiteCounts = { passed: 0, failed: 0 };
  const count = (problems: readonly string[], what: string) => {
    if (problems.length === 0) counts.passed += 1;
    else counts.failed += 1;
    for (const problem of problems) report(`${what}: ${problem}`);
  };
  const placed = await listVectors(readFile);
  for (const one of placed) count(await checkVector(one, readFile), one.vector.id);
  const small = placed.filter(({ vector }) => vector.logicalBytes <= DAMAGED_CONTENT_BYTES_MAX);
  for (const one of small) {
    const bytes = await readVector(one, readFile);
    for (const cut of listCuts(bytes)) {
      const problem = await checkDamaged(one, bytes.subarray(0, cut), readFile);
      count(problem === null ? [] : [problem], `${one.vector.id} cut at ${cut}`);
    }
  }
  const random = createRandom(input.seed);
  for (let index = 0; index < input.damagedCount; index += 1) {
    const one = small[random(small.length)];
    if (one === undefined) break;
    const bytes = damage(await readVector(one, readFile), random);
    const problem = await checkDamaged(one, bytes, readFile);
    count(problem === null ? [] : [problem], `${one.vector.id} damage ${index} of seed ${input.seed}`);
  }
  return counts;
}
