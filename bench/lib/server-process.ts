import { closeSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { BenchError } from "./bench-error.ts";
import type { Cleanup } from "./cleanup.ts";
import { findInTree, listTree } from "./processes.ts";
import { BUN, REPOSITORY } from "./workspace.ts";

const ENTRY = "server/src/main.ts";
const HOST = "127.0.0.1";
/** Between two looks whether it answers: small against what is measured, and cheap. */
const POLL_MS = 10;
const START_MAX_MS = 60_000;
/** The server promises to stop within 8 s. */
const STOP_MAX_MS = 12_000;
const LOG_TAIL_CHARS = 4_000;

/** A real server in its own process. */
export interface ServerProcess {
  readonly url: string;
  /** The process that serves; not npm, where npm started it. */
  readonly pid: number;
  /** From starting the process to the first 200 of the heartbeat. */
  readonly startedMs: number;
  /** Stops it the way an operator would and waits for its end. */
  stop(): Promise<void>;
}

export interface StartServerOptions {
  readonly basePath: string;
  /** `bun` starts the entry, `npm` runs `npm start` in the checkout. */
  readonly starter?: "bun" | "npm" | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Flags of the runtime, such as those of its profiler. */
  readonly bunFlags?: readonly string[] | undefined;
}

/** Starts a server on a free loopback port and waits until it serves. */
export async function startServer(cleanup: Cleanup, options: StartServerOptions): Promise<ServerProcess> {
  const { basePath, starter = "bun", environment = {}, bunFlags = [] } = options;
  const port = await findFreePort();
  const logPath = join(basePath, "server.log");
  const command = starter === "npm" ? ["npm", "start"] : [BUN, ...bunFlags, ENTRY];
  // One handle for both, appended to: two would write over each other.
  const log = openSync(logPath, "a");
  const startedAtMs = performance.now();
  const child = Bun.spawn(command, {
    cwd: REPOSITORY,
    // Nothing of the caller's own configuration may reach it.
    env: {
      ...readShellEnvironment(),
      ROMM_BASE_PATH: basePath,
      ROMM_HOST: HOST,
      ROMM_PORT: String(port),
      // Any free one: others may run on this machine.
      MULTITAP_RELAY_PORT: "0",
      ...environment,
    },
    stdin: "ignore",
    stdout: log,
    stderr: log,
  });
  closeSync(log);
  const stop = cleanup.add(() => stopChild(child));
  const url = `http://${HOST}:${port}`;
  await waitUntilServing(url, child, logPath);
  const startedMs = performance.now() - startedAtMs;
  const pid = starter === "npm" ? findInTree(child.pid, ENTRY) : child.pid;
  if (pid === null) throw new BenchError(`npm start runs no ${ENTRY}`);
  return { url, pid, startedMs, stop };
}

function readShellEnvironment(): Record<string, string> {
  const names = ["PATH", "HOME", "TMPDIR", "LANG", "XDG_RUNTIME_DIR"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** A port that was free a moment ago. */
async function findFreePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const probe = createServer().once("error", reject);
  probe.listen(0, HOST, () => {
    const address = probe.address();
    probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
  });
  return await promise;
}

async function waitUntilServing(url: string, child: Bun.Subprocess, logPath: string): Promise<void> {
  const deadlineMs = performance.now() + START_MAX_MS;
  while (performance.now() < deadlineMs) {
    if (child.exitCode !== null) break;
    if (await isServing(url)) return;
    await Bun.sleep(POLL_MS);
  }
  const log = (await Bun.file(logPath).text()).slice(-LOG_TAIL_CHARS);
  throw new BenchError(`the server did not come up (exit code ${child.exitCode}):\n${log}`);
}

async function isServing(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/api/heartbeat`, { keepalive: false });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false; // Nothing listens yet.
  }
}

async function stopChild(child: Bun.Subprocess): Promise<void> {
  const tree = listTree(child.pid);
  const serving = findInTree(child.pid, ENTRY) ?? child.pid;
  if (child.exitCode === null) sendSignal(serving, "SIGTERM");
  const hasEnded = await Promise.race([
    child.exited.then(() => true),
    Bun.sleep(STOP_MAX_MS).then(() => false),
  ]);
  if (hasEnded) return;
  // Children first: once their parent is gone they are nobody's.
  for (const pid of [...tree].reverse()) sendSignal(pid, "SIGKILL");
  throw new BenchError(`the server did not stop within ${STOP_MAX_MS} ms and was killed`);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
