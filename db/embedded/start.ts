/** The order of a start of the embedded database, with what each step leaves to undo. */
import { existsSync, lchownSync, realpathSync } from "node:fs";
import { totalmem } from "node:os";
import { resolve } from "node:path";
import { openDatabase } from "../client.ts";
import { DbError, describeCause } from "../errors.ts";
import type { DbLog } from "../log.ts";
import type { SocketTarget } from "../target.ts";
import { keepBallast, releaseBallast } from "./ballast.ts";
import { type Binaries, findBinaries, PG_MAJOR, verifyBinaries } from "./binaries.ts";
import { clusterPath, createCluster, findCluster, SUPERUSER, updateClusterNote } from "./cluster.ts";
import {
  createDataFolder,
  expectFreeSpace,
  findFileSystemType,
  findFreeBytes,
  fixClusterMode,
  isNetworkType,
  probeDataFolder,
  wrapProbeError,
} from "./file-system.ts";
import { chooseLaunch, type Launch } from "./launch.ts";
import { sendSignal } from "./leftovers.ts";
import { BALLAST_EVERY_MS, LOCK_WAIT_MS, RESTART_DELAYS_MS, START_BYTES_MIN } from "./limits.ts";
import { type FolderLock, lockFolder } from "./lock.ts";
import { listSettings } from "./settings.ts";
import { createSocketFolder, listSocketPlaces, removeSocketFolder, SOCKET_PORT } from "./socket-folder.ts";
import { type EmbeddedStatus, superviseServer } from "./supervisor.ts";

export interface EmbeddedOptions {
  /** `<base>/postgres`: holds the cluster `18/`, `cluster.json` and the lock. Created when absent. */
  folder: string;
  /** Our version, noted in `cluster.json` for people. */
  appVersion: string;
  /** Created when absent; default `multitap`. */
  databaseName?: string | undefined;
  log: DbLog;
  /** Told about changes after the first start: `down` when the server dies, then `up` or, in the end, `failed`. */
  onStatus: (status: EmbeddedStatus) => void;
  /** The container's memory limit, which decides shared_buffers; default: the machine's memory. */
  memoryLimitBytes?: number | undefined;
  /** True silences the warning about network file systems. */
  allowNetworkData?: boolean | undefined;
  /** How long another owner may still hold the folder; default 30 s. */
  lockWaitMs?: number | undefined;
}

export interface EmbeddedPostgres {
  readonly target: SocketTarget;
  /** E.g. `18.4`. */
  readonly serverVersion: string;
  /** File system type of the data folder, e.g. `ext4`. */
  readonly fsType: string;
  /** The server's process id; null while it is down. */
  processId(): number | null;
  /**
   * Stops the server and frees the folder. Close pools first, or their connections are cut. Safe to call again.
   * @param graceMs Time for a fast stop with its checkpoint, default 2 s; then it stops at once, and the next
   *   start recovers. At most 2 s more pass after the grace.
   */
  stop(graceMs?: number): Promise<void>;
}

/** What only our own tests change. */
export interface StartInternals {
  binaries?: Binaries | undefined;
  mayUseNamespaces?: boolean | undefined;
  /** Override settings, e.g. no fsync for a cluster that is thrown away. */
  settings?: Record<string, string> | undefined;
  restartDelaysMs?: readonly number[] | undefined;
  ballastEveryMs?: number | undefined;
  /** The archive that a new cluster is unpacked from, in place of our image's. */
  bakedCluster?: string | undefined;
}

type Undo = () => void;

/**
 * Starts the cluster in a folder, made anew when there is none.
 * @throws DbError for every refusal; nothing stays running or locked then.
 */
export async function startCluster(
  given: EmbeddedOptions,
  internals: StartInternals = {},
): Promise<EmbeddedPostgres> {
  const undo: Undo[] = [];
  const release = () => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) step();
  };
  try {
    return await start(given, internals, { undo, release });
  } catch (error) {
    release();
    if (!isSystemError(error)) throw error;
    throw wrapProbeError(resolve(given.folder), `${error.syscall} of ${error.path ?? "a file"}`, error);
  }
}

// Whatever the system refuses us below the folder is the operator's to correct, and no bug of ours.
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && "code" in error;
}

interface Undoing {
  undo: Undo[];
  release: () => void;
}

