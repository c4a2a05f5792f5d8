/**
 * How fast a library is scanned and how fast large files are hashed:
 *
 *     bun bench/scan.ts [--files 5000] [--platforms 10] [--runs 3] [--rescans 7] [--large-mib 1024]
 *         [--zips 2000] [--seven-zips 500] [--json FILE]
 */
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeLibrary } from "../scripts/make-library.ts";
import { createFirstAccount, signIn } from "./lib/api-client.ts";
import { parseCount } from "./lib/arguments.ts";
import { BenchError } from "./lib/bench-error.ts";
import { type Cleanup, runBench } from "./lib/cleanup.ts";
import { countRaHashes } from "./lib/database.ts";
import { describeMachine } from "./lib/machine.ts";
import { type HashFigures, measureHashing } from "./lib/measure-hashing.ts";
import { type KindFigures, measureKinds } from "./lib/measure-kinds.ts";
import { readChildrenCpuMs, readCpuMs } from "./lib/processes.ts";
import { REFERENCE_NAME, REFERENCE_SCAN_SECONDS } from "./lib/reference.data.ts";
import { formatNumber, formatRatio, formatSummary, judge, printReport, type Row } from "./lib/report.ts";
import { runScan } from "./lib/scan-run.ts";
import { startServer } from "./lib/server-process.ts";
import { type Summary, summarize } from "./lib/statistics.ts";
import { createFolder, createSubfolder } from "./lib/workspace.ts";

const FIRST_BUDGET_SECONDS = 4;
const QUICK_BUDGET_SECONDS = 0.3;
const HASH_BUDGET_SHARE = 0.8;
const RUNS_MAX = 100;

interface Options {
  readonly files: number;
  readonly platforms: number;
  readonly runs: number;
  readonly rescans: number;
  readonly largeBytes: number;
  readonly zips: number;
  readonly sevenZips: number;
  readonly json: string | undefined;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      files: { type: "string", default: "5000" },
      platforms: { type: "string", default: "10" },
      runs: { type: "string", default: "3" },
      rescans: { type: "string", default: "7" },
      "large-mib": { type: "string", default: "1024" },
      zips: { type: "string", default: "2000" },
      "seven-zips": { type: "string", default: "500" },
      json: { type: "string" },
    },
  });
  return {
    files: parseCount("files", values.files, [1, 1_000_000]),
    platforms: parseCount("platforms", values.platforms, [1, 16]),
    runs: parseCount("runs", values.runs, [1, RUNS_MAX]),
    rescans: parseCount("rescans", values.rescans, [1, RUNS_MAX]),
    largeBytes: parseCount("large-mib", values["large-mib"], [1, 65_536]) * 2 ** 20,
    zips: parseCount("zips", values.zips, [1, 100_000]),
    sevenZips: parseCount("seven-zips", values["seven-zips"], [1, 100_000]),
    json: values.json,
  };
}

interface ScanFigures {
  readonly first: Summary;
  readonly quick: Summary;
  readonly complete: Summary;
  /** CPU of the last first scan: the server with its workers, and PostgreSQL. */
  readonly serverCpuMs: number;
  readonly databaseCpuMs: number;
  readonly totalBytes: number;
  /** Roms that have a hash of RetroAchievements after a first scan. */
  readonly raHashes: number;
}

async function measureScans(cleanup: Cleanup, options: Options): Promise<ScanFigures> {
  const folder = createFolder(cleanup, "scan");
  const made = await makeLibrary({
    outPath: join(folder, "library"),
    fileCount: options.files,
    platformCount: options.platforms,
  });
  const seconds = { first: [] as number[], quick: [] as number[], complete: [] as number[] };
  let cpu = { serverCpuMs: 0, databaseCpuMs: 0 };
  let raHashes = 0;
  for (let run = 0; run < options.runs; run += 1) {
    // Every first scan meets an empty database and the very same files.
    const basePath = createSubfolder(folder, `run-${run}`);
    renameSync(join(folder, "library"), join(basePath, "library"));
    const { pid, url, stop } = await startServer(cleanup, { basePath });
    await createFirstAccount(url);
    const client = await signIn(url);
    const before = { server: readCpuMs(pid), database: readChildrenCpuMs(pid) };
    const first = await runScan(client, "quick");
    cpu = {
      serverCpuMs: readCpuMs(pid) - before.server,
      databaseCpuMs: readChildrenCpuMs(pid) - before.database,
    };
    requireWhole(first.scan.stats, options.files);
    seconds.first.push(first.wallMs / 1000);
    raHashes = await countRaHashes(basePath);
    if (raHashes === 0) throw new BenchError("the scan made no hashes of RetroAchievements");
    const repeats = run === options.runs - 1 ? options.rescans : 0;
    for (const type of ["quick", "complete"] as const) {
      for (let repeat = 0; repeat < repeats; repeat += 1) {
        seconds[type].push((await runScan(client, type)).wallMs / 1000);
      }
    }
    await stop();
    renameSync(join(basePath, "library"), join(folder, "library"));
    rmSync(basePath, { recursive: true, force: true });
  }
  return {
    first: summarize(seconds.first),
    quick: summarize(seconds.quick),
    complete: summarize(seconds.complete),
    ...cpu,
    totalBytes: made.totalBytes,
    raHashes,
  };
}

