/** Deals with what an earlier owner left behind: a running server of this cluster, or a stale `postmaster.pid`. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DbError, describeCause } from "../errors.ts";
import type { DbLog } from "../log.ts";
import {
  ORPHAN_CHILDREN_MS,
  ORPHAN_FAST_STOP_MS,
  ORPHAN_KILL_MS,
  ORPHAN_QUIT_MS,
  PROCESS_POLL_MS,
} from "./limits.ts";

export const PID_FILE = "postmaster.pid";

/** What the first and the last line of `postmaster.pid` say. */
export interface PostmasterFile {
  processId: number;
  /** True once the server accepts connections. */
  isReady: boolean;
}

/**
 * The content of `postmaster.pid`; null when there is none or it is still being written.
 * @source PostgreSQL `pidfile.h`: line 1 process id, line 8 status. A single-user server writes a negative id.
 */
export function readPostmasterFile(cluster: string): PostmasterFile | null {
  let text: string;
  try {
    text = readFileSync(join(cluster, PID_FILE), "utf8");
  } catch {
    return null; // Absent is the normal case of a clean stop; unreadable is for PostgreSQL to report.
  }
  const lines = text.split("\n");
  const processId = Math.abs(Number.parseInt(lines[0] ?? "", 10));
  return processId > 0 ? { processId, isReady: lines[7]?.trim() === "ready" } : null;
}

/**
 * Ends every process that an earlier owner left on this cluster; the caller holds the folder's lock, so none of them
 * has a living owner.
 * @returns The process id that `postmaster.pid` still names although it is not a server of this cluster (it may
 *   belong to anything by now); the new server must be told to ignore it. Null when there is none.
 * @throws DbError `E_PG_START` when a process cannot be ended.
 */
export async function clearLeftovers(cluster: string, log: DbLog): Promise<number | null> {
  const file = readPostmasterFile(cluster);
  if (file === null) return null;
  const processes = listClusterProcesses(cluster);
  if (processes.length > 0) {
    const noun = processes.includes(file.processId) ? "a server" : "processes of a dead server";
    log({
      level: "warn",
      message: `found ${noun} left by an earlier run (pid ${processes.join(", ")}); ending`,
    });
    await endProcesses(cluster, file.processId);
  }
  return readPostmasterFile(cluster)?.processId ?? null;
}

async function endProcesses(cluster: string, postmaster: number): Promise<void> {
  const isRunning = () => listClusterProcesses(cluster);
  if (isRunning().includes(postmaster)) {
    sendSignal(postmaster, "SIGINT");
    if (await waitUntilGone(isRunning, ORPHAN_FAST_STOP_MS)) return;
    sendSignal(postmaster, "SIGQUIT");
    if (await waitUntilGone(isRunning, ORPHAN_QUIT_MS)) return;
  }
  if (await waitUntilGone(isRunning, ORPHAN_CHILDREN_MS)) return;
  for (const processId of isRunning()) sendSignal(processId, "SIGKILL");
  if (await waitUntilGone(isRunning, ORPHAN_KILL_MS)) return;
  throw new DbError(
    "E_PG_START",
    `an earlier PostgreSQL still runs on ${cluster}: pid ${isRunning().join(", ")}. End it, then start again.`,
  );
}

/** Ends, at once, programs that still work on a half-made cluster. */
export async function killProgramsOn(path: string): Promise<void> {
  const isNamed = (processId: number) => readCommand(processId).includes(path);
  const isRunning = () => [...listProcessIds().filter(isNamed), ...listClusterProcesses(path)];
  for (const processId of isRunning()) sendSignal(processId, "SIGKILL");
  await waitUntilGone(isRunning, ORPHAN_KILL_MS);
}

/** Sends a signal; a process that is already gone is fine. */
export function sendSignal(processId: number, signal: NodeJS.Signals): void {
  try {
    process.kill(processId, signal);
  } catch (error) {
    if (describeCause(error) === "ESRCH") return;
    throw new DbError(
      "E_PG_START",
      `process ${processId} cannot be ended: ${describeCause(error)}. End it by hand.`,
      {
        cause: error,
      },
    );
  }
}

async function waitUntilGone(isRunning: () => readonly number[], timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (isRunning().length > 0) {
    if (performance.now() >= deadline) return false;
    await Bun.sleep(PROCESS_POLL_MS);
  }
  return true;
}

/**
 * The PostgreSQL processes working on this cluster, children included: on Linux those whose current folder it is
 * (compared by device and inode, so another mount of the same volume counts), elsewhere the server alone.
 */
export function listClusterProcesses(cluster: string): number[] {
  if (process.platform !== "linux") return listServersByCommand(cluster);
  const home = statSync(cluster, { throwIfNoEntry: false });
  if (home === undefined) return [];
  return listProcessIds().filter((processId) => {
    try {
      const folder = statSync(`/proc/${processId}/cwd`);
      if (folder.dev !== home.dev || folder.ino !== home.ino) return false;
      return readFileSync(`/proc/${processId}/comm`, "utf8").trim() === "postgres";
    } catch {
      return false; // Gone meanwhile, a zombie, or another user's: not one of ours.
    }
  });
}

function listProcessIds(): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .map(Number)
    .filter((processId) => processId > 0);
}

/** The words of a process's command line; empty when it is gone. */
function readCommand(processId: number): string[] {
  try {
    return readFileSync(`/proc/${processId}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

function listServersByCommand(cluster: string): number[] {
  const listing = execFileSync("/bin/ps", ["-axo", "pid=,command="], { encoding: "utf8" });
  return listing
    .split("\n")
    .filter((line) => line.includes("postgres") && line.includes(`-D ${cluster} `))
    .map((line) => Number.parseInt(line, 10))
    .filter((processId) => processId > 0);
}
