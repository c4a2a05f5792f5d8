/**
 * How fast the compatible API answers over 20,000 roms, and how fast a large file goes out:
 *
 *     bun bench/http.ts [--seconds 5] [--warm 1] [--connections 16] [--clones 3] [--files 5000] [--only TEXT]
 *         [--generator auto|wrk|own] [--large-mib 1024] [--json FILE]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeLibrary } from "../scripts/make-library.ts";
import { createFirstAccount, signIn } from "./lib/api-client.ts";
import { parseCount } from "./lib/arguments.ts";
import { BenchError } from "./lib/bench-error.ts";
import { type Cleanup, runBench } from "./lib/cleanup.ts";
import { cloneRoms, openEmbedded } from "./lib/database.ts";
import { chooseLoadGenerator, type LoadGenerator } from "./lib/load.ts";
import { describeMachine } from "./lib/machine.ts";
import { type DownloadFigures, measureDownload } from "./lib/measure-download.ts";
import {
  listCases,
  measureRequests,
  type RequestCase,
  type RequestFigures,
  type RequestInput,
} from "./lib/measure-requests.ts";
import { REFERENCE_NAME } from "./lib/reference.data.ts";
import { formatMegabytes, formatNumber, formatRatio, judge, printReport, type Row } from "./lib/report.ts";
import { runScan } from "./lib/scan-run.ts";
import { startServer } from "./lib/server-process.ts";
import { type ServerSession, withServer } from "./lib/with-server.ts";
import { createFolder, writeLargeFile } from "./lib/workspace.ts";

const PLATFORMS = 10;
const LARGE_NAME = "Large Game (World).bin";
const DOWNLOAD_BUDGET_GB = 1;
const DOWNLOAD_MEMORY_BUDGET_BYTES = 100e6;
const DOWNLOAD_RUNS = 3;
/** Roms asked for in turn, so that no single row stays hot. */
const ROMS_IN_TURN = 500;
/** Makes every list of the database instead of keeping finished answers. */
const WITHOUT_CACHE = { MULTITAP_RESPONSE_CACHE: "0" };

interface Options {
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly connections: number;
  readonly clones: number;
  readonly files: number;
  readonly only: string;
  readonly generator: "auto" | "wrk" | "own";
  readonly largeBytes: number;
  readonly json: string | undefined;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "5" },
      warm: { type: "string", default: "1" },
      connections: { type: "string", default: "16" },
      clones: { type: "string", default: "3" },
      files: { type: "string", default: "5000" },
      only: { type: "string", default: "" },
      generator: { type: "string", default: "auto" },
      "large-mib": { type: "string", default: "1024" },
      json: { type: "string" },
    },
  });
  const { generator } = values;
  if (generator !== "auto" && generator !== "wrk" && generator !== "own") {
    throw new BenchError(`--generator ${generator}: auto, wrk or own is accepted`);
  }
  return {
    seconds: parseCount("seconds", values.seconds, [1, 600]),
    warmSeconds: parseCount("warm", values.warm, [1, 60]),
    connections: parseCount("connections", values.connections, [1, 1_000]),
    clones: parseCount("clones", values.clones, [0, 100]),
    files: parseCount("files", values.files, [PLATFORMS, 1_000_000]),
    only: values.only,
    generator,
    largeBytes: parseCount("large-mib", values["large-mib"], [1, 65_536]) * 2 ** 20,
    json: values.json,
  };
}

interface Prepared extends RequestInput {
  readonly basePath: string;
  readonly romCount: number;
  readonly largeRomId: number;
}

/** Scans a made library once and copies its rows; the servers that are measured find it all in the folder. */
async function prepare(cleanup: Cleanup, options: Options): Promise<Prepared> {
  const basePath = createFolder(cleanup, "http");
  const outPath = join(basePath, "library");
  const made = await makeLibrary({ outPath, fileCount: options.files, platformCount: PLATFORMS });
  const { stop, url } = await startServer(cleanup, { basePath });
  await createFirstAccount(url);
  const client = await signIn(url);
  await runScan(client, "quick");
  const handle = openEmbedded(basePath);
  try {
    const romCount = await cloneRoms(handle, options.clones);
    // Only now, so that it is not copied, too.
    await writeLargeFile(join(made.platforms[0]?.romsPath ?? outPath, LARGE_NAME), options.largeBytes);
    await runScan(client, "quick");
    const [large] = await handle.sql<{ id: number }[]>`select id from roms where fs_name = ${LARGE_NAME}`;
    const roms = await handle.sql<{ id: number; platform_id: number }[]>`
      select id, platform_id from roms where fs_name <> ${LARGE_NAME}
      order by md5(id::text) limit ${ROMS_IN_TURN}`;
    const platformIds = roms.map((rom) => rom.platform_id);
    if (large === undefined) throw new BenchError("the scan did not find the large file");
    return {
      basePath,
      romCount: romCount + 1,
      largeRomId: large.id,
      romIds: roms.map((rom) => rom.id),
      platformId: Math.min(...platformIds),
    };
  } finally {
    await handle.close();
    await stop();
  }
}

interface Measured {
  readonly each: RequestCase;
  readonly cached: RequestFigures;
  readonly uncached: RequestFigures;
}

