/**
 * How fast a rom gets into the library on loopback: raw chunks, and the end that puts them together:
 *
 *     bun bench/upload.ts [--mib 1024] [--runs 3] [--json FILE]
 */
import { parseArgs } from "node:util";
import { type ApiClient, createFirstAccount, signIn } from "./lib/api-client.ts";
import { parseCount } from "./lib/arguments.ts";
import { BenchError } from "./lib/bench-error.ts";
import { type Cleanup, runBench } from "./lib/cleanup.ts";
import { describeMachine } from "./lib/machine.ts";
import { measureUpload, type UploadFigures } from "./lib/measure-upload.ts";
import { formatMegabytes, formatSummary, judge, printReport, type Row } from "./lib/report.ts";
import { runScan } from "./lib/scan-run.ts";
import { startServer } from "./lib/server-process.ts";
import { withServer } from "./lib/with-server.ts";
import { createFolder, createSubfolder, writeLargeFile } from "./lib/workspace.ts";

const SPEED_BUDGET_MB = 400;
const MEMORY_BUDGET_BYTES = 100e6;
const MIB = 2 ** 20;

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
    sizeBytes: parseCount("mib", values.mib, [8, 65_536]) * MIB,
    runs: parseCount("runs", values.runs, [1, 100]),
    json: values.json,
  };
}

interface Prepared {
  readonly basePath: string;
  readonly folder: string;
}

/** Makes an account and a platform. */
async function prepare(cleanup: Cleanup): Promise<Prepared> {
  const basePath = createFolder(cleanup, "upload");
  const folder = createSubfolder(basePath, "library/roms/psx");
  await writeLargeFile(`${folder}/Small.bin`, MIB);
  const { url, stop } = await startServer(cleanup, { basePath });
  await createFirstAccount(url);
  await runScan(await signIn(url), "quick");
  await stop();
  return { basePath, folder };
}

async function findPlatformId(client: ApiClient): Promise<number> {
  const [platform] = (await client.query("platforms.list", {})) as readonly { readonly id: number }[];
  if (platform === undefined) throw new BenchError("the scan did not find the platform");
  return platform.id;
}

/** How a file is cut, and how many pieces are on their way at once. */
interface Cut {
  readonly name: string;
  readonly chunkBytes: number;
  readonly connections: number;
}

const CUTS: readonly Cut[] = [
  { name: "chunks of 10 MiB, three at once", chunkBytes: 10 * MIB, connections: 3 },
  { name: "chunks of 10 MiB, one by one", chunkBytes: 10 * MIB, connections: 1 },
  { name: "chunks of 64 MiB, three at once", chunkBytes: 64 * MIB, connections: 3 },
];

function toRow({ name }: Cut, { megabytesPerSecond, finishSeconds, grownBytes }: UploadFigures): Row {
  const isMet = megabytesPerSecond.median >= SPEED_BUDGET_MB && grownBytes <= MEMORY_BUDGET_BYTES;
  return [
    name,
    formatSummary(megabytesPerSecond, "MB/s", 0),
    formatSummary(finishSeconds, "s", 2),
    formatMegabytes(grownBytes),
    `>= ${SPEED_BUDGET_MB} MB/s, <= ${formatMegabytes(MEMORY_BUDGET_BYTES)}`,
    judge(isMet),
  ];
}

await runBench(async (cleanup) => {
  const machine = describeMachine();
  const { sizeBytes, runs, json } = readOptions(process.argv.slice(2));
  const { basePath, folder } = await prepare(cleanup);
  const measured: { readonly cut: Cut; readonly figures: UploadFigures }[] = [];
  for (const cut of CUTS) {
    const figures = await withServer(cleanup, { basePath }, async (session) => {
      const platformId = await findPlatformId(session.client);
      const { chunkBytes, connections } = cut;
      return await measureUpload(cleanup, session, {
        platformId,
        sizeBytes,
        chunkBytes,
        connections,
        folder,
        runs,
      });
    });
    measured.push({ cut, figures });
  }
  printReport(
    {
      title: `Upload: ${sizeBytes} bytes on loopback, from the first request until it is in the library; median (least..most)`,
      machine,
      heads: ["what", "ours", "of it the end", "memory above idle", "budget", "verdict"],
      rows: measured.map(({ cut, figures }) => toRow(cut, figures)),
      notes: [
        "The client is a process of its own that repeats one block; memory is the server's resident memory at most.",
        "The end puts the chunks together, waits until the disk has them, and shows the file under its name.",
      ],
      figures: { sizeBytes, runs, measured },
    },
    json,
  );
});
