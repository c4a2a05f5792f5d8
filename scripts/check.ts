/**
 * Every check of the project, one line each: `bun scripts/check.ts` runs all, `bun scripts/check.ts types tidy`
 * some of them. Nothing stops early; the output of a failed step follows its line. The last line counts:
 * one for each step, and each test for itself.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { judgeTestRun } from "./testing/counts.ts";
import { runProcess, stopOnSignals } from "./testing/run-process.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const STEP_TIMEOUT_MS = 5 * 60_000;
const TESTS_TIMEOUT_MS = 35 * 60_000;
const NAME_WIDTH = 9;

interface Step {
  readonly name: string;
  /** A file to run with Bun, relative to the root, and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Whether its output holds the counts of `bun test`. */
  readonly countsTests?: boolean;
  /** Left out of the whole check because another step includes it. */
  readonly isPart?: boolean;
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

const biome = "node_modules/@biomejs/biome/bin/biome";
const tests = (group: string): Step => ({
  name: group,
  command: ["scripts/test.ts", "--only-failures", "--only", group],
  countsTests: true,
  isPart: true,
});

const steps: readonly Step[] = [
  { name: "format", command: [biome, "format", "--colors=off", "."] },
  { name: "lint", command: [biome, "lint", "--colors=off", "--error-on-warnings", "."] },
  { name: "types", command: ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "tsconfig.json"] },
  { name: "tidy", command: ["scripts/tidy.ts"] },
  { name: "gen", command: ["scripts/gen.ts", "--check"] },
  { name: "tests", command: ["scripts/test.ts", "--only-failures"], countsTests: true },
  ...["unit", "db", "http", "socket", "contract"].map(tests),
];

/** The steps to run; null when a name is not one of them. */
function chooseSteps(names: readonly string[]): readonly Step[] | null {
  if (names.some((name) => !steps.some((step) => step.name === name))) return null;
  const chosen = steps.filter((step) =>
    names.length === 0 ? step.isPart !== true : names.includes(step.name),
  );
  // The generator comes with the first generated file.
  return chosen.filter((step) => step.name !== "gen" || existsSync(join(root, step.command[0])));
}

function formatSummary(step: Step, counts: Counts, seconds: number): string {
  const verdict = counts.failed === 0 ? "ok    " : "FAILED";
  const detail = step.countsTests === true ? `  ${counts.passed} passed, ${counts.failed} failed` : "";
  return `${verdict} ${step.name.padEnd(NAME_WIDTH)} ${seconds.toFixed(1).padStart(6)} s${detail}`;
}

async function runStep(step: Step, signal: AbortSignal): Promise<Counts> {
  const startedAt = performance.now();
  const { exitCode, output } = await runProcess([process.execPath, ...step.command], {
    cwd: root,
    env: { NO_COLOR: "1", FORCE_COLOR: undefined },
    timeoutMs: step.countsTests === true ? TESTS_TIMEOUT_MS : STEP_TIMEOUT_MS,
    signal,
    output: "keep",
  });
  const own = exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  const counts = step.countsTests === true ? judgeTestRun(output, exitCode) : own;
  console.log(formatSummary(step, counts, (performance.now() - startedAt) / 1000));
  if (counts.failed > 0) console.log(output.trimEnd());
  return counts;
}

async function main(): Promise<number> {
  const chosen = chooseSteps(process.argv.slice(2));
  if (chosen === null) {
    console.error(`the steps are ${steps.map((step) => step.name).join(" ")}`);
    return 2;
  }
  const { signal, exitCode } = stopOnSignals();
  let passed = 0;
  let failed = 0;
  for (const step of chosen) {
    if (signal.aborted) break;
    const counts = await runStep(step, signal);
    passed += counts.passed;
    failed += counts.failed;
  }
  console.log(`check: ${passed} passed, ${failed} failed`);
  return exitCode() || (failed > 0 ? 1 : 0);
}

if (import.meta.main) process.exit(await main());
