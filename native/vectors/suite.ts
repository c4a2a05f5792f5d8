import {
  checkVector,
  listVectors,
  type PlacedVector,
  type ReadVectorFile,
  readVector,
} from "./chd-vectors.ts";
import { checkDamaged, createRandom, damage, listCuts } from "./damage.ts";
import { checkRaInput, type RaInputs, readRaAnswers } from "./ra-vectors.ts";

/** How a run of the suite went: what was checked of each kind, and how many of them failed. */
export interface SuiteCounts {
  chdVectors: number;
  raVectors: number;
  cuts: number;
  damaged: number;
  failed: number;
}

export interface SuiteInput {
  /** Reads below this folder. */
  readonly readFile: ReadVectorFile;
  readonly raInputs: RaInputs;
  /** Gets a line for each failure. */
  readonly report: (line: string) => void;
  readonly damagedCount: number;
  readonly seed: number;
}

/** Files above this are too slow to be damaged thousands of times, in bytes of content. */
const DAMAGED_CONTENT_BYTES_MAX = 1 << 20;

type Check = (kind: Exclude<keyof SuiteCounts, "failed">, what: string, problems: readonly string[]) => void;

/** What a check found, and what it ended in when it did not come to its end. */
async function listProblems(check: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await check();
  } catch (error) {
    return [`threw ${String(error)}`];
  }
}

async function checkCuts(small: readonly PlacedVector[], input: SuiteInput, check: Check): Promise<void> {
  for (const one of small) {
    const bytes = await readVector(one, input.readFile);
    for (const cut of listCuts(bytes)) {
      const problem = await checkDamaged(one, bytes.subarray(0, cut), input.readFile);
      check("cuts", `${one.vector.id} cut at ${cut}`, problem === null ? [] : [problem]);
    }
  }
}

async function checkRandom(small: readonly PlacedVector[], input: SuiteInput, check: Check): Promise<void> {
  const random = createRandom(input.seed);
  for (let index = 0; index < input.damagedCount; index += 1) {
    const one = small[random(small.length)];
    if (one === undefined) break;
    const bytes = damage(await readVector(one, input.readFile), random);
    const problem = await checkDamaged(one, bytes, input.readFile);
    const what = `${one.vector.id} damage ${index} of seed ${input.seed}`;
    check("damaged", what, problem === null ? [] : [problem]);
  }
}

/** Runs all vectors, cuts and random damage, on whatever runtime this is. */
export async function runSuite(input: SuiteInput): Promise<SuiteCounts> {
  const { readFile, raInputs, report } = input;
  const counts: SuiteCounts = { chdVectors: 0, raVectors: 0, cuts: 0, damaged: 0, failed: 0 };
  const check: Check = (kind, what, problems) => {
    counts[kind] += 1;
    if (problems.length > 0) counts.failed += 1;
    for (const problem of problems) report(`${what}: ${problem}`);
  };
  const placed = await listVectors(readFile);
  for (const one of placed) {
    check("chdVectors", one.vector.id, await listProblems(() => checkVector(one, readFile)));
  }
  const answers = await readRaAnswers(readFile);
  for (const facts of await raInputs.list()) {
    check("raVectors", facts.id, await listProblems(() => checkRaInput(facts, raInputs, answers)));
  }
  const small = placed.filter(({ vector }) => vector.logicalBytes <= DAMAGED_CONTENT_BYTES_MAX);
  await checkCuts(small, input, check);
  await checkRandom(small, input, check);
  return counts;
}