/** A fast scan that missed files would be no figure. */
function requireWhole(
  stats: { readonly romsNew: number; readonly filesHashed: number; readonly problems: number },
  files: number,
): void {
  if (stats.romsNew === files && stats.filesHashed === files && stats.problems === 0) return;
  throw new BenchError(`not every file was added and hashed: ${JSON.stringify(stats)}`);
}

interface Figures {
  readonly scans: ScanFigures;
  readonly hashing: HashFigures;
  readonly kinds: readonly KindFigures[];
}

/** Roms a second, or bytes per CPU second where the bytes are what takes it. */
function toKindRow({ name, roms, bytes, seconds, serverCpuMs }: KindFigures, md5: Summary): Row {
  const what = `first scan of ${roms} ${name}`;
  if (name !== "large files") {
    return [
      what,
      formatSummary(seconds, "s", 3),
      "-",
      `${formatNumber(roms / seconds.median)} a second`,
      "-",
      "-",
    ];
  }
  const perCpuSecond = bytes / 1e6 / serverCpuMs;
  const share = perCpuSecond * md5.median;
  return [
    `${what}, per core`,
    `${formatNumber(perCpuSecond)} GB/s`,
    `${formatNumber(1 / md5.median)} GB/s (md5 alone)`,
    `${formatNumber(share * 100)} %`,
    `>= ${HASH_BUDGET_SHARE * 100} %`,
    judge(share >= HASH_BUDGET_SHARE),
  ];
}

function toRows({ scans, hashing, kinds }: Figures, options: Options): readonly Row[] {
  // The recorded figures belong to one size of library; beside another they would mislead.
  const isSameSize = options.files === 5_000 && options.platforms === 10;
  const compare = (summary: Summary, reference: number | null, budget: number | null): Row => [
    formatSummary(summary, "s", 3),
    isSameSize && reference !== null ? `${reference} s` : "-",
    isSameSize && reference !== null ? formatRatio(reference / summary.median) : "-",
    budget === null ? "-" : `<= ${budget} s`,
    budget === null ? "-" : judge(summary.median <= budget),
  ];
  const { tasks, md5Alone, scaling } = hashing;
  const speed = (nsPerByte: number) => `${formatNumber(1 / nsPerByte)} GB/s`;
  return [
    [
      "first scan, hashing and RetroAchievements on",
      ...compare(scans.first, REFERENCE_SCAN_SECONDS.first, FIRST_BUDGET_SECONDS),
    ],
    ["quick scan again", ...compare(scans.quick, REFERENCE_SCAN_SECONDS.quickRepeat, QUICK_BUDGET_SECONDS)],
    ["complete scan again", ...compare(scans.complete, null, null)],
    ...kinds.map((kind) => toKindRow(kind, md5Alone)),
    ...tasks.map(({ files, nsPerByte, share }) => [
      `crc32+md5+sha1 per core, ${files} ${files === 1 ? "file" : "files in step"}`,
      speed(nsPerByte.median),
      `${speed(md5Alone.median)} (md5 alone)`,
      `${formatNumber(share * 100)} %`,
      `>= ${HASH_BUDGET_SHARE * 100} %`,
      judge(share >= HASH_BUDGET_SHARE),
    ]),
    [
      `one file each, ${hashing.workers} workers`,
      speed(hashing.together.median),
      "-",
      formatRatio(scaling),
      "-",
      "-",
    ],
  ];
}

await runBench(async (cleanup) => {
  const machine = describeMachine();
  const options = readOptions(process.argv.slice(2));
  const scans = await measureScans(cleanup, options);
  const hashing = await measureHashing(cleanup, {
    sizeBytes: options.largeBytes,
    runs: options.runs,
    cores: machine.cores,
  });
  const { zips, sevenZips, largeBytes, runs } = options;
  const kinds = await measureKinds(cleanup, { zips, sevenZips, largeBytes, runs });
  const input = `${options.files} files, ${options.platforms} platforms, ${scans.totalBytes} bytes`;
  printReport(
    {
      title: `Scan: ${input}; large file ${options.largeBytes} bytes; median (least..most)`,
      machine,
      heads: ["what", "ours", "reference", "ratio", "budget", "verdict"],
      rows: toRows({ scans, hashing, kinds }, options),
      notes: [
        `Reference: ${REFERENCE_NAME}. Scans: from the request to the scan's own finishedAt, the server in its own process.`,
        `CPU of the last first scan: server with workers ${scans.serverCpuMs} ms, PostgreSQL ${scans.databaseCpuMs} ms.`,
        `${scans.raHashes} of ${options.files} roms have a hash of RetroAchievements; the others are too small to be discs.`,
        ...kinds.map(
          ({ name, bytes, serverCpuMs }) =>
            `First scan of ${name}: ${bytes} bytes, server with workers ${serverCpuMs} ms of CPU.`,
        ),
        "One file alone is what a scan does only when there are fewer large files than two for each worker.",
        "Hashing: through the server's worker pool, bytes per CPU second of the whole process; md5 alone over the same file in the same run.",
        "The line with several workers is bytes per second of wall time, and its ratio to one worker's.",
      ],
      figures: { options, scans, hashing, kinds, reference: REFERENCE_SCAN_SECONDS },
    },
    options.json,
  );
});
