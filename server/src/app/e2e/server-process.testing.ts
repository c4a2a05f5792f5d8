/** Runs the server as operators do: a process of its own, with nothing of ours but its environment. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

const REPOSITORY = join(import.meta.dir, "../../../..");
const ENTRY = "server/src/main.ts";
const IMPATIENT_ENTRY = "server/src/app/e2e/impatient-server.testing.ts";

/** A cold start takes two seconds; the rest is for a machine that does other work as well. */
const START_MAX_MS = 60_000;
/** What the server promises for a stop. */
export const STOP_PROMISE_MS = 8_000;
/** How long we look at a stop that broke the promise before we end it ourselves. */
const STOP_MAX_MS = 30_000;
const POLL_MS = 10;

/** The surroundings of a test are not as it needs them; the server may or may not be why. */
export class SceneError extends Error {}

export interface ServerOptions {
  readonly basePath: string;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Words before the runtime, such as those of `setpriv` or `unshare`. */
  readonly prefix?: readonly string[] | undefined;
  /** A module that is loaded before the server, such as one that breaks it on purpose. */
  readonly preload?: string | undefined;
  /** Starts a server that waits for a moment only where another one uses its folder. */
  readonly isImpatient?: boolean | undefined;
}

/** How a process ended. */
export interface Ending {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Since the process was started. */
  readonly afterMs: number;
}

/** A server that was started and may be at any point of its life. */
export interface StartingServer {
  readonly pid: number;
  readonly basePath: string;
  readonly ended: Promise<Ending>;
  isRunning(): boolean;
  /** What it printed so far. */
  output(): string;
  /** What it printed on standard error so far. */
  errors(): string;
  /** Sends a signal to the server alone, as `docker stop` does. */
  signal(name: NodeJS.Signals): void;
  /** Signals it and waits for its end; gives how it ended and how long that took. */
  stop(name?: NodeJS.Signals): Promise<Ending & { readonly tookMs: number }>;
}

/** A server that answers. */
export interface RunningServer extends StartingServer {
  readonly url: string;
  /** From starting the process to the first 200 of the heartbeat. */
  readonly startedMs: number;
}

/** Servers that may still run; a test that fails leaves them to `endServers`. */
const started = new Set<StartingServer>();
process.on("exit", () => {
  for (const server of started) killGroup(server);
});

/** Starts the server's process and does not wait for it. It gets a free loopback port unless told otherwise. */
export function spawnServer(options: ServerOptions): StartingServer {
  const { basePath, environment = {}, prefix = [], isImpatient = false, preload } = options;
  const flags = preload === undefined ? [] : ["--preload", preload];
  const entry = isImpatient ? IMPATIENT_ENTRY : ENTRY;
  const [program = "", ...words] = [...prefix, process.execPath, ...flags, entry];
  const startedAtMs = performance.now();
  const child = spawn(program, words, {
    cwd: REPOSITORY,
    // A group of its own, which is what gets killed; and nothing of the environment of the tests.
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...readShellEnvironment(), ...DEFAULTS, ROMM_BASE_PATH: basePath, ...environment },
  });
  const texts = { output: "", errors: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    texts.output += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    texts.errors += text;
  });
  const ended = waitForEnd(child, startedAtMs);
  const server: StartingServer = {
    pid: child.pid ?? 0,
    basePath,
    ended,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    output: () => texts.output,
    errors: () => texts.errors,
    signal: (name) => void child.kill(name),
    async stop(name = "SIGTERM") {
      const signalledAtMs = performance.now();
      child.kill(name);
      const ending = await within(ended, STOP_MAX_MS);
      if (ending === null) killGroup(server);
      return { ...(ending ?? (await ended)), tookMs: performance.now() - signalledAtMs };
    },
  };
  started.add(server);
  return server;
}

const DEFAULTS = { ROMM_HOST: "127.0.0.1", ROMM_PORT: "0", MULTITAP_RELAY_PORT: "0" };

