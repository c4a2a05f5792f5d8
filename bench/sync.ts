/**
 * How fast saves are stored, and how fast a device with many of them is told what to do:
 *
 *     bun bench/sync.ts [--seconds 4] [--rounds 3] [--connections 16] [--only TEXT] [--json FILE]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createFirstAccount } from "./lib/api-client.ts";
import { parseCount } from "./lib/arguments.ts";
import { type Cleanup, runBench } from "./lib/cleanup.ts";
import { openEmbedded } from "./lib/database.ts";
import { fillLibrary } from "./lib/fill-library.ts";
import {
  addDevices,
  addSaves,
  addVersions,
  SAVE_BYTES,
  toDocumented,
  toNegotiation,
  toPlan,
  toSlotUpload,
  toUpload,
  toVersion,
} from "./lib/fill-saves.ts";
import { chooseLoadGenerator } from "./lib/load.ts";
import { describeMachine } from "./lib/machine.ts";
import { type DurableWrites, measureDurableWrites } from "./lib/measure-durable-writes.ts";
import { measurePosts, type PostCase, type PostFigures } from "./lib/measure-posts.ts";
import { measureRequests } from "./lib/measure-requests.ts";
import { REFERENCE_LOADS, REFERENCE_NAME, type ReferenceLoad } from "./lib/reference.data.ts";
import { formatNumber, formatRatio, formatSummary, judge, printReport, type Row } from "./lib/report.ts";
import { startServer } from "./lib/server-process.ts";
import { type Summary, summarize } from "./lib/statistics.ts";
import { type ServerSession, withServer } from "./lib/with-server.ts";
import { createFolder } from "./lib/workspace.ts";

const PLATFORMS = 10;
const ROMS = 6_000;
/** Saves of the small and of the large comparison. */
const FEW = 500;
const MANY = 5_000;
/** Roms that uploads go to in turn. */
const UPLOAD_ROMS = 800;
const ROM_SAVES = 300;
const BUDGET_RATIO = 40;
const GROWTH_BUDGET = 12;
const PAGE_BUDGET = 2;
const WITHOUT_CACHE = { MULTITAP_RESPONSE_CACHE: "0" };

interface Options {
  readonly seconds: number;
  readonly rounds: number;
  readonly connections: number;
  readonly only: string;
  readonly json: string | undefined;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "4" },
      rounds: { type: "string", default: "3" },
      connections: { type: "string", default: "16" },
      only: { type: "string", default: "" },
      json: { type: "string" },
    },
  });
  return {
    seconds: parseCount("seconds", values.seconds, [1, 600]),
    rounds: parseCount("rounds", values.rounds, [1, 100]),
    connections: parseCount("connections", values.connections, [1, 1_000]),
    only: values.only,
    json: values.json,
  };
}

interface Prepared {
  readonly basePath: string;
  /** Of all made roms. */
  readonly romIds: readonly number[];
  readonly deviceIds: readonly string[];
}

async function prepare(cleanup: Cleanup, { connections }: Options): Promise<Prepared> {
  const basePath = createFolder(cleanup, "sync");
  const { stop, url } = await startServer(cleanup, { basePath });
  await createFirstAccount(url);
  const handle = openEmbedded(basePath);
  try {
    await fillLibrary(handle, { romCount: ROMS, platformCount: PLATFORMS });
    const rows = await handle.sql<{ id: number }[]>`select id from roms order by id`;
    const romIds = rows.map(({ id }) => id);
    await addSaves(handle, romIds.slice(0, FEW));
    return { basePath, romIds, deviceIds: await addDevices(handle, connections) };
  } finally {
    await handle.close();
    await stop();
  }
}

interface Case extends PostCase {
  readonly reference: ReferenceLoad | null;
}

/** Comparisons of so many saves with as many. */
function listComparisons(
  { romIds, deviceIds }: Prepared,
  count: number,
  connections: number,
): readonly Case[] {
  const some = romIds.slice(0, count);
  const size = `${count} x ${count}`;
  const { negotiate, negotiateAlone } = REFERENCE_LOADS;
  const isFew = count === FEW;
  const cases: Case[] = [
    {
      name: `negotiate ${size}`,
      bodies: [toNegotiation(deviceIds[0] ?? "", some)],
      connections: 1,
      reference: isFew ? negotiateAlone : null,
    },
    {
      name: `documented ${size}`,
      bodies: [toDocumented(deviceIds[0] ?? "", some)],
      connections: 1,
      reference: isFew ? negotiateAlone : null,
    },
    {
      name: `plan ${size}`,
      bodies: [toPlan(deviceIds[0] ?? "", some)],
      connections: 1,
      reference: isFew ? negotiateAlone : null,
    },
  ];
  if (!isFew) return cases;
  const bodies = deviceIds.map((id) => toNegotiation(id, some));
  return [
    { name: `negotiate ${size}, ${connections} devices`, bodies, connections, reference: negotiate },
    ...cases,
  ];
}

