/**
 * How fast lists and single roms answer over a library of made rows, and by how much a library of ten times the size
 * is slower:
 *
 *     bun bench/library.ts [--roms 20000,200000] [--seconds 5] [--warm 1] [--runs 3] [--connections 16] [--only TEXT]
 *         [--generator auto|wrk|own] [--json FILE]
 */
import { parseArgs } from "node:util";
import { createFirstAccount } from "./lib/api-client.ts";
import { parseCount } from "./lib/arguments.ts";
import { BenchError } from "./lib/bench-error.ts";
import { type Cleanup, runBench } from "./lib/cleanup.ts";
import { openEmbedded } from "./lib/database.ts";
import { fillLibrary } from "./lib/fill-library.ts";
import { chooseLoadGenerator } from "./lib/load.ts";
import { describeMachine } from "./lib/machine.ts";
import { listCases, measureRequests, type RequestCase, type RequestInput } from "./lib/measure-requests.ts";
import { REFERENCE_NAME } from "./lib/reference.data.ts";
import { formatNumber, formatRatio, judge, printReport, type Row } from "./lib/report.ts";
import { startServer } from "./lib/server-process.ts";
import { type Summary, summarize } from "./lib/statistics.ts";
import { withServer } from "./lib/with-server.ts";
import { createFolder } from "./lib/workspace.ts";

const PLATFORMS = 20;
/** Roms asked for in turn, so that no single row stays hot. */
const ROMS_IN_TURN = 500;
/** Makes every answer of the database instead of keeping finished ones. */
const WITHOUT_CACHE = { MULTITAP_RESPONSE_CACHE: "0" };
/** A library of ten times the size may be this many times slower. */
const GROWTH_BUDGET = 2;

interface Options {
  readonly romCounts: readonly number[];
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly runs: number;
  readonly connections: number;
  readonly only: string;
  readonly generator: "auto" | "wrk" | "own";
  readonly json: string | undefined;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      roms: { type: "string", default: "20000,200000" },
      seconds: { type: "string", default: "5" },
      warm: { type: "string", default: "1" },
      runs: { type: "string", default: "3" },
      connections: { type: "string", default: "16" },
      only: { type: "string", default: "" },
      generator: { type: "string", default: "auto" },
      json: { type: "string" },
    },
  });
  const { generator } = values;
  if (generator !== "auto" && generator !== "wrk" && generator !== "own") {
    throw new BenchError(`--generator ${generator}: auto, wrk or own is accepted`);
  }
  return {
    romCounts: values.roms.split(",").map((text) => parseCount("roms", text, [ROMS_IN_TURN, 2_000_000])),
    seconds: parseCount("seconds", values.seconds, [1, 600]),
    warmSeconds: parseCount("warm", values.warm, [1, 60]),
    runs: parseCount("runs", values.runs, [1, 20]),
    connections: parseCount("connections", values.connections, [1, 1_000]),
    only: values.only,
    generator,
    json: values.json,
  };
}

interface Library extends RequestInput {
  readonly basePath: string;
  readonly romCount: number;
}

async function prepare(cleanup: Cleanup, romCount: number): Promise<Library> {
  const basePath = createFolder(cleanup, `library-${romCount}`);
  const { stop, url } = await startServer(cleanup, { basePath });
  await createFirstAccount(url);
  const handle = openEmbedded(basePath);
  try {
    await fillLibrary(handle, { romCount, platformCount: PLATFORMS });
    const roms = await handle.sql<{ id: number }[]>`
      select id from roms order by md5(id::text) limit ${ROMS_IN_TURN}`;
    const [platform] = await handle.sql<{ id: number }[]>`select min(id) as id from platforms`;
    return { basePath, romCount, romIds: roms.map((rom) => rom.id), platformId: platform?.id ?? 0 };
  } finally {
    await handle.close();
    await stop();
  }
}

interface Figures {
  readonly name: string;
  readonly bytes: number;
  readonly errors: number;
  readonly perSecond: Summary;
  readonly p50Ms: Summary;
}

interface Measured {
  readonly each: RequestCase;
  readonly romCount: number;
  readonly cached: Figures;
  readonly uncached: Figures;
}

