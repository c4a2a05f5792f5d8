/** Rooms of four on Socket.IO: what passing an input on costs us, and plain `socket.io` under Node. */
import { join } from "node:path";
import { BenchError } from "../lib/bench-error.ts";
import type { Cleanup } from "../lib/cleanup.ts";
import { readCpuMs, readRssBytes } from "../lib/processes.ts";
import { formatMegabytes, formatRatio, formatSummary, judge, type Row } from "../lib/report.ts";
import { startServer } from "../lib/server-process.ts";
import { summarize } from "../lib/statistics.ts";
import { startTalkingChild } from "../lib/talking-child.ts";
import { BUN, createFolder } from "../lib/workspace.ts";
import type { LoadOrder, LoadOutcome } from "./load.ts";
import type { RelayOptions, RelayScenario, ScenarioOutcome } from "./scenario.ts";

/** Ours may cost at most this share of theirs. */
const BUDGET_RATIO = 0.5;
const INPUTS_PER_SECOND = 60;
const IN_FLIGHT = 8;
/** No budget of ours may shape what is measured. */
const UNLIMITED = {
  MULTITAP_NETPLAY_SOCKET_MESSAGES: "1000000",
  MULTITAP_NETPLAY_SOCKET_BYTES: "1000000000",
  MULTITAP_NETPLAY_ROOM_MESSAGES: "1000000",
  MULTITAP_NETPLAY_ROOM_BYTES: "1000000000",
};
const LOADS = [
  { name: "60 inputs/s", order: { kind: "paced", perSecond: INPUTS_PER_SECOND } },
  { name: "saturated", order: { kind: "saturated", inFlight: IN_FLIGHT } },
] as const;

interface Target {
  readonly name: "ours" | "stock";
  readonly pid: number;
  ask(order: LoadOrder): Promise<LoadOutcome>;
}

async function openTargets(cleanup: Cleanup, rooms: number): Promise<readonly Target[]> {
  const basePath = createFolder(cleanup, "relay");
  const ours = await startServer(cleanup, { basePath, environment: UNLIMITED });
  const stock = startTalkingChild(cleanup, ["node", join(import.meta.dir, "socket-io-stock.mjs")]);
  const { port } = await stock.ask<{ port: number }>(null);
  const targets = [
    { name: "ours", pid: ours.pid, url: ours.url },
    { name: "stock", pid: stock.pid, url: `http://127.0.0.1:${port}` },
  ] as const;
  const opened: Target[] = [];
  for (const { name, pid, url } of targets) {
    const load = startTalkingChild(cleanup, [BUN, join(import.meta.dir, "socket-io-load.ts")]);
    const ask = (order: LoadOrder) => load.ask<LoadOutcome>(order);
    await ask({ kind: "open", url, rooms });
    opened.push({ name, pid, ask });
  }
  return opened;
}

interface Run extends LoadOutcome {
  /** Microseconds of user and system time for each delivery. */
  readonly costUs: number;
  readonly perSecond: number;
}

async function measure({ pid, ask }: Target, order: LoadOrder & { forMs: number }): Promise<Run> {
  const [cpuMs, atMs] = [readCpuMs(pid), performance.now()];
  const outcome = await ask(order);
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
  readonly ours: readonly Run[];
  readonly stock: readonly Run[];
}

function toRow({ name, ours, stock }: Compared): Row {
  const [mine, theirs] = [
    summarize(ours.map(({ costUs }) => costUs)),
    summarize(stock.map(({ costUs }) => costUs)),
  ];
  const ratio = mine.median / theirs.median;
  return [
    `${name}: CPU per delivery`,
    formatSummary(mine, "µs", 1),
    formatSummary(theirs, "µs", 1),
    formatRatio(ratio),
    `<= ${BUDGET_RATIO}x`,
    judge(ratio <= BUDGET_RATIO),
  ];
}

function toOtherRows({ name, ours, stock }: Compared): readonly Row[] {
  const row = (what: string, [unit, digits]: readonly [string, number], read: (run: Run) => number): Row => [
    `${name}: ${what}`,
    formatSummary(summarize(ours.map(read)), unit, digits),
    formatSummary(summarize(stock.map(read)), unit, digits),
    "-",
    "-",
    "-",
  ];
  return [
    row("deliveries", ["/s", 0], ({ perSecond }) => perSecond),
    row("p99 on the way", ["ms", 1], ({ p99Ms }) => p99Ms),
  ];
}

async function run(cleanup: Cleanup, { rooms, rounds, seconds }: RelayOptions): Promise<ScenarioOutcome> {
  const targets = await openTargets(cleanup, rooms);
  const compared: Compared[] = [];
  for (const { name, order } of LOADS) {
    const runs = { ours: [] as Run[], stock: [] as Run[] };
    // One round more, which only warms up.
    for (let round = 0; round <= rounds; round += 1) {
      for (const target of targets) {
        const forMs = round === 0 ? 1_000 : seconds * 1_000;
        const measured = await measure(target, { ...order, forMs });
        if (round > 0) runs[target.name].push(measured);
      }
    }
    compared.push({ name, ...runs });
  }
  const memory = targets.map(({ pid }) => formatMegabytes(readRssBytes(pid)));
  return {
    heads: ["figure", "ours", "socket.io on Node", "ratio", "budget", "verdict"],
    rows: [...compared.map(toRow), ...compared.flatMap(toOtherRows), ["memory", ...memory, "-", "-", "-"]],
    notes: [
      `${rooms} rooms of four; inputs of 32 bytes, each delivered to three; ${rounds} rounds of ${seconds} s, ours and theirs in turn.`,
      `Saturated: each player has ${IN_FLIGHT} inputs on the way. User and system time of the one server process.`,
      "Ours is the whole server with all checks on and budgets out of reach; theirs does nothing else. Clients are the same.",
    ],
    figures: { rooms, rounds, seconds, compared },
  };
}

export const socketIoScenario: RelayScenario = { name: "Socket.IO rooms", run };
