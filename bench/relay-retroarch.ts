/**
 * The relay for RetroArch: how many sessions one process holds in how much memory, and what it adds to the way of an
 * input while others play:
 *
 *     bun bench/relay-retroarch.ts [--sessions 5000] [--rounds 9] [--seconds 2] [--json FILE]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseCount } from "./lib/arguments.ts";
import { runBench } from "./lib/cleanup.ts";
import { describeMachine, type Machine } from "./lib/machine.ts";
import { readCpuMs, readRssBytes } from "./lib/processes.ts";
import { INPUT_BYTES, openDirect, openGame, type Wire } from "./lib/relay-game.ts";
import type { LoadOrder, LoadOutcome } from "./lib/relay-load-child.ts";
import { formatMegabytes, formatNumber, formatSummary, judge, printReport, type Row } from "./lib/report.ts";
import { percentile, summarize } from "./lib/statistics.ts";
import { startTalkingChild, type TalkingChild } from "./lib/talking-child.ts";
import { BUN } from "./lib/workspace.ts";

const BUDGET_BYTES = 100e6;
const BUDGET_ADDED_MS = 0.2;
/** Games that answer each other as fast as they can when the most is looked for. */
const SATURATING_GAMES = 64;
/** Part of that at which it is measured what an input costs when all sessions play. */
const PROBE_SHARE = 4;
/** The relay's one thread is at its most with a whole one. */
const HALF_OF_CORE = 0.5;
const SATURATE_MS = 3_000;
/** Pairs on which the way is timed, each sixty times a second. */
const PROBES = 8;
const PROBE_PERIOD_MS = 1_000 / 60;
const SETTLE_MS = 2_000;

function readOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sessions: { type: "string", default: "5000" },
      rounds: { type: "string", default: "9" },
      seconds: { type: "string", default: "2" },
      json: { type: "string" },
    },
  });
  return {
    sessions: parseCount("sessions", values.sessions, [PROBES + 1, 5_000]),
    rounds: parseCount("rounds", values.rounds, [1, 100]),
    seconds: parseCount("seconds", values.seconds, [1, 60]),
    json: values.json,
  };
}

/** Times how long inputs take from one end to the other: milliseconds, ascending. */
async function time(pairs: readonly { user: Wire; link: Wire }[], forMs: number): Promise<Float64Array> {
  const times: number[] = [];
  for (const { user, link } of pairs) {
    for (const wire of [user, link]) {
      wire.onBytes((bytes) => {
        const now = performance.now();
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        for (let at = 0; at + INPUT_BYTES <= bytes.length; at += INPUT_BYTES) {
          times.push(now - view.getFloat64(at));
        }
      });
    }
  }
  const message = new Uint8Array(INPUT_BYTES);
  const view = new DataView(message.buffer);
  const startedAtMs = performance.now();
  let turn = 0;
  while (performance.now() - startedAtMs < forMs) {
    // One at a time, so that none waits for another of ours.
    const pair = pairs[turn % pairs.length];
    const wire = Math.floor(turn / pairs.length) % 2 === 0 ? pair?.user : pair?.link;
    view.setFloat64(0, performance.now());
    wire?.write(message);
    turn += 1;
    await Bun.sleep(PROBE_PERIOD_MS / pairs.length);
  }
  await Bun.sleep(50);
  return Float64Array.from(times).sort();
}

interface Round {
  readonly directMs: Float64Array;
  readonly relayedMs: Float64Array;
  /** Messages a second that the others had delivered, and the relay's share of a core. */
  readonly perSecond: number;
  readonly cpuShare: number;
}

interface Scene {
  readonly relay: TalkingChild;
  readonly load: TalkingChild;
  readonly direct: readonly { user: Wire; link: Wire }[];
  readonly relayed: readonly { user: Wire; link: Wire }[];
}

async function runRound(scene: Scene, perSecond: number, seconds: number): Promise<Round> {
  const cpuBefore = readCpuMs(scene.relay.pid);
  // Both are timed under the same load: a slow machine makes both slow.
  const loading = scene.load.ask<LoadOutcome>({
    kind: "play",
    perSecond,
    forMs: 2 * seconds * 1_000 + 400,
  } satisfies LoadOrder);
  await Bun.sleep(200);
  const directMs = await time(scene.direct, seconds * 1_000);
  const relayedMs = await time(scene.relayed, seconds * 1_000);
  const { delivered, seconds: took } = await loading;
  return {
    directMs,
    relayedMs,
    perSecond: delivered / took,
    cpuShare: (readCpuMs(scene.relay.pid) - cpuBefore) / (took * 1_000),
  };
}

function toRows(name: string, rounds: readonly Round[]): readonly Row[] {
  return [0.5, 0.99].map((share) => {
    const at = (times: Float64Array) => percentile(times, share);
    const [direct, relayed, added] = [
      summarize(rounds.map(({ directMs }) => at(directMs))),
      summarize(rounds.map(({ relayedMs }) => at(relayedMs))),
      summarize(rounds.map(({ directMs, relayedMs }) => at(relayedMs) - at(directMs))),
    ];
    const isBudget = share === 0.99 && name === "half load";
    return [
      `${name}: p${share * 100} of an input's way`,
      `${formatSummary(direct, "ms", 3)}`,
      `${formatSummary(relayed, "ms", 3)}`,
      `${formatSummary(added, "ms", 3)}`,
      isBudget ? `<= ${BUDGET_ADDED_MS} ms` : "-",
      isBudget ? judge(added.median <= BUDGET_ADDED_MS) : "-",
    ];
  });
}

