/** Rooms of four on the raw relay: what passing an input on costs, and plain `socket.io` under Node. */
import { join } from "node:path";
import { BenchError } from "../lib/bench-error.ts";
import type { Cleanup } from "../lib/cleanup.ts";
import { readCpuMs, readRssBytes } from "../lib/processes.ts";
import { formatMegabytes, formatRatio, formatSummary, judge, type Row } from "../lib/report.ts";
import { summarize } from "../lib/statistics.ts";
import { startTalkingChild, type TalkingChild } from "../lib/talking-child.ts";
import { BUN } from "../lib/workspace.ts";
import type { LoadOrder, LoadOutcome } from "./load.ts";
import type { RelayOptions, RelayScenario, ScenarioOutcome } from "./scenario.ts";

/** Ours may cost at most this share of theirs. */
const BUDGET_RATIO = 0.4;
const LOADS = [
  { name: "60 inputs/s", order: { kind: "paced", perSecond: 60 } },
  { name: "saturated", order: { kind: "saturated", inFlight: 8 } },
] as const;
const SIDES = [
  { name: "ours", server: [BUN, "raw-server.ts"], load: "raw-load.ts" },
  { name: "stock", server: ["node", "socket-io-stock.mjs"], load: "socket-io-load.ts" },
] as const;

interface Run extends LoadOutcome {
  /** Microseconds of user and system time for each delivery. */
  readonly costUs: number;
  readonly perSecond: number;
}

interface Side {
  readonly name: "ours" | "stock";
  readonly pid: number;
  readonly load: TalkingChild;
}

async function measure({ pid, load }: Side, order: LoadOrder & { readonly forMs: number }): Promise<Run> {
  const [cpuMs, atMs] = [readCpuMs(pid), performance.now()];
  const outcome = await load.ask<LoadOutcome>(order);
  const spentMs = readCpuMs(pid) - cpuMs;
  if (outcome.delivered === 0) throw new BenchError("nothing was delivered");
  return {
    ...outcome,
    costUs: (spentMs * 1_000) / outcome.delivered,
    perSecond: (outcome.delivered * 1_000) / (performance.now() - atMs),
  };
}

interface Compared {
  readonly name: string;
  readonly ours: Run[];
  readonly stock: Run[];
}

function toRows({ name, ours, stock }: Compared): readonly Row[] {
  const sum = (runs: readonly Run[], read: (run: Run) => number) => summarize(runs.map(read));
  const [mine, theirs] = [sum(ours, ({ costUs }) => costUs), sum(stock, ({ costUs }) => costUs)];
  const ratio = mine.median / theirs.median;
  const row = (what: string, [unit, digits]: readonly [string, number], read: (run: Run) => number): Row => [
    `${name}: ${what}`,
    formatSummary(sum(ours, read), unit, digits),
    formatSummary(sum(stock, read), unit, digits),
    "-",
    "-",
    "-",
  ];
  return [
    [
      `${name}: CPU per delivery`,
      formatSummary(mine, "µs", 1),
      formatSummary(theirs, "µs", 1),
      formatRatio(ratio),
      `<= ${BUDGET_RATIO}x`,
      judge(ratio <= BUDGET_RATIO),
    ],
    row("deliveries", ["/s", 0], ({ perSecond }) => perSecond),
    row("median on the way", ["ms", 2], ({ p50Ms }) => p50Ms),
    row("p99 on the way", ["ms", 1], ({ p99Ms }) => p99Ms),
  ];
}

async function run(cleanup: Cleanup, { rooms, rounds, seconds }: RelayOptions): Promise<ScenarioOutcome> {
  const sides: Side[] = [];
  for (const { name, server, load } of SIDES) {
    const [program, file] = server;
    const child = startTalkingChild(cleanup, [program, join(import.meta.dir, file)]);
    const { port } = await child.ask<{ port: number }>(null);
    const players = startTalkingChild(cleanup, [BUN, join(import.meta.dir, load)]);
    await players.ask({ kind: "open", url: `http://127.0.0.1:${port}`, rooms } satisfies LoadOrder);
    sides.push({ name, pid: child.pid, load: players });
  }
  const compared: Compared[] = [];
  for (const { name, order } of LOADS) {
    const runs: Compared = { name, ours: [], stock: [] };
    // One round more, which only warms up.
    for (let round = 0; round <= rounds; round += 1) {
      for (const side of sides) {
        const measured = await measure(side, { ...order, forMs: round === 0 ? 1_000 : seconds * 1_000 });
        if (round > 0) runs[side.name].push(measured);
      }
    }
    compared.push(runs);
  }
  const memory = sides.map(({ pid }) => formatMegabytes(readRssBytes(pid)));
  return {
    heads: ["figure", "ours", "socket.io on Node", "ratio", "budget", "verdict"],
    rows: [...compared.flatMap(toRows), ["memory", ...memory, "-", "-", "-"]],
    notes: [
      `${rooms} rooms of four; 32 bytes, each delivered to three; ${rounds} rounds of ${seconds} s, ours and theirs in turn.`,
      "Saturated: each player has 8 inputs on the way. User and system time of the one server process.",
      "Ours: seat, frame, duplicates, budgets and slow readers are looked at, and every input is kept for replays; theirs does nothing else.",
    ],
    figures: { rooms, rounds, seconds, compared },
  };
}

/** The raw relay against what is usual. */
export const rawScenario: RelayScenario = { name: "raw rooms", run };
