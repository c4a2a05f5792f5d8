import { createRandom, DAMAGED_MS_MAX, type Random, readWorkMs } from "../vectors/damage.ts";
import { mutate } from "./mutate.ts";
import type { FuzzTarget } from "./target.ts";

/** Kept inputs in memory; when there are more, the oldest that was no seed goes. */
const QUEUE_MAX = 4000;
/** How often an input is taken from the newest ones, out of ten: what was just reached leads on. */
const NEWEST_HITS = 5;
const NEWEST = 64;

/** How long to go on, and what to be told. */
export interface LoopOptions {
  readonly seed: number;
  readonly runsMax: number;
  readonly durationMs: number;
  /** Inputs to start from beside the target's own. */
  readonly corpus: readonly Uint8Array[];
  /** Gets each input before it runs, so that it is known when it never ends. */
  readonly onInput?: ((input: Uint8Array) => void) | undefined;
  readonly onProblem: (problem: string, input: Uint8Array) => void;
}

/** How it went. */
export interface LoopResult {
  readonly runs: number;
  readonly features: number;
  /** Inputs that reached something new, those of the corpus among them. */
  readonly kept: readonly Uint8Array[];
}

interface State {
  readonly target: FuzzTarget;
  readonly options: LoopOptions;
  readonly reached: Set<number>;
  readonly queue: Uint8Array[];
  readonly kept: Uint8Array[];
  runs: number;
}

async function timed(target: FuzzTarget, input: Uint8Array) {
  const startedAtMs = readWorkMs();
  const outcome = await target.run(input);
  return { ...outcome, tookMs: readWorkMs() - startedAtMs };
}

/** Runs one input; gives whether it reached something new. */
async function runOne(state: State, input: Uint8Array): Promise<boolean> {
  const { target, options, reached } = state;
  options.onInput?.(input);
  const { problem, features, tookMs } = await timed(target, input);
  state.runs += 1;
  // Once more, because the runtime may have had other things to do, such as collecting.
  const isSlow = tookMs > DAMAGED_MS_MAX && (await timed(target, input)).tookMs > DAMAGED_MS_MAX;
  const trouble = problem ?? (isSlow ? `took ${Math.round(tookMs)} ms` : null);
  if (trouble !== null) options.onProblem(trouble, input);
  const before = reached.size;
  for (const feature of features) reached.add(feature);
  return reached.size > before;
}

function pickInput({ queue }: State, random: Random): Uint8Array {
  const isNewest = random(10) < NEWEST_HITS;
  const from = isNewest ? Math.max(0, queue.length - NEWEST) : 0;
  return queue[from + random(queue.length - from)] ?? new Uint8Array(1);
}

/** Runs a target on changed inputs, keeping those that reach something new, until the time or the runs are over. */
export async function runLoop(target: FuzzTarget, options: LoopOptions): Promise<LoopResult> {
  const random = createRandom(options.seed);
  const seeds = await target.listSeeds();
  const state: State = { target, options, reached: new Set(), queue: [...seeds], kept: [], runs: 0 };
  const endAtMs = performance.now() + options.durationMs;
  const isOver = () => state.runs >= options.runsMax || performance.now() > endAtMs;
  for (const seed of seeds) if (!isOver()) await runOne(state, seed);
  for (const input of options.corpus) {
    if (!isOver() && (await runOne(state, input))) state.kept.push(input);
    state.queue.push(input);
  }
  while (!isOver()) {
    const other = pickInput(state, random);
    const input = mutate(pickInput(state, random), { random, other, bytesMax: target.inputBytesMax });
    if (!(await runOne(state, input))) continue;
    state.kept.push(input);
    state.queue.push(input);
    if (state.queue.length > QUEUE_MAX) state.queue.splice(seeds.length, 1);
    if (state.kept.length > QUEUE_MAX) state.kept.shift();
  }
  return { runs: state.runs, features: state.reached.size, kept: state.kept };
}
