/**
 * How long a start takes and what an idle server holds:
 *
 *     bun bench/start.ts [--cold 5] [--warm 7] [--memory 3] [--starter bun|npm|both] [--json FILE]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseCount } from "./lib/arguments.ts";
import { BenchError } from "./lib/bench-error.ts";
import { type Cleanup, runBench } from "./lib/cleanup.ts";
import { describeMachine } from "./lib/machine.ts";
import { listTreeMemory, type ProcessMemory } from "./lib/processes.ts";
import { formatMegabytes, formatSummary, judge, printReport, type Row } from "./lib/report.ts";
import { startServer } from "./lib/server-process.ts";
import { type Summary, summarize } from "./lib/statistics.ts";
import { createFolder, createSubfolder } from "./lib/workspace.ts";

const COLD_BUDGET_MS = 4_000;
const WARM_BUDGET_MS = 1_500;
const MEMORY_BUDGET_BYTES = 250e6;
/** After the start, so that start-up garbage is gone. */
const SETTLE_MS = 10_000;
const RUNS_MAX = 100;

type Starter = "bun" | "npm";

interface Options {
  readonly cold: number;
  readonly warm: number;
  readonly memory: number;
  readonly starters: readonly Starter[];
  readonly json: string | undefined;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      cold: { type: "string", default: "5" },
      warm: { type: "string", default: "7" },
      memory: { type: "string", default: "3" },
      starter: { type: "string", default: "both" },
      json: { type: "string" },
    },
  });
  const runs = (name: "cold" | "warm" | "memory") => parseCount(name, values[name], [1, RUNS_MAX]);
  return {
    cold: runs("cold"),
    warm: runs("warm"),
    memory: runs("memory"),
    starters: readStarters(values.starter),
    json: values.json,
  };
}

function readStarters(text: string): readonly Starter[] {
  if (text === "both") return ["bun", "npm"];
  if (text === "bun" || text === "npm") return [text];
  throw new BenchError(`--starter ${text}: bun, npm or both is accepted`);
}

interface StartFigures {
  readonly starter: Starter;
  readonly coldMs: Summary;
  readonly warmMs: Summary;
}

async function measureStarts(cleanup: Cleanup, options: Options, starter: Starter): Promise<StartFigures> {
  const folder = createFolder(cleanup, "start");
  const cold: number[] = [];
  for (let run = 0; run < options.cold; run += 1) {
    cold.push(await measureStart(cleanup, createSubfolder(folder, `cold-${run}`), starter));
  }
  const basePath = join(folder, "cold-0");
  const warm: number[] = [];
  for (let run = 0; run < options.warm; run += 1) warm.push(await measureStart(cleanup, basePath, starter));
  return { starter, coldMs: summarize(cold), warmMs: summarize(warm) };
}

async function measureStart(cleanup: Cleanup, basePath: string, starter: Starter): Promise<number> {
  const server = await startServer(cleanup, { basePath, starter });
  await server.stop();
  return server.startedMs;
}

interface MemoryFigures {
  readonly totalBytes: Summary;
  /** The processes of the last run, largest first. */
  readonly processes: readonly ProcessMemory[];
}

async function measureMemory(cleanup: Cleanup, runs: number): Promise<MemoryFigures> {
  const basePath = createFolder(cleanup, "memory");
  const totals: number[] = [];
  let processes: readonly ProcessMemory[] = [];
  for (let run = 0; run < runs; run += 1) {
    const server = await startServer(cleanup, { basePath });
    await Bun.sleep(SETTLE_MS);
    processes = listTreeMemory(server.pid).toSorted((a, b) => b.pssBytes - a.pssBytes);
    totals.push(processes.reduce((sum, each) => sum + each.pssBytes, 0));
    await server.stop();
  }
  return { totalBytes: summarize(totals), processes };
}

function toRows(starts: readonly StartFigures[], memory: MemoryFigures): readonly Row[] {
  const startRows = starts.flatMap(({ starter, coldMs, warmMs }) => {
    const how = starter === "npm" ? "npm start" : "bun server/src/main.ts";
    return [
      startRow(`cold start, ${how}`, coldMs, COLD_BUDGET_MS),
      startRow(`warm start, ${how}`, warmMs, WARM_BUDGET_MS),
    ];
  });
  const { totalBytes } = memory;
  const inMegabytes = {
    ...totalBytes,
    median: totalBytes.median / 1e6,
    least: totalBytes.least / 1e6,
    most: totalBytes.most / 1e6,
  };
  const isMet = totalBytes.median <= MEMORY_BUDGET_BYTES;
  const budget = `<= ${MEMORY_BUDGET_BYTES / 1e6} MB`;
  return [
    ...startRows,
    ["idle memory (PSS), all processes", formatSummary(inMegabytes, "MB", 1), budget, judge(isMet)],
  ];
}

function startRow(name: string, summary: Summary, budgetMs: number): Row {
  const { median, least, most, runs } = summary;
  const seconds = { median: median / 1000, least: least / 1000, most: most / 1000, runs };
  return [name, formatSummary(seconds, "s", 2), `<= ${budgetMs / 1000} s`, judge(median <= budgetMs)];
}

await runBench(async (cleanup) => {
  const machine = describeMachine();
  const options = readOptions(process.argv.slice(2));
  const starts: StartFigures[] = [];
  for (const starter of options.starters) starts.push(await measureStarts(cleanup, options, starter));
  const memory = await measureMemory(cleanup, options.memory);
  const shares = memory.processes.map(({ name, pssBytes }) => `${name} ${formatMegabytes(pssBytes)}`);
  printReport(
    {
      title: "Start and idle memory: median (least..most)",
      machine,
      heads: ["what", "median (range)", "budget", "verdict"],
      rows: toRows(starts, memory),
      notes: [
        "Start: from starting the process to the first 200 of /api/heartbeat. Cold: empty data folder, programs in the page cache.",
        `Memory ${SETTLE_MS / 1000} s after a start, embedded PostgreSQL included: ${shares.join(", ")}.`,
      ],
      figures: { starts, memory, budgets: { COLD_BUDGET_MS, WARM_BUDGET_MS, MEMORY_BUDGET_BYTES } },
    },
    options.json,
  );
});