function readShellEnvironment(): Record<string, string> {
  const names = ["PATH", "HOME", "TMPDIR", "LANG", "XDG_RUNTIME_DIR"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function waitForEnd(child: ChildProcess, startedAtMs: number): Promise<Ending> {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  const finish = (exitCode: number | null, signal: NodeJS.Signals | null) =>
    resolve({ exitCode, signal, afterMs: performance.now() - startedAtMs });
  child.on("error", () => finish(127, null));
  // "close" waits for the last output too, which a grandchild with the same pipes could keep open for ever.
  child.on("close", finish);
  child.on("exit", (code, signal) => setTimeout(finish, 500, code, signal));
  return promise;
}

/** Starts a server and waits until it serves; fails with what it printed when it does not. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const startedAtMs = performance.now();
  const server = spawnServer(options);
  while (performance.now() - startedAtMs < START_MAX_MS && server.isRunning()) {
    const url = findUrl(server);
    if (url !== null && (await findStatus(`${url}/api/heartbeat`)) === 200) {
      // Neither a copy of this object nor a getter of it may be lost by spreading: both are plain functions.
      return { ...server, url, startedMs: performance.now() - startedAtMs };
    }
    await Bun.sleep(POLL_MS);
  }
  throw new SceneError(`the server did not come up:\n${server.output()}\n${server.errors()}`);
}

/** The address a server has printed; null before that. */
export function findUrl(server: StartingServer): string | null {
  return /listening on (http:\S+)/.exec(server.output())?.[1] ?? null;
}

/** The status of an answer; null when nothing answers within two seconds. */
export async function findStatus(url: string, headers: Record<string, string> = {}): Promise<number | null> {
  try {
    // Without keep-alive no connection is left half open to a server that was killed.
    const response = await fetch(url, { headers, keepalive: false, signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.status;
  } catch (error) {
    if (error instanceof Error) return null;
    throw error;
  }
}

function clusterPath(basePath: string): string {
  return join(basePath, "postgres", "18");
}

/** The PostgreSQL processes that work on a base folder: a database server's current folder is its cluster. */
export function listDatabaseProcesses(basePath: string): readonly number[] {
  const cluster = statSync(clusterPath(basePath), { throwIfNoEntry: false });
  if (cluster === undefined) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const folder = findFolder(pid);
      return folder?.dev === cluster.dev && folder.ino === cluster.ino;
    })
    .map(Number);
}

function findFolder(pid: string): { readonly dev: number; readonly ino: number } | null {
  try {
    return statSync(`/proc/${pid}/cwd`);
  } catch (error) {
    // Gone meanwhile, a zombie, or somebody else's: then it is none of ours.
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

/** The id of a base folder's PostgreSQL server, as its own file says; null while there is none. */
export function findPostmaster(basePath: string): number | null {
  const path = join(clusterPath(basePath), "postmaster.pid");
  const pid = existsSync(path) ? Number.parseInt(readFileSync(path, "utf8"), 10) : Number.NaN;
  return Number.isNaN(pid) ? null : pid;
}

/** Ends a base folder's PostgreSQL server as a lack of memory would; gives its id. */
export function killPostmaster(basePath: string): number {
  const pid = findPostmaster(basePath);
  if (pid === null) throw new SceneError(`no PostgreSQL runs on ${basePath}`);
  process.kill(pid, "SIGKILL");
  return pid;
}

/** Waits for a condition; becomes whether it came true in time. */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  pollMs = POLL_MS,
): Promise<boolean> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) return false;
    await Bun.sleep(pollMs);
  }
  return true;
}

/** What a promise becomes, or null when that takes longer. */
export async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, timeoutMs, null);
  const first = await Promise.race([promise, late]);
  clearTimeout(timer);
  return first;
}

/** Ends, without asking, every server that a test left, and their databases. */
export async function endServers(): Promise<void> {
  for (const server of started) {
    killGroup(server);
    await server.ended;
    for (const pid of listDatabaseProcesses(server.basePath)) sendKill(pid);
    await waitFor(() => listDatabaseProcesses(server.basePath).length === 0, STOP_MAX_MS);
    removeSocket(server.basePath);
    started.delete(server);
  }
}

/** The folder of a killed server's socket, which the next start on its data folder would remove. */
function removeSocket(basePath: string): void {
  const path = join(basePath, "postgres", "multitap.lock");
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const [, folder] = /"socketFolder":"([^"]*\/multitap-[^"/]*)"/.exec(text) ?? [];
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

/** An id that has ended may be another process's by now. */
function killGroup({ pid, isRunning }: StartingServer): void {
  if (pid > 0 && isRunning()) sendKill(-pid);
}

function sendKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
