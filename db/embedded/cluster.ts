/** The cluster on disk: its major version, its creation, and the note beside it. */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DbError } from "../errors.ts";
import type { DbLog } from "../log.ts";
import { BAKED_CLUSTER, hasBakedCluster, unpackBakedCluster } from "./baked.ts";
import { type Binaries, PG_MAJOR } from "./binaries.ts";
import { diskFullError, expectFreeSpace, findFreeBytes, syncFolder } from "./file-system.ts";
import { createEnvironment, type Launch, listNamespacePrefixes } from "./launch.ts";
import { killProgramsOn } from "./leftovers.ts";
import { INITDB_TIMEOUT_MS, NEW_CLUSTER_BYTES_MIN } from "./limits.ts";
import { type ProgramResult, runProgram } from "./run-program.ts";
import { isDiskFullText } from "./server-log.ts";
import { chooseSharedMemory, formatSettings } from "./settings.ts";

export const SUPERUSER = "multitap";

const NOTE_FILE = "cluster.json";
const VERSION_FILE = "PG_VERSION";

/** The folder of the cluster that this release runs. */
export function clusterPath(folder: string): string {
  return join(folder, String(PG_MAJOR));
}

/**
 * Whether a cluster of our major version is there; false means that a new one may be made.
 * @throws DbError `E_PG_MAJOR` when the folder holds data of another major version that ours would hide.
 */
export function findCluster(folder: string): boolean {
  const own = readMajor(clusterPath(folder));
  if (own !== null && own !== PG_MAJOR) throw majorError(clusterPath(folder), own);
  if (readMajor(folder) !== null) {
    throw new DbError(
      "E_PG_MAJOR",
      `${folder} itself is a PostgreSQL ${readMajor(folder)} cluster: not one of ours. Use an empty folder, or start that server and set DATABASE_URL.`,
    );
  }
  for (const major of listOtherMajors(folder)) {
    // An older cluster beside ours is what an upgrade kept; alone, or newer than ours, it is the operator's data.
    if (own === null || major > PG_MAJOR) throw majorError(join(folder, String(major)), major);
  }
  if (own === null) expectEmpty(clusterPath(folder));
  return own !== null;
}

function listOtherMajors(folder: string): number[] {
  return readdirSync(folder)
    .filter((name) => /^\d+$/.test(name) && Number(name) !== PG_MAJOR)
    .map((name) => readMajor(join(folder, name)))
    .filter((major) => major !== null);
}

function readMajor(cluster: string): number | null {
  const file = join(cluster, VERSION_FILE);
  if (!existsSync(file)) return null;
  const major = Number.parseInt(readFileSync(file, "utf8"), 10);
  return Number.isNaN(major) ? null : major;
}

function majorError(cluster: string, major: number): DbError {
  const advice =
    major < PG_MAJOR
      ? `Start a release that carries both ${major} and ${PG_MAJOR} once, or restore a backup`
      : "Start the release that wrote it or a later one, or restore a backup";
  return new DbError(
    "E_PG_MAJOR",
    `data folder holds PostgreSQL ${major}, this release carries ${PG_MAJOR}: ${cluster}. ${advice}.`,
  );
}

// A damaged cluster must not be mistaken for a fresh start.
function expectEmpty(cluster: string): void {
  if (!existsSync(cluster)) return;
  const entries = readdirSync(cluster);
  if (entries.length === 0) return;
  throw new DbError(
    "E_PG_START",
    `${cluster} has no ${VERSION_FILE} but is not empty: it holds ${entries.slice(0, 3).join(", ")}. Restore a backup, or move that folder away to start anew.`,
    { exitCode: 78 },
  );
}

export interface CreateClusterOptions {
  folder: string;
  launch: Launch;
  binaries: Binaries;
  log: DbLog;
  /** An archive to unpack in place of running `initdb`; default: the one of our image, where that is what we run in. */
  bakedCluster?: string | undefined;
}

/**
 * Makes a new cluster: unpacked or by `initdb`, its files synced, under a temporary name; then one atomic rename, so
 * that a crash at any moment leaves either nothing or a whole cluster.
 */