interface Memory {
  readonly emptyBytes: number;
  readonly openBytes: number;
  readonly usedBytes: number;
}

interface Figures {
  readonly options: ReturnType<typeof readOptions>;
  readonly machine: Machine;
  readonly memory: Memory;
  readonly openedSeconds: number;
  readonly mostPerSecond: number;
  readonly idle: readonly Round[];
  readonly half: readonly Round[];
}

function toMemoryRows({ emptyBytes, openBytes, usedBytes }: Memory): readonly Row[] {
  const row = (name: string, bytes: number): Row => [
    `memory, ${name}`,
    "-",
    formatMegabytes(bytes),
    "-",
    "<= 100 MB",
    judge(bytes <= BUDGET_BYTES),
  ];
  return [
    ["memory, empty", "-", formatMegabytes(emptyBytes), "-", "-", "-"],
    row("all sessions open", openBytes),
    row("after the load", usedBytes),
  ];
}

function toNotes({ options, openedSeconds, mostPerSecond, half }: Figures): readonly string[] {
  const rate = summarize(half.map(({ perSecond }) => perSecond));
  const share = summarize(half.map(({ cpuShare }) => cpuShare * 100));
  const cost = summarize(half.map(({ cpuShare, perSecond }) => (cpuShare * 1e6) / perSecond));
  return [
    `Opened in ${formatNumber(openedSeconds)} s: three connections each, ${3 * options.sessions} in all.`,
    `Most: ${formatNumber(mostPerSecond)} inputs of ${INPUT_BYTES} bytes a second, from ${SATURATING_GAMES} games that answer each other at once.`,
    `Half load: ${formatSummary(rate, "inputs/s", 0)} over all sessions; the relay used ${formatSummary(share, "% of a core", 0)}.`,
    `One input costs the relay ${formatSummary(cost, "µs of CPU", 1)}, the kernel's part included.`,
    "An input's way is from the write in one socket to the data in the other, in one process that does nothing else;",
    "both ways are timed one after the other in each round, and what is added is the difference of their percentiles.",
    "Where other work wants the cores, what is added is the time until the relay's turn comes.",
  ];
}

const toJson = (rounds: readonly Round[]) =>
  rounds.map(({ directMs, relayedMs, perSecond, cpuShare }) => ({
    perSecond,
    cpuShare,
    direct: [percentile(directMs, 0.5), percentile(directMs, 0.99)],
    relayed: [percentile(relayedMs, 0.5), percentile(relayedMs, 0.99)],
  }));

function print(figures: Figures): void {
  const { options, machine, memory, idle, half, openedSeconds, mostPerSecond } = figures;
  const title = `RetroArch relay: ${options.sessions} sessions of one host and one user, ${options.rounds} rounds of ${options.seconds} s each way`;
  printReport(
    {
      title,
      machine,
      heads: ["figure", "without relay", "through the relay", "added", "budget", "verdict"],
      rows: [...toRows("no load", idle), ...toRows("half load", half), ...toMemoryRows(memory)],
      notes: toNotes(figures),
      figures: { options, memory, openedSeconds, mostPerSecond, idle: toJson(idle), half: toJson(half) },
    },
    options.json,
  );
}

await runBench(async (cleanup) => {
  const machine = describeMachine();
  const options = readOptions(process.argv.slice(2));
  const relay = startTalkingChild(cleanup, [BUN, join(import.meta.dir, "lib", "relay-child.ts")]);
  const { port } = await relay.ask<{ port: number }>(null);
  const emptyBytes = readRssBytes(relay.pid);
  const load = startTalkingChild(cleanup, [BUN, join(import.meta.dir, "lib", "relay-load-child.ts")]);
  const order = (wanted: LoadOrder) => load.ask<LoadOutcome>(wanted);
  const opened = await order({ kind: "open", port, count: options.sessions - PROBES });
  const relayed = await Promise.all(Array.from({ length: PROBES }, () => openGame(port)));
  const direct = await Promise.all(Array.from({ length: PROBES }, () => openDirect()));
  cleanup.add(() => {
    for (const { user, link } of [...relayed, ...direct]) for (const wire of [user, link]) wire.close();
  });
  await Bun.sleep(SETTLE_MS);
  const openBytes = readRssBytes(relay.pid);
  const most = await order({ kind: "saturate", games: SATURATING_GAMES, forMs: SATURATE_MS });
  const mostPerSecond = most.delivered / most.seconds;
  const scene = { relay, load, direct, relayed };
  // A few games that always have something waiting are cheaper than all: of all, half of a core is half of the most.
  const probe = await runRound(scene, mostPerSecond / PROBE_SHARE, options.seconds);
  const halfPerSecond = (HALF_OF_CORE * probe.perSecond) / probe.cpuShare;
  const [idle, half]: [Round[], Round[]] = [[], []];
  for (let round = 0; round < options.rounds; round++) {
    idle.push(await runRound(scene, 1, options.seconds));
    half.push(await runRound(scene, halfPerSecond, options.seconds));
  }
  const memory = { emptyBytes, openBytes, usedBytes: readRssBytes(relay.pid) };
  print({ options, machine, memory, openedSeconds: opened.seconds, mostPerSecond, idle, half });
});