async function start(
  given: EmbeddedOptions,
  internals: StartInternals,
  { undo, release }: Undoing,
): Promise<EmbeddedPostgres> {
  createDataFolder(resolve(given.folder));
  const options = { ...given, folder: realpathSync(given.folder) };
  const lock = await lockFolder(options.folder, {
    waitMs: options.lockWaitMs ?? LOCK_WAIT_MS,
    log: options.log,
  });
  undo.push(lock.release);
  const binaries = internals.binaries ?? findBinaries(PG_MAJOR);
  const { launch, serverVersion } = await prepareLaunch(options.folder, binaries, internals);
  releaseBallast(options.folder, options.log);
  const fsType = prepareFolder(options, launch);
  const { bakedCluster } = internals;
  await prepareCluster(options, { launch, binaries, serverVersion, bakedCluster });
  const socketFolder = prepareSocketFolder(lock, launch, undo);
  const supervisor = await superviseServer({
    folder: options.folder,
    cluster: clusterPath(options.folder),
    socketFolder,
    launch,
    binaries,
    settings: { ...createSettings(options, socketFolder), ...internals.settings },
    log: options.log,
    onStatus: options.onStatus,
    restartDelaysMs: internals.restartDelaysMs ?? RESTART_DELAYS_MS,
  });
  const onExit = () => endAtExit(supervisor.processId(), release);
  process.once("exit", onExit);
  const everyMs = internals.ballastEveryMs ?? BALLAST_EVERY_MS;
  const endBallast = keepBallast(options.folder, { everyMs, log: options.log });
  const stop = createStop(async (graceMs) => {
    await Promise.all([supervisor.stop(graceMs), endBallast()]);
    process.off("exit", onExit);
    release();
  });
  const database = options.databaseName ?? "multitap";
  const target: SocketTarget = { socketFolder, user: SUPERUSER, database, port: SOCKET_PORT };
  try {
    await ensureDatabase(target);
  } catch (error) {
    await stop();
    throw error;
  }
  return { target, serverVersion, fsType, processId: supervisor.processId, stop };
}

async function prepareLaunch(
  folder: string,
  binaries: Binaries,
  internals: StartInternals,
): Promise<{ launch: Launch; serverVersion: string }> {
  // First, or programs that lack their libraries would look like a user that cannot run them.
  const serverVersion = await verifyBinaries(binaries);
  const mayUseNamespaces = internals.mayUseNamespaces;
  return { launch: await chooseLaunch({ folder, binaries, mayUseNamespaces }), serverVersion };
}

function prepareFolder(options: EmbeddedOptions, launch: Launch): string {
  const { folder, log } = options;
  probeDataFolder(folder, process.geteuid?.() ?? launch.ownerUid);
  const fsType = findFileSystemType(folder);
  if (isNetworkType(fsType) && options.allowNetworkData !== true) {
    log({
      level: "warn",
      message: `${folder} is on the network file system ${fsType}, where databases can be damaged. Move it to a local disk or named volume; MULTITAP_ALLOW_NETWORK_DATA=1 silences this.`,
    });
  }
  return fsType;
}

interface FoundPrograms {
  launch: Launch;
  binaries: Binaries;
  serverVersion: string;
  bakedCluster: string | undefined;
}

async function prepareCluster(options: EmbeddedOptions, found: FoundPrograms): Promise<void> {
  const { folder, log } = options;
  const { launch, binaries, bakedCluster } = found;
  const isPresent = findCluster(folder);
  if (isPresent) {
    fixClusterMode(folder, clusterPath(folder), launch.ownerUid);
    expectFreeSpace(folder, START_BYTES_MIN);
  } else {
    await createCluster({ folder, launch, binaries, log, bakedCluster });
  }
  updateClusterNote(folder, {
    serverVersion: found.serverVersion,
    packageVersion: found.binaries.packageVersion,
    createdBy: isPresent ? null : options.appVersion,
  });
}

function prepareSocketFolder(lock: FolderLock, launch: Launch, undo: Undo[]): string {
  const dead = lock.previous?.socketFolder ?? null;
  if (dead !== null && existsSync(dead)) removeSocketFolder(dead);
  const socketFolder = createSocketFolder(listSocketPlaces(process.env));
  undo.push(() => removeSocketFolder(socketFolder));
  if (launch.account !== null) lchownSync(socketFolder, launch.account.uid, launch.account.gid);
  lock.recordSocketFolder(socketFolder);
  return socketFolder;
}

function createSettings(options: EmbeddedOptions, socketFolder: string): Record<string, string> {
  return listSettings({
    socketFolder,
    memoryLimitBytes: options.memoryLimitBytes ?? totalmem(),
    freeSharedMemoryBytes: findFreeBytes("/dev/shm"),
    platform: process.platform,
  });
}

// A process that exits without stopping us leaves a server that winds down by itself; the next start waits for it.
function endAtExit(processId: number | null, release: () => void): void {
  if (processId !== null) sendSignal(processId, "SIGINT");
  release();
}

function createStop(
  run: (graceMs: number | undefined) => Promise<void>,
): (graceMs?: number) => Promise<void> {
  let stopped: Promise<void> | null = null;
  return (graceMs) => {
    stopped ??= run(graceMs);
    return stopped;
  };
}

async function ensureDatabase(target: SocketTarget): Promise<void> {
  const admin = openDatabase(
    { ...target, database: "postgres" },
    { maxConnections: 1, applicationName: "multitap-start" },
  );
  try {
    const found = await admin.sql`select 1 from pg_database where datname = ${target.database}`;
    if (found.length === 0) await admin.sql`create database ${admin.sql(target.database)}`;
  } catch (error) {
    throw new DbError(
      "E_PG_START",
      `PostgreSQL runs but refuses us: ${describeCause(error)}, database ${target.database}. Look at its messages above.`,
      { cause: error },
    );
  } finally {
    await admin.close();
  }
}
