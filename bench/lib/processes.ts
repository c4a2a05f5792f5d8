import { readdirSync, readFileSync } from "node:fs";
import { BenchError } from "./bench-error.ts";

/** Ticks of `/proc/<pid>/stat` in a second: a constant of Linux' interface to programs. */
const TICKS_PER_SECOND = 100;

interface ProcessFacts {
  readonly pid: number;
  readonly parentPid: number;
  readonly cpuMs: number;
}

/** One process of a tree. */
export interface ProcessMemory {
  readonly pid: number;
  readonly name: string;
  /** Its own pages, and its share of the pages it shares with others. */
  readonly pssBytes: number;
}

/**
 * What follows the name of a process, which may itself hold spaces and brackets.
 * @source proc_pid_stat(5): field 4 is the parent, 14 and 15 user and system time.
 */
function parseStat(text: string): ProcessFacts {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    pid: Number.parseInt(text, 10),
    parentPid: Number(fields[1]),
    cpuMs: (ticks * 1000) / TICKS_PER_SECOND,
  };
}

/** Null for a process that ended meanwhile. */
function findText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Ids of a process and of everything it started, itself first. */
export function listTree(rootPid: number): readonly number[] {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => findText(`/proc/${name}/stat`) ?? [])
    .map(parseStat);
  const childrenOf = Map.groupBy(processes, (each) => each.parentPid);
  const tree = [rootPid];
  for (const pid of tree) tree.push(...(childrenOf.get(pid) ?? []).map((child) => child.pid));
  return tree;
}

/** User and system time of one process and all its threads so far, at a grain of 10 ms; 0 when it is gone. */
export function readCpuMs(pid: number): number {
  const text = findText(`/proc/${pid}/stat`);
  return text === null ? 0 : parseStat(text).cpuMs;
}

/** The same, summed over everything a process started that still runs, without itself. */
export function readChildrenCpuMs(pid: number): number {
  return listTree(pid)
    .slice(1)
    .reduce((sum, child) => sum + readCpuMs(child), 0);
}

function readKilobytes(path: string, key: string): number | null {
  const found = new RegExp(`^${key}:\\s+(\\d+) kB$`, "m").exec(findText(path) ?? "");
  return found?.[1] === undefined ? null : Number(found[1]);
}

/** Resident memory of one process, shared pages counted in full; 0 when it is gone. */
export function readRssBytes(pid: number): number {
  return (readKilobytes(`/proc/${pid}/status`, "VmRSS") ?? 0) * 1024;
}

/**
 * Memory of a process and of everything it started.
 * @throws BenchError when we may not read it: PostgreSQL can run as another user.
 */
export function listTreeMemory(rootPid: number): readonly ProcessMemory[] {
  return listTree(rootPid).flatMap((pid) => {
    const kilobytes = readKilobytes(`/proc/${pid}/smaps_rollup`, "Pss");
    if (kilobytes !== null) return [{ pid, name: readName(pid), pssBytes: kilobytes * 1024 }];
    if (findText(`/proc/${pid}/stat`) === null) return [];
    throw new BenchError(`no permission to read the memory of process ${pid} (${readName(pid)})`);
  });
}

/** What a process calls itself, such as `bun` or `postgres: checkpointer`. */
function readName(pid: number): string {
  const command = findText(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ").trim() ?? "";
  if (command.startsWith("postgres: ")) return command.split(" ").slice(0, 3).join(" ");
  return findText(`/proc/${pid}/comm`)?.trim() ?? "?";
}

/** The first process of a tree whose command line holds a text, or null. */
export function findInTree(rootPid: number, text: string): number | null {
  const words = (pid: number) => findText(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
  const isIt = (pid: number) => words(pid).some((word) => word.endsWith(text));
  // The last one: a shell that starts it has the same text on its command line.
  return listTree(rootPid).findLast(isIt) ?? null;
}
