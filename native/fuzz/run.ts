/**
 * Fuzzes the package: `bun native/fuzz/run.ts --target header|map|<codec>|rahash|all --seconds N --seed S`, or one input
 * again with `--input file`. See README.md beside this.
 */
import { closeSync, ftruncateSync, mkdtempSync, openSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DAMAGED_MS_MAX } from "../vectors/damage.ts";
import { readCorpus, storeCorpus, storeFinding } from "./corpus.ts";
import { buildInstrumented } from "./instrument.ts";
import { runLoop } from "./loop.ts";
import type { FuzzTarget } from "./target.ts";
import { targets } from "./targets.ts";

/** Findings of one kind that are stored; more of the same say nothing new. */
const SAME_FINDINGS_MAX = 3;
/** An input that takes this much of the processor's time will never end. A slow one is told by the loop itself. */
const HANG_MS = 5 * DAMAGED_MS_MAX;
/** For the start of the child, and for choosing what to keep at its end. */
const CHILD_EXTRA_MS = 60_000;
const POLL_MS = 250;
/** The input that is running, for whoever looks on: the number of the run, the length, the bytes. */
const STATE_BYTES = 1 << 20;
const STATE_HEAD_BYTES = 8;

interface Arguments {
  readonly target: string;
  readonly seconds: number;
  readonly seed: number;
  readonly input: string | undefined;
  /** Set in a child: the file with the running input. */
  readonly state: string | undefined;
}

function readArguments(): Arguments | null {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: { target: text, seconds: text, seed: text, input: text, state: text },
    args: process.argv.slice(2),
  });
  const [seconds, seed] = [Number(values.seconds ?? 60), Number(values.seed ?? 1)];
  const target = values.target ?? "all";
  const isKnown = target === "all" || targets.has(target);
  if (!isKnown || !(seconds > 0) || !Number.isSafeInteger(seed)) return null;
  return { target, seconds, seed, input: values.input, state: values.state };
}

function getTarget(name: string): FuzzTarget {
  const create = targets.get(name);
  if (create === undefined) throw new RangeError(`no target ${name}`);
  return create();
}

/** Clock ticks a second in `/proc`; it is 100 wherever Linux runs. */
const TICKS_PER_SECOND = 100;

/** The processor's time that a process used, in ms: on a busy machine the clock says little. */
async function readCpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (stat === null) return process.platform === "linux" ? 0 : performance.now();
  // Behind the name in parentheses: the 12th and 13th field, in user and in system mode.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

async function runChild(args: Arguments, statePath: string): Promise<number> {
  const target = getTarget(args.target);
  const state = Bun.mmap(statePath, { shared: true });
  const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
  const seen = new Map<string, number>();
  const storing: Promise<unknown>[] = [];
  let runs = 0;
  const result = await runLoop(target, {
    seed: args.seed,
    runsMax: Number.POSITIVE_INFINITY,
    durationMs: args.seconds * 1000,
    corpus: await readCorpus(target.name),
    onInput(input) {
      state.set(input, STATE_HEAD_BYTES);
      view.setUint32(4, input.length);
      runs += 1;
      view.setUint32(0, runs);
    },
    onProblem(problem, input) {
      const kind = problem.replace(/\d+/g, "0");
      const count = (seen.get(kind) ?? 0) + 1;
      seen.set(kind, count);
      if (count > SAME_FINDINGS_MAX) return;
      storing.push(storeFinding({ target: target.name, seed: args.seed, problem }, input.slice()));
      console.log(`${target.name}: FOUND ${problem}`);
    },
  });
  // Nothing runs any more that could hang.
  view.setUint32(0, 0);
  await Promise.all(storing);
  const storedCount = await storeCorpus(target, result.kept);
  console.log(`${target.name}: ${result.runs} runs, ${result.features} features, ${storedCount} inputs kept`);
  return seen.size === 0 ? 0 : 1;
}

/** Looks on while a child runs; gives the input it hangs or died on, and what happened. */
async function watch(
  child: Bun.Subprocess,
  statePath: string,
  timeoutMs: number,
): Promise<{ problem: string; input: Uint8Array } | null> {
  const state = Bun.mmap(statePath, { shared: true });
  const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
  const takeInput = () => state.slice(STATE_HEAD_BYTES, STATE_HEAD_BYTES + view.getUint32(4));
  const startedAtMs = performance.now();
  let last = { run: 0, atCpuMs: 0 };
  while (child.exitCode === null && child.signalCode === null) {
    await Promise.race([child.exited, Bun.sleep(POLL_MS)]);
    const run = view.getUint32(0);
    const cpuMs = await readCpuMs(child.pid);
    if (run !== last.run) last = { run, atCpuMs: cpuMs };
    const isHanging = run !== 0 && cpuMs - last.atCpuMs > HANG_MS;
    if (!isHanging && performance.now() - startedAtMs < timeoutMs) continue;
    child.kill("SIGKILL");
    await child.exited;
    return { problem: isHanging ? "does not end" : "the run does not end", input: takeInput() };
  }
  if (child.exitCode === 0 || child.exitCode === 1) return null;
  return { problem: `the process ended with ${child.exitCode ?? child.signalCode}`, input: takeInput() };
}

/** Fuzzes one target in a child, again with another seed where an input ends it; gives whether all was well. */
async function runTarget(name: string, seconds: number, firstSeed: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), "multitap-fuzz-"));
  const statePath = join(folder, "state");
  const file = openSync(statePath, "w");
  ftruncateSync(file, STATE_BYTES);
  closeSync(file);
  const endAtMs = performance.now() + seconds * 1000;
  let isWell = true;
  try {
    for (let seed = firstSeed; performance.now() < endAtMs; seed += 1) {
      const leftSeconds = Math.max(1, Math.ceil((endAtMs - performance.now()) / 1000));
      const options = ["--target", name, "--seconds", String(leftSeconds), "--seed", String(seed)];
      const child = Bun.spawn([process.execPath, import.meta.path, ...options, "--state", statePath], {
        stdin: "ignore",
        stdout: "inherit",
        stderr: "inherit",
      });
      const end = await watch(child, statePath, leftSeconds * 1000 + CHILD_EXTRA_MS);
      isWell &&= end === null && child.exitCode === 0;
      if (end === null) break;
      const path = await storeFinding({ target: name, seed, problem: end.problem }, end.input);
      console.log(`${name}: FOUND ${end.problem}: ${path}`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return isWell;
}

async function main(): Promise<number> {
  const args = readArguments();
  if (args === null) {
    console.error(`--target is all or one of ${[...targets.keys()].join(" ")}; --seconds, --seed: numbers`);
    return 2;
  }
  if (args.state !== undefined) return runChild(args, args.state);
  if (args.input !== undefined) {
    const { problem } = await getTarget(args.target).run(new Uint8Array(await readFile(args.input)));
    console.log(problem ?? "as it should be");
    return problem === null ? 0 : 1;
  }
  await buildInstrumented();
  const names = args.target === "all" ? [...targets.keys()] : [args.target];
  const results: boolean[] = [];
  for (const name of names) results.push(await runTarget(name, args.seconds / names.length, args.seed));
  return results.every(Boolean) ? 0 : 1;
}

if (import.meta.main) process.exit(await main());