export async function createCluster(options: CreateClusterOptions): Promise<void> {
  const { folder, launch, log } = options;
  const unfinished = `${clusterPath(folder)}.new`;
  if (existsSync(unfinished)) {
    log({ level: "warn", message: `removing ${unfinished}, which an interrupted start left` });
    await killProgramsOn(unfinished);
    rmSync(unfinished, { recursive: true, force: true });
  }
  expectFreeSpace(folder, NEW_CLUSTER_BYTES_MIN);
  log({ level: "info", message: `creating a PostgreSQL ${PG_MAJOR} cluster in ${clusterPath(folder)}` });
  const archive = options.bakedCluster ?? BAKED_CLUSTER;
  const isBaked = hasBakedCluster(archive);
  const result = isBaked
    ? await unpackBakedCluster({ archive, path: unfinished, launch, binaries: options.binaries })
    : await initializeCluster(options, unfinished);
  if (result.exitCode !== 0)
    throw creationError(isBaked ? `unpacking ${archive}` : "initdb", options, result);
  renameSync(unfinished, clusterPath(folder));
  syncFolder(folder);
}

async function initializeCluster(options: CreateClusterOptions, unfinished: string): Promise<ProgramResult> {
  const result = await runInitdb(options, options.launch.prefix, unfinished);
  const isUnknownUser =
    result.exitCode !== 0 && result.output.includes("could not look up effective user ID");
  return isUnknownUser ? await retryAsKnownUser(options, unfinished, result) : result;
}

// initdb, unlike the server, wants a passwd entry for its user id; inside a namespace we can show it one.
async function retryAsKnownUser(
  options: CreateClusterOptions,
  unfinished: string,
  first: ProgramResult,
): Promise<ProgramResult> {
  for (const prefix of listNamespacePrefixes()) {
    const result = await runInitdb(options, prefix, unfinished);
    if (result.exitCode === 0) return result;
  }
  return first;
}

function runInitdb(
  { folder, launch, binaries }: CreateClusterOptions,
  prefix: readonly string[],
  path: string,
): Promise<ProgramResult> {
  const sharedMemory = chooseSharedMemory({
    freeSharedMemoryBytes: findFreeBytes("/dev/shm"),
    platform: process.platform,
  });
  const settings = formatSettings(sharedMemory);
  const command = [...prefix, binaries.initdb, "-D", path, "-U", SUPERUSER, ...INITDB_WORDS, ...settings];
  const account = launch.account ?? {};
  return runProgram(command, {
    environment: createEnvironment(folder),
    timeoutMs: INITDB_TIMEOUT_MS,
    ...account,
  });
}

// The builtin provider's collation has a constant version: indexes survive every change of the operating system.
const INITDB_WORDS: readonly string[] = [
  "--auth=trust",
  "--encoding=UTF8",
  "--locale=C",
  "--locale-provider=builtin",
  "--builtin-locale=PG_UNICODE_FAST",
  "--no-instructions",
];

function creationError(
  what: string,
  { folder }: CreateClusterOptions,
  { exitCode, output }: ProgramResult,
): DbError {
  rmSync(`${clusterPath(folder)}.new`, { recursive: true, force: true });
  if (isDiskFullText(output)) return diskFullError(folder, NEW_CLUSTER_BYTES_MIN);
  const words = output.split("\n").slice(-4).join(" ");
  return new DbError(
    "E_PG_START",
    `${what} failed: exit code ${exitCode ?? "none"}, ${words || "no output"}. Correct that, or set DATABASE_URL.`,
  );
}

export interface ClusterNote {
  major: number;
  minor: number;
  packageVersion: string;
  /** Our version that made the cluster; null when the note was lost. */
  createdBy: string | null;
  createdAt: string | null;
}

/** Writes, where something changed, what made this cluster and what last ran it; a note for people and backups. */
export function updateClusterNote(
  folder: string,
  current: { serverVersion: string; packageVersion: string; createdBy: string | null },
): void {
  const old = readNote(folder);
  const note: ClusterNote = {
    major: PG_MAJOR,
    minor: Number(current.serverVersion.split(".")[1] ?? 0),
    packageVersion: current.packageVersion,
    createdBy: current.createdBy ?? old?.createdBy ?? null,
    createdAt: current.createdBy === null ? (old?.createdAt ?? null) : new Date().toISOString(),
  };
  if (JSON.stringify(old) === JSON.stringify(note)) return;
  const path = join(folder, NOTE_FILE);
  writeFileSync(`${path}.new`, `${JSON.stringify(note, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

function readNote(folder: string): ClusterNote | null {
  try {
    return JSON.parse(readFileSync(join(folder, NOTE_FILE), "utf8")) as ClusterNote;
  } catch {
    return null; // Absent or damaged: it is written again.
  }
}
