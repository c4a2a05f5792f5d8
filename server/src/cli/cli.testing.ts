/** Runs the command line as operators do: a process of its own, with nothing of ours but its environment. */
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openDatabase } from "@multitap/db";
import { runProcess } from "../../../scripts/testing/run-process.ts";

const REPOSITORY = join(import.meta.dir, "../../..");
const ENTRY = join(import.meta.dir, "main.ts");
/** A first start of the database takes two seconds; the rest is for a machine that does other work as well. */
const RUN_MAX_MS = 25_000;

const MEMORY_FOLDER = "/dev/shm";
const MEMORY_BYTES_MIN = 2 * 1024 ** 3;

/** How a command ended and what it said. */
export interface CliEnd {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

const children = new Set<Bun.Subprocess>();
const bases = new Set<string>();

/** Ends what tests left behind; for `afterAll`. */
export async function endCli(): Promise<void> {
  for (const child of children) {
    if (child.exitCode === null) child.kill("SIGTERM");
    await child.exited;
  }
  for (const base of bases) await rm(base, { recursive: true, force: true });
  bases.clear();
}

/** A file system in memory on Linux, where a new database costs no waiting for the disk; if it has the room. */
async function findTempFolder(): Promise<string> {
  const free = await statfs(MEMORY_FOLDER).catch(() => null);
  return free !== null && free.bavail * free.bsize > MEMORY_BYTES_MIN ? MEMORY_FOLDER : tmpdir();
}

/** Makes a base folder with a small library of 24 games on 3 platforms. */
export async function makeBase(): Promise<string> {
  const basePath = await mkdtemp(join(await findTempFolder(), "multitap-cli-"));
  bases.add(basePath);
  const words = ["--out", join(basePath, "library"), "--files", "24", "--platforms", "3"];
  const command = [process.execPath, "scripts/make-library.ts", ...words];
  const made = await runProcess(command, { cwd: REPOSITORY, timeoutMs: RUN_MAX_MS, output: "keep" });
  if (made.exitCode !== 0) throw new RangeError(`no library was made: ${made.output}`);
  return basePath;
}

export interface CliOptions {
  readonly basePath: string;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** What stands on standard input. */
  readonly input?: string | undefined;
}

function createEnvironment({ basePath, environment = {} }: CliOptions): Record<string, string> {
  const { PATH = "", TMPDIR = "" } = process.env;
  const place = TMPDIR === "" ? {} : { TMPDIR };
  const ports = { ROMM_HOST: "127.0.0.1", ROMM_PORT: "0", MULTITAP_RELAY_PORT: "0" };
  return { PATH, ...place, ROMM_BASE_PATH: basePath, ...ports, ...environment };
}

/** Runs one command to its end. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliEnd> {
  const child = Bun.spawn([process.execPath, ENTRY, ...args], {
    cwd: REPOSITORY,
    env: createEnvironment(options),
    stdin: Buffer.from(options.input ?? ""),
    stdout: "pipe",
    stderr: "pipe",
  });
  children.add(child);
  const timer = setTimeout(() => child.kill("SIGKILL"), RUN_MAX_MS);
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  await child.exited;
  clearTimeout(timer);
  return { exitCode: child.exitCode, out, err };
}

/** A server that serves. */
export interface CliServer {
  readonly url: string;
  readonly pid: number;
  end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null>;
}

/** Starts `serve` and waits until it has left its control file. */
export async function startCliServer(basePath: string): Promise<CliServer> {
  const child = Bun.spawn([process.execPath, ENTRY, "serve"], {
    cwd: REPOSITORY,
    env: createEnvironment({ basePath }),
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  });
  children.add(child);
  const isOurs = () => readControlText(basePath).includes(`"pid":${child.pid},`);
  await waitFor(() => child.exitCode !== null || isOurs());
  const { url } = JSON.parse(readControlText(basePath)) as { url: string };
  return {
    url,
    pid: child.pid,
    async end(signal) {
      child.kill(signal);
      await child.exited;
      return child.exitCode;
    },
  };
}

/** The text of a base folder's control file; "" when there is none. */
export function readControlText(basePath: string): string {
  const path = join(basePath, "secrets", "control.json");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** A command at a terminal of 100 columns. */
export interface CliTerminal {
  /** Everything shown so far. */
  text(): string;
  type(keys: string): void;
  readonly exited: Promise<number>;
}

/** Starts a command at a pseudo-terminal. */
export function openTerminal(args: readonly string[], options: CliOptions): CliTerminal {
  let shown = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn([process.execPath, ENTRY, ...args], {
    cwd: REPOSITORY,
    env: createEnvironment(options),
    terminal: {
      cols: 100,
      rows: 24,
      data: (_, bytes) => {
        shown += decoder.decode(bytes, { stream: true });
      },
    },
  });
  children.add(child);
  return {
    text: () => shown,
    type: (keys) => void child.terminal?.write(keys),
    exited: child.exited,
  };
}

/** Waits until something is true. */
export async function waitFor(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + RUN_MAX_MS;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new RangeError(`it did not come true within ${RUN_MAX_MS} ms`);
    await Bun.sleep(20);
  }
}

/**
 * Opens the embedded database of a running server behind its back, runs `work` on a session, and closes it:
 * through a lock that the session holds, a test decides how long a scan takes.
 */
export async function withServersDatabase<T>(
  basePath: string,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const note = readFileSync(join(basePath, "postgres", "multitap.lock"), "utf8");
  const { socketFolder } = JSON.parse(note) as { socketFolder: string };
  const target = { socketFolder, user: "multitap", database: "multitap", port: 5432 };
  const handle = openDatabase(target, { maxConnections: 2, applicationName: "multitap-test" });
  try {
    return await work(handle.db);
  } finally {
    await handle.close();
  }
}
