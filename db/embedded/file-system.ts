/** What file system a folder is on, whether it can hold a database, and how much room it has. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DbError, describeCause } from "../errors.ts";

const PROBE_FOLDER = ".multitap-probe";
const PRIVATE_MODE = 0o700;
const MODE_BITS = 0o7777;

/** The file system type of a path, e.g. `ext4` or `fuse.sshfs`; `unknown` where the system does not tell. */
export function findFileSystemType(path: string): string {
  try {
    return findMountType(readFileSync("/proc/self/mountinfo", "utf8"), realpathSync(path));
  } catch {
    return "unknown"; // No /proc (macOS), or a path that is gone: the name only serves messages.
  }
}

/**
 * The file system type of the mount that holds a path.
 * @param mountInfo Text of `/proc/self/mountinfo`, whose later lines cover earlier ones.
 * @source proc_pid_mountinfo(5)
 */
export function findMountType(mountInfo: string, path: string): string {
  let best = { point: "", type: "unknown" };
  for (const line of mountInfo.split("\n")) {
    const [mount, source] = line.split(" - ");
    const escapedPoint = mount?.split(" ")[4];
    const type = source?.split(" ")[0];
    if (escapedPoint === undefined || type === undefined) continue;
    const point = escapedPoint.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const isInside = path === point || path.startsWith(point.endsWith("/") ? point : `${point}/`);
    if (isInside && point.length >= best.point.length) best = { point, type };
  }
  return best.type;
}

const NETWORK_TYPES: readonly string[] = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "fuse"];

/** Whether databases on this file system type are known to end badly although every probe passes. */
export function isNetworkType(type: string): boolean {
  return NETWORK_TYPES.includes(type) || type.startsWith("fuse.");
}

/** The refusal of a folder, naming its file system and what failed. */
export function dataFsError(folder: string, problem: string, cause?: unknown): DbError {
  const type = findFileSystemType(folder);
  return new DbError(
    "E_DATA_FS",
    `${folder} is on ${type} and cannot hold a database: ${problem}. Mount a local folder or a named volume at ${folder}, or set DATABASE_URL. The library may stay where it is.`,
    { cause },
  );
}

/** Creates the folder that holds clusters, with its parents. */
export function createDataFolder(folder: string): void {
  try {
    mkdirSync(dirname(folder), { recursive: true });
    mkdirSync(folder, { recursive: true, mode: PRIVATE_MODE });
  } catch (error) {
    throw wrapProbeError(folder, "creating the folder", error);
  }
}

/**
 * Tries everything that a database needs from a file system, inside a folder that is removed again.
 * The caller holds the folder's lock, which is the last probe of this kind.
 * @param ownerUid The user id that files created by us must show.
 * @throws DbError `E_DATA_FS` naming the step that failed, `E_DISK_FULL` when the disk is full.
 */
export function probeDataFolder(folder: string, ownerUid: number): void {
  const probe = join(folder, PROBE_FOLDER);
  let step = "creating a folder";
  try {
    rmSync(probe, { recursive: true, force: true });
    mkdirSync(probe);
    step = "making a folder private (chmod 0700)";
    chmodSync(probe, PRIVATE_MODE);
    expectPrivateMode(folder, probe);
    expectOwner(folder, probe, ownerUid);
    step = "writing and syncing a file";
    writeSynced(join(probe, "a"));
    writeSynced(join(probe, "b"));
    syncFolder(probe);
    step = "renaming a file over another";
    renameSync(join(probe, "a"), join(probe, "b"));
    step = "renaming a folder";
    mkdirSync(join(probe, "c"));
    renameSync(join(probe, "c"), join(probe, "d"));
  } catch (error) {
    throw wrapProbeError(folder, step, error);
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

/** The refusal for anything that a step on the folder threw: a full disk, or a folder that cannot hold a database. */
export function wrapProbeError(folder: string, step: string, error: unknown): DbError {
  if (error instanceof DbError) return error;
  const code = describeCause(error);
  if (code === "ENOSPC" || code === "EDQUOT") return diskFullError(folder, 1, error);
  return dataFsError(folder, `${step} failed with ${code} for uid ${process.geteuid?.() ?? "?"}`, error);
}

function expectPrivateMode(folder: string, path: string): void {
  const mode = statSync(path).mode & MODE_BITS;
  if (mode === PRIVATE_MODE) return;
  throw dataFsError(folder, `after chmod 0700 a folder shows mode 0${mode.toString(8)}`);
}

function expectOwner(folder: string, path: string, ownerUid: number): void {
  const owner = statSync(path).uid;
  if (owner === ownerUid) return;
  throw dataFsError(folder, `a folder we create belongs to uid ${owner}, not to ours (${ownerUid})`);
}

function writeSynced(path: string): void {
  const file = openSync(path, "w", 0o600);
  try {
    writeSync(file, "probe");
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes renames and new names in a folder durable. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/**
 * Narrows a cluster's mode to what PostgreSQL accepts (0700 or 0750), once; mounts and NAS permission tools widen it.
 * @throws DbError `E_DATA_FS` when the wider mode stays, or the cluster is another user's.
 */
export function fixClusterMode(folder: string, cluster: string, ownerUid: number): void {
  const isAccepted = () => (statSync(cluster).mode & 0o027) === 0;
  const owner = statSync(cluster).uid;
  if (owner !== ownerUid) {
    throw dataFsError(folder, `${cluster} belongs to uid ${owner}, and we run as uid ${ownerUid}`);
  }
  if (isAccepted()) return;
  try {
    chmodSync(cluster, PRIVATE_MODE);
  } catch (error) {
    throw wrapProbeError(folder, `making ${cluster} private (chmod 0700)`, error);
  }
  if (!isAccepted()) expectPrivateMode(folder, cluster);
}

/** Bytes that an unprivileged user may still write at a path; null where the system does not tell. */
export function findFreeBytes(path: string): number | null {
  try {
    const stats = statfsSync(path);
    return stats.bavail * stats.bsize;
  } catch {
    return null; // Absent path (/dev/shm on macOS): the callers have a rule for "unknown".
  }
}

/** @throws DbError `E_DISK_FULL` when fewer than `bytesMin` bytes are free at the folder. */
export function expectFreeSpace(folder: string, bytesMin: number): void {
  const free = findFreeBytes(folder);
  if (free !== null && free < bytesMin) throw diskFullError(folder, bytesMin);
}

/** The refusal of a full disk, with the figures of now. */
export function diskFullError(folder: string, bytesMin: number, cause?: unknown): DbError {
  const free = findFreeBytes(folder) ?? 0;
  const toMegabytes = (bytes: number) => bytes / (1024 * 1024);
  return new DbError(
    "E_DISK_FULL",
    `${folder} has ${Math.floor(toMegabytes(free))} MB free; at least ${Math.ceil(toMegabytes(bytesMin))} MB needed. Free some space and start again.`,
    { cause },
  );
}
