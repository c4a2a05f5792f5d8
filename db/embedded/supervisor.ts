/** Keeps the server running: starts it again with growing delays, and gives up when that does not help. */
import { describeCause } from "../errors.ts";
import { clearLeftovers } from "./leftovers.ts";
import { RESTART_WINDOW_MS, RESTARTS_MAX } from "./limits.ts";
import {
  type Postmaster,
  type PostmasterOptions,
  spawnPostmaster,
  stopPostmaster,
  waitUntilReady,
} from "./postmaster.ts";
import { clearSocketFolder } from "./socket-folder.ts";
import { waitAtMost } from "./wait.ts";

export type EmbeddedStatus = "up" | "down" | "failed";

export interface SupervisorOptions extends Omit<PostmasterOptions, "ignoredProcessId"> {
  socketFolder: string;
  /** Pauses before the first, second … start after a death; the last one repeats. */
  restartDelaysMs: readonly number[];
  onStatus: (status: EmbeddedStatus) => void;
}

export interface Supervisor {
  /** The server's process id; null while it is down. */
  processId(): number | null;
  /** Ends watching and the server. Safe to call again. */
  stop(graceMs: number | undefined): Promise<void>;
}

/**
 * Starts the server and watches it from then on.
 * @throws DbError when the first start fails; later failures are told through `onStatus`.
 */
export async function superviseServer(options: SupervisorOptions): Promise<Supervisor> {
  const stopping = Promise.withResolvers<void>();
  let isStopping = false;
  let current: Postmaster | null = null;

  /** Becomes true once the server is up; false when the stop came in between. */
  async function startOnce(): Promise<boolean> {
    const ignoredProcessId = await clearLeftovers(options.cluster, options.log);
    if (isStopping) return false;
    clearSocketFolder(options.socketFolder);
    const run = { ...options, ignoredProcessId };
    current = await spawnPostmaster(run);
    await waitUntilReady(current, run);
    return true;
  }

  async function watch(): Promise<void> {
    const restartTimes: number[] = [];
    while (current !== null && !isStopping) {
      const ending = await Promise.race([current.exited, stopping.promise]);
      if (isStopping) return;
      current = null;
      options.log({ level: "error", message: `PostgreSQL ended unexpectedly: ${ending}` });
      options.onStatus("down");
      if (!(await restart(restartTimes))) return;
    }
  }

  /** Becomes false when watching is over: stopped, or given up. */
  async function restart(restartTimes: number[]): Promise<boolean> {
    for (;;) {
      while ((restartTimes[0] ?? Number.POSITIVE_INFINITY) < performance.now() - RESTART_WINDOW_MS) {
        restartTimes.shift();
      }
      if (restartTimes.length >= RESTARTS_MAX) {
        const minutes = RESTART_WINDOW_MS / 60_000;
        const message = `PostgreSQL was started ${RESTARTS_MAX} times in ${minutes} minutes; giving up`;
        options.log({ level: "error", message });
        options.onStatus("failed");
        return false;
      }
      const delayMs = options.restartDelaysMs[restartTimes.length] ?? options.restartDelaysMs.at(-1) ?? 0;
      await waitAtMost(stopping.promise, delayMs);
      if (isStopping) return false;
      restartTimes.push(performance.now());
      try {
        if (!(await startOnce())) return false;
        options.onStatus("up");
        return true;
      } catch (error) {
        current = null;
        if (isStopping) return false;
        const text = error instanceof Error ? error.message : describeCause(error);
        options.log({ level: "error", message: text });
      }
    }
  }

  await startOnce();
  const watching = watch();
  return {
    processId: () => (current?.isRunning() ? current.processId : null),
    stop: async (graceMs) => {
      isStopping = true;
      stopping.resolve();
      if (current !== null) await stopPostmaster(current, options.cluster, graceMs);
      await watching;
    },
  };
}
