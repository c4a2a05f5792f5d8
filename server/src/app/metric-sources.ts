import { join } from "node:path";
import type { DatabaseHandle } from "@multitap/db";
import { readLastBackups } from "../backup/last/service.ts";
import type { Context } from "../base/context.ts";
import { OPERATOR } from "../base/identity.ts";
import { listOpenRooms } from "../netplay/relay-registry/service.ts";
import { listAllRooms } from "../netplay/service.ts";
import { listSessions } from "../relay/registry/service.ts";
import { listScans } from "../scan/service.ts";
import type { SocketMount } from "../socket/mount.ts";
import type { MetricFamily, MetricSource, Sample } from "../system/metrics/contract.ts";
import { SCANS_LISTED_MAX } from "../tasks/limits.ts";

/** What the numbers are read from. */
export interface SourceScene {
  readonly createContext: () => Context;
  readonly handle: DatabaseHandle;
  readonly isEmbedded: boolean;
}

/** Every part of a server that has numbers to tell. */
export function listMetricSources({
  createContext,
  handle,
  isEmbedded,
}: SourceScene): readonly MetricSource[] {
  const createOperatorContext = (): Context => ({ ...createContext(), identity: OPERATOR });
  return [
    { name: "build", read: async () => describeBuild(createContext(), isEmbedded) },
    { name: "database", read: () => readDatabase(handle) },
    { name: "kv", read: () => readKv(createContext()) },
    { name: "queue", read: () => readQueue(createContext()) },
    { name: "scans", read: () => readScans(createOperatorContext()) },
    { name: "rooms", read: () => readRooms(createContext()) },
    { name: "disk", read: () => readDisk(createContext()) },
    { name: "backup", read: () => readBackup(createContext()) },
  ];
}

function family(name: string, help: string, samples: readonly Sample[] | number): MetricFamily {
  const all = typeof samples === "number" ? [{ value: samples }] : samples;
  return { name, help, samples: all };
}

function describeBuild({ facts }: Context, isEmbedded: boolean): readonly MetricFamily[] {
  const labels = {
    version: facts.version,
    bun: process.versions.bun ?? "",
    database: isEmbedded ? "embedded" : "external",
  };
  return [family("multitap_build_info", "Version of this server.", [{ value: 1, labels }])];
}