async function measureAll(
  cleanup: Cleanup,
  options: Options,
  { prepared, generator }: { readonly prepared: Prepared; readonly generator: LoadGenerator },
): Promise<readonly Measured[]> {
  const { basePath } = prepared;
  const cases = listCases(prepared).filter((each) => each.name.includes(options.only));
  const measure = async ({ server, client }: ServerSession): Promise<readonly RequestFigures[]> => {
    const { connections, seconds, warmSeconds } = options;
    const plan = { client, serverPid: server.pid, generator, connections, seconds, warmSeconds };
    const figures: RequestFigures[] = [];
    for (const each of cases) figures.push(await measureRequests(each, plan));
    return figures;
  };
  const cached = await withServer(cleanup, { basePath }, measure);
  const uncached = await withServer(cleanup, { basePath, environment: WITHOUT_CACHE }, measure);
  return cases.flatMap((each, index) => {
    const one = cached[index];
    const other = uncached[index];
    return one === undefined || other === undefined ? [] : [{ each, cached: one, uncached: other }];
  });
}

function toRow({ each, cached, uncached }: Measured): Row {
  const { reference, budgetRatio } = each;
  const ratio = (figures: RequestFigures) =>
    reference === null ? "-" : formatRatio(figures.perSecond / reference.perSecond);
  const isMet = reference !== null && cached.perSecond >= reference.perSecond * (budgetRatio ?? 0);
  const errors = cached.errors + uncached.errors;
  return [
    each.name,
    cached.bytes.toLocaleString("en-US"),
    formatNumber(cached.perSecond),
    formatNumber(cached.p50Ms),
    formatNumber(cached.p95Ms),
    `${cached.serverCpuMsPerRequest.toFixed(3)}+${cached.databaseCpuMsPerRequest.toFixed(3)}`,
    formatNumber(uncached.perSecond),
    `${uncached.serverCpuMsPerRequest.toFixed(3)}+${uncached.databaseCpuMsPerRequest.toFixed(3)}`,
    reference === null ? "-" : `${reference.perSecond}${reference.connections === 1 ? " (c=1)" : ""}`,
    ratio(cached),
    ratio(uncached),
    budgetRatio === null ? "-" : `>= ${budgetRatio}x`,
    errors > 0 ? `MISS: ${errors} errors` : budgetRatio === null ? "-" : judge(isMet),
  ];
}

const HEADS: Row = [
  "request",
  "bytes",
  "req/s",
  "p50 ms",
  "p95 ms",
  "CPU ms/req",
  "no cache req/s",
  "CPU ms/req",
  "reference",
  "ratio",
  "no cache",
  "budget",
  "verdict",
];

function describeDownload(figures: DownloadFigures): readonly string[] {
  const { gigabytesPerSecond: speed, idleRssBytes, peakRssBytes } = figures;
  const grownBytes = peakRssBytes - idleRssBytes;
  const isFast = speed.median >= DOWNLOAD_BUDGET_GB;
  const isSmall = grownBytes <= DOWNLOAD_MEMORY_BUDGET_BYTES;
  const range = `${formatNumber(speed.least)}..${formatNumber(speed.most)}`;
  return [
    `Download of ${figures.sizeBytes} bytes: ${formatNumber(speed.median)} GB/s (${range}, ${speed.runs} runs), budget >= ${DOWNLOAD_BUDGET_GB} GB/s: ${judge(isFast)}; ${figures.parallel} at once ${formatNumber(figures.parallelGigabytesPerSecond)} GB/s in all.`,
    `Server RSS meanwhile: ${formatMegabytes(idleRssBytes)} idle, at most ${formatMegabytes(grownBytes)} more, budget <= 100 MB: ${judge(isSmall)}.`,
  ];
}

await runBench(async (cleanup) => {
  const machine = describeMachine();
  const options = readOptions(process.argv.slice(2));
  const prepared = await prepare(cleanup, options);
  const generator = await chooseLoadGenerator(cleanup, prepared.basePath, options.generator);
  const measured = await measureAll(cleanup, options, { prepared, generator });
  const download = await withServer(cleanup, prepared, async ({ client, server }) => {
    const { largeRomId: romId } = prepared;
    const plan = { client, serverPid: server.pid, romId, sizeBytes: options.largeBytes, runs: DOWNLOAD_RUNS };
    return await measureDownload(cleanup, plan);
  });
  printReport(
    {
      title: `REST API: ${prepared.romCount} roms, ${PLATFORMS} platforms, ${options.connections} connections with keep-alive, ${options.seconds} s per figure`,
      machine,
      heads: HEADS,
      rows: measured.map(toRow),
      notes: [
        ...describeDownload(download),
        `Load: ${generator.name}, in its own process on the same machine. CPU: server + PostgreSQL, without the load.`,
        `Reference, in requests per second: ${REFERENCE_NAME}; c=1 where 16 connections were not measured.`,
        "No cache: a second server with MULTITAP_RESPONSE_CACHE=0. The verdict is about the first one.",
      ],
      figures: {
        options,
        romCount: prepared.romCount,
        generator: generator.name,
        requests: measured,
        download,
      },
    },
    options.json,
  );
});
