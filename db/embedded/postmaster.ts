/** One run of the server process: start, readiness, stop. */
import { spawn } from "node:child_process";
import { DbError } from "../errors.ts";
import type { DbLog } from "../log.ts";
import type { Binaries } from "./binaries.ts";
import { diskFullError } from "./file-system.ts";
import { createEnvironment, type Launch } from "./launch.ts";
import { listClusterProcesses, readPostmasterFile, sendSignal } from "./leftovers.ts";
import {
  PROCESS_POLL_MS,
  READY_LOG_EVERY_MS,
  READY_POLL_MS,
  READY_WAIT_MS,
  START_BYTES_MIN,
  STOP_GRACE_MS,
  STOP_KILL_MS,
  STOP_QUIT_MS,
} from "./limits.ts";
import { createServerLogReader, type ServerLogReader } from "./server-log.ts";
import { formatSettings } from "./settings.ts";
import { waitAtMost } from "./wait.ts";

export interface PostmasterOptions {
  folder: string;
  cluster: string;
  launch: Launch;
  binaries: Binaries;
  settings: Record<string, string>;
  log: DbLog;
  /** A process id from a stale `postmaster.pid` that the server must not take for a rival. */
  ignoredProcessId: number | null;
}

export interface Postmaster {
  readonly processId: number;
  /** Resolves when the process is gone, with words about how it ended. */
  readonly exited: Promise<string>;
  isRunning(): boolean;
  readonly output: ServerLogReader;
}

/** Starts the server in its own session, so that Ctrl-C at a terminal reaches us and not it. */
export async function spawnPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const { launch, binaries, cluster } = options;
  const words = [...launch.prefix, binaries.postgres, "-D", cluster, ...formatSettings(options.settings)];
  const environment = createEnvironment(options.folder);
  if (options.ignoredProcessId !== null) environment.PG_GRANDPARENT_PID = String(options.ignoredProcessId);
  const child = spawn(words[0] ?? binaries.postgres, words.slice(1), {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: environment,
    cwd: "/",
    ...(launch.account ?? {}),
  });
  const output = createServerLogReader(options.log);
  let isRunning = true;
  child.stderr?.on("data", (chunk: Buffer) => output.push(chunk));
  const exited = new Promise<string>((resolve) => {
    const finish = (ending: string) => {
      isRunning = false;
      resolve(ending);
    };
    child.on("error", (error) => finish(error.message));
    // "close" comes when the last output was read, but a killed server's children may keep that from coming.
    child.on("close", (code, signal) => finish(formatExit(code, signal)));
    child.on("exit", (code, signal) => setTimeout(finish, PROCESS_POLL_MS, formatExit(code, signal)));
  });
  if (child.pid === undefined) {
    throw new DbError(
      "E_PG_START",
      `PostgreSQL could not be started: ${await exited}. Check memory and limits.`,
    );
  }
  return { processId: child.pid, exited, isRunning: () => isRunning, output };
}

function formatExit(code: number | null, signal: string | null): string {
  return signal === null ? `exit code ${code ?? "unknown"}` : `signal ${signal}`;
}

/**
 * Waits until the server says in `postmaster.pid` that it accepts connections, as pg_ctl does.
 * @throws DbError `E_DISK_FULL`, or `E_PG_START` with the server's last words, when it ends before.
 */
export async function waitUntilReady(postmaster: Postmaster, options: PostmasterOptions): Promise<void> {
  const startedAt = performance.now();
  let lines = 1;
  while (postmaster.isRunning()) {
    const file = readPostmasterFile(options.cluster);
    if (file?.processId === postmaster.processId && file.isReady) return;
    const waitedMs = performance.now() - startedAt;
    if (waitedMs > READY_WAIT_MS) {
      await stopPostmaster(postmaster, options.cluster, 0);
      throw startError(options, postmaster, `not ready after ${Math.round(waitedMs / 1000)} s`);
    }
    if (waitedMs > lines * READY_LOG_EVERY_MS) {
      const seconds = Math.round(waitedMs / 1000);
      options.log({
        level: "info",
        message: `waiting for PostgreSQL, which may be recovering: ${seconds} s`,
      });
      lines++;
    }
    await Bun.sleep(READY_POLL_MS);
  }
  throw startError(options, postmaster, await postmaster.exited);
}

function startError(options: PostmasterOptions, postmaster: Postmaster, ending: string): DbError {
  if (postmaster.output.sawDiskFull()) return diskFullError(options.folder, START_BYTES_MIN);
  const words = postmaster.output.summary() || "it said nothing";
  return new DbError(
    "E_PG_START",
    `PostgreSQL did not start: ${ending}, ${words}. Correct that, or restore a backup.`,
  );
}

/**
 * Ends the server: fast stop, after the grace an immediate one, at last a kill; each loses nothing committed.
 * @param graceMs Time for the fast stop, which writes a checkpoint.
 */
export async function stopPostmaster(
  postmaster: Postmaster,
  cluster: string,
  graceMs = STOP_GRACE_MS,
): Promise<void> {
  const steps: [NodeJS.Signals, number][] = [
    ["SIGINT", graceMs],
    ["SIGQUIT", STOP_QUIT_MS],
  ];
  for (const [signal, waitMs] of steps) {
    if (!postmaster.isRunning()) return;
    sendSignal(postmaster.processId, signal);
    await waitAtMost(postmaster.exited, waitMs);
  }
  if (!postmaster.isRunning()) return;
  for (const processId of listClusterProcesses(cluster)) sendSignal(processId, "SIGKILL");
  await waitAtMost(postmaster.exited, STOP_KILL_MS);
}