async function timeSeconds(work: () => PromiseLike<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

async function readDatabase({ sql, poolUse }: DatabaseHandle): Promise<readonly MetricFamily[]> {
  const use = poolUse();
  const seconds = await timeSeconds(() => sql`select 1`);
  const connections = [
    { labels: { state: "busy" }, value: use?.busyCount ?? 0 },
    { labels: { state: "idle" }, value: (use?.openCount ?? 0) - (use?.busyCount ?? 0) },
  ];
  return [
    family("multitap_database_round_trip_seconds", "Time of the shortest statement.", seconds),
    family("multitap_database_connections", "Open connections of the pool.", connections),
    family("multitap_database_connections_max", "Connections that the pool opens.", use?.connectionsMax ?? 0),
    family("multitap_database_waiting", "Statements that wait for a connection.", use?.waitingCount ?? 0),
  ];
}

async function readKv({ ports: { kv } }: Context): Promise<readonly MetricFamily[]> {
  const seconds = await timeSeconds(() => kv.ping());
  return [family("multitap_kv_round_trip_seconds", "Time of the store of what expires to answer.", seconds)];
}

async function readQueue({ ports: { queue } }: Context): Promise<readonly MetricFamily[]> {
  const depths = await queue.depths();
  const samples = depths.flatMap(({ name, queuedCount, runningCount }) => [
    { labels: { queue: name, state: "queued" }, value: queuedCount },
    { labels: { queue: name, state: "running" }, value: runningCount },
  ]);
  return [family("multitap_jobs", "Jobs that have not ended.", samples)];
}

const SCAN_STATES = ["queued", "running", "paused"] as const;

async function readScans(ctx: Context): Promise<readonly MetricFamily[]> {
  const scans = await listScans.run(ctx, { limit: SCANS_LISTED_MAX });
  const samples = SCAN_STATES.map((status) => ({
    labels: { status },
    value: scans.filter((scan) => scan.status === status).length,
  }));
  const ended = scans.flatMap(({ status, finishedAt }) =>
    status === "done" && finishedAt !== null ? [Date.parse(finishedAt) / 1000] : [],
  );
  const last = ended.length === 0 ? [] : [{ value: Math.max(...ended) }];
  return [
    family("multitap_scans", "Scans that have not ended.", samples),
    family("multitap_scan_last_success_timestamp_seconds", "When the last scan was done.", last),
  ];
}

async function readRooms(ctx: Context): Promise<readonly MetricFamily[]> {
  const [rooms, relayRooms, sessions] = await Promise.all([
    listAllRooms(ctx),
    listOpenRooms(ctx),
    listSessions(ctx),
  ]);
  const samples = [
    { labels: { kind: "browser" }, value: rooms.length },
    { labels: { kind: "relay" }, value: relayRooms.length },
    { labels: { kind: "retroarch" }, value: sessions.length },
  ];
  return [family("multitap_rooms", "Open rooms of netplay, in whichever process.", samples)];
}

async function readDisk({ ports: { files }, facts }: Context): Promise<readonly MetricFamily[]> {
  const places = {
    base: facts.basePath,
    library: facts.libraryPath,
    assets: facts.assetsPath,
    resources: facts.resourcesPath,
    backups: facts.backups.folderPath,
    database: join(facts.basePath, "postgres"),
  };
  const free: Sample[] = [];
  const total: Sample[] = [];
  for (const [folder, path] of Object.entries(places)) {
    if ((await files.find(path)) === null) continue;
    const { freeBytes, totalBytes } = await files.freeSpace(path);
    free.push({ labels: { folder }, value: freeBytes });
    total.push({ labels: { folder }, value: totalBytes });
  }
  return [
    family("multitap_disk_free_bytes", "Room on the file system of a folder.", free),
    family("multitap_disk_total_bytes", "Size of the file system of a folder.", total),
  ];
}

async function readBackup({ ports }: Context): Promise<readonly MetricFamily[]> {
  const { last, good } = await readLastBackups(ports);
  const ageOf = (at: string) => Math.max(0, (ports.clock.now().getTime() - Date.parse(at)) / 1000);
  return [
    family(
      "multitap_backup_last_ok",
      "1 when the last backup was made, 0 when it failed; absent before the first.",
      last === null ? [] : [{ value: last.isOk ? 1 : 0 }],
    ),
    family(
      "multitap_backup_age_seconds",
      "Time since the last backup that was made; absent before the first.",
      good === null ? [] : [{ value: ageOf(good.at) }],
    ),
    family("multitap_backup_size_bytes", "Its size.", good === null ? [] : [{ value: good.sizeBytes }]),
    family(
      "multitap_backup_duration_seconds",
      "How long it took.",
      good === null ? [] : [{ value: good.durationMs / 1000 }],
    ),
  ];
}

/** Counts the connections of socket endpoints; the endpoints themselves know nothing of it. */
export function countSockets(mounts: readonly SocketMount[]): {
  readonly mounts: readonly SocketMount[];
  readonly source: MetricSource;
} {
  const counts = new Map(mounts.map((mount) => [mount, 0]));
  const change = (mount: SocketMount, by: number) => counts.set(mount, (counts.get(mount) ?? 0) + by);
  const counted = mounts.map((mount): SocketMount => {
    const { handlers } = mount;
    return {
      ...mount,
      handlers: {
        ...handlers,
        open(socket) {
          change(mount, 1);
          handlers.open?.(socket);
        },
        close(socket, code, reason) {
          change(mount, -1);
          handlers.close?.(socket, code, reason);
        },
      },
    };
  });
  const read = async () => {
    const samples = [...counts].map(([mount, value]) => ({
      labels: { endpoint: mount.paths[0] ?? "" },
      value,
    }));
    return [family("multitap_websockets", "Open websockets of this process.", samples)];
  };
  return { mounts: counted, source: { name: "sockets", read } };
}
