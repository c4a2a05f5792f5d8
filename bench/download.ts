/**
 * How fast roms go out on loopback: a large file, and a folder as a zip that is kept or streamed:
 *
 *     bun bench/download.ts [--mib 1024] [--runs 3] [--json FILE]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ApiClient, createFirstAccount, signIn } from "./lib/api-client.ts";
import { parseCount } from "./lib/arguments.ts";
import { BenchError } from "./lib/bench-error.ts";
import { type Cleanup, runBench } from "./lib/cleanup.ts";
import { describeMachine } from "./lib/machine.ts";
import { type ContentFigures, measureContent } from "./lib/measure-content.ts";
import { formatMegabytes, formatNumber, formatSummary, judge, printReport, type Row } from "./lib/report.ts";
import { runScan } from "./lib/scan-run.ts";
import { startServer } from "./lib/server-process.ts";
import { withServer } from "./lib/with-server.ts";
import { createFolder, createSubfolder, writeLargeFile } from "./lib/workspace.ts";

const FILE_BUDGET_GB = 1;
const MEMORY_BUDGET_BYTES = 100e6;
const FILE_NAME = "Large Game (World).bin";
const FOLDER_NAME = "Large Set (World)";
/** Files that share the bytes of the folder. */
const FOLDER_FILES = 4;
const STREAMED = { MULTITAP_ZIP_CACHE_MAX: "0" };

interface Options {
  readonly sizeBytes: number;
  readonly runs: number;
  readonly json: string | undefined;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      mib: { type: "string", default: "1024" },
      runs: { type: "string", default: "3" },
      json: { type: "string" },
    },
  });
  return {
    sizeBytes: parseCount("mib", values.mib, [8, 65_536]) * 2 ** 20,
    runs: parseCount("runs", values.runs, [1, 100]),
    json: values.json,
  };
}

/** Makes the library and an account, and scans it. */
async function prepare(cleanup: Cleanup, sizeBytes: number): Promise<string> {
  const basePath = createFolder(cleanup, "download");
  const roms = createSubfolder(basePath, "library/roms/psx");
  await writeLargeFile(join(roms, FILE_NAME), sizeBytes);
  const folder = createSubfolder(roms, FOLDER_NAME);
  for (let disc = 1; disc <= FOLDER_FILES; disc += 1) {
    await writeLargeFile(join(folder, `Disc ${disc}.bin`), sizeBytes / FOLDER_FILES);
  }
  const { url, stop } = await startServer(cleanup, { basePath });
  await createFirstAccount(url);
  await runScan(await signIn(url), "quick");
  await stop();
  return basePath;
}

async function findRomId(client: ApiClient, fsName: string): Promise<number> {
  const { items } = (await client.query("roms.list", { limit: 10 })) as {
    readonly items: readonly { readonly id: number; readonly fsName: string }[];
  };
  const rom = items.find((each) => each.fsName === fsName);
  if (rom === undefined) throw new BenchError(`the scan did not find ${fsName}`);
  return rom.id;
}

interface Measured {
  readonly name: string;
  readonly speedBudget: number | null;
  readonly figures: ContentFigures;
}

function toRow({ name, speedBudget, figures }: Measured): Row {
  const { gigabytesPerSecond: speed, firstGigabytesPerSecond, grownBytes } = figures;
  const isFast = speedBudget === null || speed.median >= speedBudget;
  return [
    name,
    formatSummary(speed, "GB/s", 2),
    `${formatNumber(firstGigabytesPerSecond)} GB/s`,
    formatMegabytes(grownBytes),
    `${speedBudget === null ? "" : `>= ${speedBudget} GB/s, `}<= ${formatMegabytes(MEMORY_BUDGET_BYTES)}`,
    judge(isFast && grownBytes <= MEMORY_BUDGET_BYTES),
  ];
}

await runBench(async (cleanup) => {
  const machine = describeMachine();
  const { sizeBytes, runs, json } = readOptions(process.argv.slice(2));
  const basePath = await prepare(cleanup, sizeBytes);
  const measure = (fsName: string, environment: Readonly<Record<string, string>> = {}) =>
    withServer(cleanup, { basePath, environment }, async ({ server, client, idleRssBytes }) => {
      const path = `/api/roms/${await findRomId(client, fsName)}/content/x`;
      const plan = { client, serverPid: server.pid, path, idleRssBytes, leastBytes: sizeBytes, runs };
      return await measureContent(cleanup, plan);
    });
  const measured: readonly Measured[] = [
    { name: "single file", speedBudget: FILE_BUDGET_GB, figures: await measure(FILE_NAME) },
    { name: "folder as a zip, streamed", speedBudget: null, figures: await measure(FOLDER_NAME, STREAMED) },
    { name: "folder as a zip, kept", speedBudget: null, figures: await measure(FOLDER_NAME) },
  ];
  printReport(
    {
      title: `Download: ${sizeBytes} bytes on loopback; median (least..most)`,
      machine,
      heads: ["what", "ours", "first time", "memory above idle", "budget", "verdict"],
      rows: measured.map(toRow),
      notes: [
        "The client is a process of its own that drops the bytes; memory is the server's resident memory at most.",
        "The first time of a kept zip includes writing it to the disk of the data folder.",
        `Streamed: a server with MULTITAP_ZIP_CACHE_MAX=0. The folder holds ${FOLDER_FILES} files of equal size.`,
      ],
      figures: { sizeBytes, runs, measured },
    },
    json,
  );
});
