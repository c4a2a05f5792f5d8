import { type StatsBase, statSync } from "node:fs";
import { dirname } from "node:path";
import { TaskCancelled } from "./task.ts";

/**
 * Why a file gave no result: `unreadable` needs the operator (rights, not a file), `vanished` is gone or its link
 * leads nowhere, `changed` was written to meanwhile (try again later), `io` is the disk or the network share.
 */
export interface FileFailure {
  readonly code: "unreadable" | "vanished" | "changed" | "io";
  /** One line for the operator, path included. */
  readonly message: string;
}

/** Tells what is not as the caller saw it. */
export function changed(path: string, what: string): FileFailure {
  return { code: "changed", message: `${path} changed: ${what}` };
}

type Kind = Pick<StatsBase<unknown>, "isDirectory" | "isFIFO" | "isSocket">;

/** Tells what stands where a file should be. */
export function notRegular(path: string, stats: Kind): FileFailure {
  return { code: "unreadable", message: `${path} is ${nameKind(stats)}, not a regular file` };
}

/**
 * Turns a refused system call into a failure.
 * @throws The fault itself when it is not one of the file system: a bug, or a cancelled task.
 */
export function describeFault(path: string, fault: unknown): FileFailure {
  const code = getFaultCode(fault);
  if (code === null) throw fault;
  if (code === "ENOENT" || code === "ENOTDIR") return { code: "vanished", message: `${path} is not there` };
  if (code === "EACCES" || code === "EPERM") return { code: "unreadable", message: describeDenial(path) };
  if (code === "ELOOP") return { code: "unreadable", message: `${path} is a symbolic link in a loop` };
  if (code === "ENAMETOOLONG")
    return { code: "unreadable", message: `${path} is longer than the system takes` };
  return { code: "io", message: `${path} cannot be read: ${code}` };
}

/** Gives the code of a refused system call; null for anything else. System calls fail with an `E…` code. */
export function getFaultCode(fault: unknown): string | null {
  if (fault instanceof TaskCancelled || !(fault instanceof Error) || !("code" in fault)) return null;
  return typeof fault.code === "string" && /^E[A-Z0-9]+$/.test(fault.code) ? fault.code : null;
}

/** Names who we are and who owns what refuses us: the file, or the nearest folder above that lets nobody in. */
function describeDenial(path: string): string {
  const us = `uid ${process.geteuid?.() ?? "?"} gid ${process.getegid?.() ?? "?"}`;
  for (let entry = path; ; entry = dirname(entry)) {
    const owner = findOwner(entry);
    if (owner === null && entry !== dirname(entry)) continue;
    const where = entry === path ? "" : `folder ${entry} `;
    return `${path} is unreadable by ${us} (${where}${owner ?? "owner unknown"})`;
  }
}

function findOwner(entry: string): string | null {
  try {
    const { uid, gid, mode } = statSync(entry);
    return `owner ${uid}:${gid} mode ${(mode & 0o7777).toString(8).padStart(4, "0")}`;
  } catch (fault) {
    // No entry below a closed folder can be asked; the caller goes on with the folder above.
    if (getFaultCode(fault) === null) throw fault;
    return null;
  }
}

function nameKind(stats: Kind): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  return "a device";
}