function listUploads({ romIds, deviceIds }: Prepared, connections: number): readonly Case[] {
  const roms = romIds.slice(0, UPLOAD_ROMS);
  const { saveUpload, saveUploadAlone, saveUploadInSlot } = REFERENCE_LOADS;
  const uploads = roms.map((id) => toUpload(id));
  const [deviceId = ""] = deviceIds;
  const inSlots = roms.map((id) => toSlotUpload(id, deviceId));
  const versions = roms.map((id) => toVersion(id, deviceId));
  return [
    { name: "upload", bodies: uploads, connections, reference: saveUpload },
    { name: "upload", bodies: uploads, connections: 1, reference: saveUploadAlone },
    { name: "upload in a slot, of a device", bodies: inSlots, connections, reference: saveUpload },
    { name: "upload in a slot, of a device", bodies: inSlots, connections: 1, reference: saveUploadInSlot },
    { name: "sync version", bodies: versions, connections, reference: saveUpload },
  ];
}

interface Measured {
  readonly each: Case;
  readonly figures: PostFigures;
}

async function measureAll(
  cleanup: Cleanup,
  session: ServerSession,
  {
    cases,
    options,
    folder,
  }: { readonly cases: readonly Case[]; readonly options: Options; readonly folder: string },
): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  for (const each of cases.filter(({ name }) => name.includes(options.only))) {
    measured.push({ each, figures: await measurePosts(cleanup, session, { ...options, ...each, folder }) });
  }
  return measured;
}

/** A rom's page with and without saves, in requests per second. */
interface PageFigures {
  readonly bytes: readonly [bare: number, full: number];
  readonly bare: Summary;
  readonly full: Summary;
}

async function measurePage(
  cleanup: Cleanup,
  { basePath, romIds }: Prepared,
  {
    options,
    environment,
  }: { readonly options: Options; readonly environment: Readonly<Record<string, string>> },
): Promise<PageFigures> {
  const generator = await chooseLoadGenerator(cleanup, basePath, "auto");
  const [bareId, fullId] = romIds.slice(-2);
  return await withServer(cleanup, { basePath, environment }, async ({ client, server }) => {
    const plan = { ...options, client, serverPid: server.pid, generator, warmSeconds: 1 };
    const measure = async (romId: number | undefined) => {
      const about = { isSignedIn: true, reference: null, budgetRatio: null };
      return await measureRequests({ name: "rom", paths: [`/api/roms/${romId}`], ...about }, plan);
    };
    const rounds = [];
    for (let round = 0; round < options.rounds; round += 1) {
      rounds.push({ bare: await measure(bareId), full: await measure(fullId) });
    }
    return {
      bytes: [rounds[0]?.bare.bytes ?? 0, rounds[0]?.full.bytes ?? 0],
      bare: summarize(rounds.map(({ bare }) => bare.perSecond)),
      full: summarize(rounds.map(({ full }) => full.perSecond)),
    };
  });
}

const HEADS: Row = [
  "request",
  "c",
  "bytes in / out",
  "req/s",
  "p50 ms",
  "p99 ms",
  "CPU ms/req",
  "reference",
  "ratio",
  "budget",
  "verdict",
];

function toRow({ each: { name, connections, reference }, figures }: Measured): Row {
  const { perSecond, p50Ms, p99Ms, serverCpuMs, databaseCpuMs } = figures;
  const ratio = reference === null ? null : perSecond.median / reference.perSecond;
  return [
    name,
    String(connections),
    `${figures.sentBytes} / ${figures.answeredBytes}`,
    `${formatNumber(perSecond.median)} (${formatNumber(perSecond.least)}..${formatNumber(perSecond.most)})`,
    formatNumber(p50Ms.median),
    formatNumber(p99Ms.median),
    `${serverCpuMs.median.toFixed(2)}+${databaseCpuMs.median.toFixed(2)}`,
    reference === null ? "-" : `${reference.perSecond} (c=${reference.connections})`,
    ratio === null ? "-" : formatRatio(ratio),
    ratio === null ? "-" : `>= ${BUDGET_RATIO}x`,
    ratio === null ? "-" : judge(ratio >= BUDGET_RATIO),
  ];
}