async function measureLibrary(
  cleanup: Cleanup,
  library: Library,
  options: Options,
): Promise<readonly Measured[]> {
  const generator = await chooseLoadGenerator(cleanup, library.basePath, options.generator);
  const cases = listCases(library).filter(({ name }) => name.includes(options.only));
  const measure = async (environment: Readonly<Record<string, string>>): Promise<readonly Figures[]> =>
    await withServer(cleanup, { basePath: library.basePath, environment }, async ({ client, server }) => {
      const figures: Figures[] = [];
      for (const each of cases) {
        const runs = [];
        for (let run = 0; run < options.runs; run += 1) {
          runs.push(await measureRequests(each, { ...options, client, serverPid: server.pid, generator }));
        }
        figures.push({
          name: each.name,
          bytes: runs[0]?.bytes ?? 0,
          errors: runs.reduce((sum, { errors }) => sum + errors, 0),
          perSecond: summarize(runs.map(({ perSecond }) => perSecond)),
          p50Ms: summarize(runs.map(({ p50Ms }) => p50Ms)),
        });
      }
      return figures;
    });
  const cached = await measure({});
  const uncached = await measure(WITHOUT_CACHE);
  return cases.flatMap((each, index) => {
    const [one, other] = [cached[index], uncached[index]];
    const { romCount } = library;
    return one === undefined || other === undefined ? [] : [{ each, romCount, cached: one, uncached: other }];
  });
}

const HEADS: Row = [
  "request",
  "roms",
  "bytes",
  "req/s",
  "p50 ms",
  "no cache req/s",
  "p50 ms",
  "reference",
  "ratio",
  "no cache",
  "budget",
  "verdict",
];

function formatSpread({ median, least, most }: Summary): string {
  return `${formatNumber(median)} (${formatNumber(least)}..${formatNumber(most)})`;
}

function toRow({ each, romCount, cached, uncached }: Measured): Row {
  const { reference, budgetRatio } = each;
  const ratio = (figures: Figures) =>
    reference === null ? "-" : formatRatio(figures.perSecond.median / reference.perSecond);
  const isMet = reference !== null && cached.perSecond.median >= reference.perSecond * (budgetRatio ?? 0);
  const errors = cached.errors + uncached.errors;
  const verdict = budgetRatio === null ? "-" : judge(isMet);
  return [
    each.name,
    romCount.toLocaleString("en-US"),
    cached.bytes.toLocaleString("en-US"),
    formatSpread(cached.perSecond),
    formatSpread(cached.p50Ms),
    formatSpread(uncached.perSecond),
    formatSpread(uncached.p50Ms),
    reference === null ? "-" : String(reference.perSecond),
    ratio(cached),
    ratio(uncached),
    budgetRatio === null ? "-" : `>= ${budgetRatio}x`,
    errors > 0 ? `MISS: ${errors} errors` : verdict,
  ];
}

/** How many times slower each request is over the last library than over the first. */
function describeGrowth(measured: readonly Measured[], romCounts: readonly number[]): readonly string[] {
  const [first, last] = [romCounts.at(0), romCounts.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  const slower = measured
    .filter(({ romCount }) => romCount === last)
    .flatMap((large) => {
      const small = measured.find(
        ({ romCount, each }) => romCount === first && each.name === large.each.name,
      );
      if (small === undefined) return [];
      const of = (key: "cached" | "uncached") => small[key].perSecond.median / large[key].perSecond.median;
      return [`${large.each.name} ${formatRatio(of("cached"))} / ${formatRatio(of("uncached"))}`];
    });
  const sizes = `${last.toLocaleString("en-US")} roms against ${first.toLocaleString("en-US")}`;
  return [
    `${sizes}, times slower with / without kept answers (budget <= ${GROWTH_BUDGET}x): ${slower.join("; ")}.`,
  ];
}

await runBench(async (cleanup) => {
  const machine = describeMachine();
  const options = readOptions(process.argv.slice(2));
  const measured: Measured[] = [];
  for (const romCount of options.romCounts) {
    const library = await prepare(cleanup, romCount);
    measured.push(...(await measureLibrary(cleanup, library, options)));
  }
  const { connections, seconds, runs } = options;
  printReport(
    {
      title: `Made library: ${PLATFORMS} platforms, ${connections} connections with keep-alive, ${runs} runs of ${seconds} s per figure: median (range)`,
      machine,
      heads: HEADS,
      rows: measured.map(toRow),
      notes: [
        ...describeGrowth(measured, options.romCounts),
        `Reference, in requests per second over 20,000 roms: ${REFERENCE_NAME}.`,
        "No cache: a second server with MULTITAP_RESPONSE_CACHE=0. The verdict is about the first one.",
      ],
      figures: { options, requests: measured },
    },
    options.json,
  );
});