function describeGrowth(measured: readonly Measured[]): readonly string[] {
  return ["negotiate", "documented", "plan"].flatMap((name) => {
    const timeOf = (count: number) =>
      measured.find(({ each }) => each.name === `${name} ${count} x ${count}`)?.figures.p50Ms.median;
    const [few, many] = [timeOf(FEW), timeOf(MANY)];
    if (few === undefined || many === undefined) return [];
    const ratio = many / few;
    return `${name}: ${MANY} saves take ${formatRatio(ratio)} the time of ${FEW}, budget <= ${GROWTH_BUDGET}x: ${judge(ratio <= GROWTH_BUDGET)}.`;
  });
}

function describeWrites(writes: DurableWrites, measured: readonly Measured[], connections: number): string {
  const shareOf = (atOnce: number, limit: number) => {
    const found = measured.find(({ each }) => each.name === "upload" && each.connections === atOnce);
    return found === undefined ? "-" : `${((found.figures.perSecond.median / limit) * 100).toFixed(0)} %`;
  };
  const { alone, parallel } = writes;
  return `Bare loop of write, fsync, rename, fsync of the folder, ${SAVE_BYTES} bytes on the same disk: ${formatNumber(alone)}/s one by one (ours: ${shareOf(1, alone)} of it), ${formatNumber(parallel)}/s with ${connections} at once (ours: ${shareOf(connections, parallel)}).`;
}

function describePage(name: string, { bare, full, bytes }: PageFigures): string {
  const ratio = bare.median / full.median;
  return `Page of a rom with ${ROM_SAVES} saves, ${name}: ${formatSummary(full, "req/s", 0)}, ${bytes[1]} bytes; of a bare one ${formatSummary(bare, "req/s", 0)}, ${bytes[0]} bytes: ${formatRatio(ratio)} slower, budget <= ${PAGE_BUDGET}x: ${judge(ratio <= PAGE_BUDGET)}.`;
}

/** Runs work on the database of a running server. */
async function change(basePath: string, work: (handle: ReturnType<typeof openEmbedded>) => Promise<void>) {
  const handle = openEmbedded(basePath);
  try {
    await work(handle);
  } finally {
    await handle.close();
  }
}

await runBench(async (cleanup) => {
  const machine = describeMachine();
  const options = readOptions(process.argv.slice(2));
  const { connections } = options;
  const prepared = await prepare(cleanup, options);
  const { basePath, romIds } = prepared;
  const measured = await withServer(cleanup, { basePath }, async (session) => {
    const about = { options, folder: basePath };
    const few = await measureAll(cleanup, session, {
      ...about,
      cases: listComparisons(prepared, FEW, connections),
    });
    await change(basePath, (handle) => addSaves(handle, romIds.slice(FEW, MANY)));
    const many = await measureAll(cleanup, session, {
      ...about,
      cases: listComparisons(prepared, MANY, connections),
    });
    const uploads = await measureAll(cleanup, session, {
      ...about,
      cases: listUploads(prepared, connections),
    });
    await change(basePath, (handle) => addVersions(handle, { romId: romIds.at(-1) ?? 0, count: ROM_SAVES }));
    return [...uploads, ...few, ...many];
  });
  const folder = join(basePath, "bare");
  const writes = await measureDurableWrites({ ...options, folder, sizeBytes: SAVE_BYTES });
  const pages = [
    { name: "kept answers", page: await measurePage(cleanup, prepared, { options, environment: {} }) },
    {
      name: "no kept answers",
      page: await measurePage(cleanup, prepared, { options, environment: WITHOUT_CACHE }),
    },
  ];
  printReport(
    {
      title: `Saves and sync: ${ROMS} roms, ${options.rounds} rounds of ${options.seconds} s per figure: median (least..most)`,
      machine,
      heads: HEADS,
      rows: measured.map(toRow),
      notes: [
        ...describeGrowth(measured),
        describeWrites(writes, measured, connections),
        ...pages.map(({ name, page }) => describePage(name, page)),
        "CPU: server + PostgreSQL. The load comes from a process of its own on the same machine. Half of the compared saves are",
        "equal, half are newer on the device. Uploads go to 800 roms in turn, outside of slots each under a new name.",
        `Reference, in requests per second: ${REFERENCE_NAME}.`,
      ],
      figures: { options, requests: measured, writes, pages },
    },
    options.json,
  );
});
