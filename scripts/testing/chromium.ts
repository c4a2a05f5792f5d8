import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "puppeteer-core";
import { requireProgram } from "./require-program.ts";

/** From the start to an open connection; a cold start on a busy machine takes some seconds. */
const START_TIMEOUT_MS = 20_000;
/** What the browser may take to end by itself before it is killed, and again to be gone after that. */
const STOP_TIMEOUT_MS = 5_000;
const POLL_MS = 25;
/** Of what the browser printed, only the end is quoted when it does not start. */
const REASON_CHARACTERS_MAX = 2_000;
/** Longest call to a page, such as a script that runs for as long as a test may. */
const PROTOCOL_TIMEOUT_MS = 180_000;

/** Quiet, without a network of its own, and the same at each start. */
const ARGUMENTS = [
  "--headless=new",
  "--remote-debugging-port=0",
  "--disable-dev-shm-usage",
  "--disable-gpu",
  "--disable-breakpad",
  "--disable-crash-reporter",
  "--disable-background-networking",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-extensions",
  "--disable-sync",
  "--metrics-recording-only",
  "--mute-audio",
  "--no-default-browser-check",
  "--no-first-run",
  "--no-proxy-server",
  "--password-store=basic",
  "--use-mock-keychain",
] as const;

/** What a page said or did: text of its console, an uncaught error, or that it crashed. */
export interface PageMessage {
  readonly kind: "console" | "error" | "crash";
  /** For `console` the level with it, such as `warn: …`. */
  readonly text: string;
}

export interface ChromiumOptions {
  /** Ends the start, and later the browser. */
  readonly signal?: AbortSignal | undefined;
  /** More arguments for the program. */
  readonly args?: readonly string[] | undefined;
  /** Gets what pages of `openPage` say, as it comes. */
  readonly onPageMessage?: ((message: PageMessage) => void) | undefined;
}

/** A running browser with a profile of its own. */
export interface Chromium extends AsyncDisposable {
  /** For contexts, downloads and whatever else a test wants. */
  readonly browser: Browser;
  /** Opens an empty page whose console and errors go to `onPageMessage`. */
  openPage(): Promise<Page>;
  /** Ends every process of the browser and removes its profile; harmless when repeated. */
  close(): Promise<void>;
}

/** The browser did not start; the message holds what it printed last. */
export class ChromiumError extends Error {
  override readonly name = "ChromiumError";
}

/**
 * The path of the browser (`MULTITAP_CHROMIUM`, else `chromium` on the path) or null, with the reason printed, when
 * tests that need it are to be skipped: `test.skipIf(requireChromium() === null)(…)`.
 * @throws AssertionError when it is missing and `MULTITAP_CI=1`.
 */
export function requireChromium(): string | null {
  return requireProgram(process.env.MULTITAP_CHROMIUM || "chromium");
}

interface Started {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  readonly profile: string;
}

/** Starts the program as the head of a process group of its own, which all its processes stay in. */
function start(program: string, profile: string, args: readonly string[]): Started {
  const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const log = openSync(join(profile, "log"), "a");
  const child = spawn(
    program,
    [...ARGUMENTS, ...asRoot, `--user-data-dir=${profile}`, ...args, "about:blank"],
    {
      detached: true,
      stdio: ["ignore", log, log],
      // Whatever it keeps outside its profile goes with the profile as well.
      env: { ...process.env, HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile },
    },
  );
  closeSync(log);
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  return { child, exited, profile };
}

/** The address that the browser wrote into its profile; null while it has not. */
async function findEndpoint(profile: string): Promise<string | null> {
  try {
    const [port, path] = (await readFile(join(profile, "DevToolsActivePort"), "utf8")).split("\n");
    return path === undefined || path === "" ? null : `ws://127.0.0.1:${port}${path}`;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

async function readReason(profile: string, what: string): Promise<ChromiumError> {
  const log = await readFile(join(profile, "log"), "utf8").catch((error: unknown) => String(error));
  return new ChromiumError(`${what}: ${log.trim().slice(-REASON_CHARACTERS_MAX) || "it printed nothing"}`);
}

async function waitForEndpoint(
  { child, profile }: Started,
  signal: AbortSignal | undefined,
): Promise<string> {
  const endAt = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    signal?.throwIfAborted();
    const endpoint = await findEndpoint(profile);
    if (endpoint !== null) return endpoint;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
      throw await readReason(
        profile,
        `Chromium ended with ${child.exitCode ?? child.signalCode ?? "no start"}`,
      );
    }
    if (performance.now() > endAt) {
      throw await readReason(profile, `Chromium did not answer within ${START_TIMEOUT_MS} ms`);
    }
    await sleep(POLL_MS);
  }
}

/** Text of a file below `/proc`; empty when the process ended meanwhile. */
const readProcess = (pid: string, name: string) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");

/**
 * The processes that still run, those that only wait to be reaped left out: of the group, and any that left it but
 * was given the profile.
 */
async function listRunning({ child, profile }: Started): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const running = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readProcess(pid, "stat");
      const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state === undefined || state === "" || state === "Z" || state === "X") return null;
      const isOurs = Number(group) === child.pid || (await readProcess(pid, "cmdline")).includes(profile);
      return isOurs ? Number(pid) : null;
    }),
  );
  return running.filter((pid) => pid !== null);
}

/** Kills a process, or with a negative number a group. */
function kill(id: number): void {
  try {
    process.kill(id, "SIGKILL");
  } catch (error) {
    // Gone already is what was wanted.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Asks the browser to end, kills what is left of it, and removes its profile. */
async function stop(started: Started, browser: Browser | null): Promise<void> {
  const { child, exited, profile } = started;
  const { pid } = child;
  if (pid !== undefined) {
    // The connection may be broken, which the kill below settles.
    const closed = browser?.close().catch(() => undefined);
    if (closed !== undefined)
      await Promise.race([Promise.all([closed, exited]), sleep(STOP_TIMEOUT_MS, null, { ref: false })]);
    const endAt = performance.now() + STOP_TIMEOUT_MS;
    kill(-pid);
    for (;;) {
      const running = await listRunning(started);
      for (const one of running) kill(one);
      if (running.length === 0 || performance.now() > endAt) break;
      await sleep(POLL_MS);
    }
  }
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}

function listen(page: Page, onPageMessage: (message: PageMessage) => void): void {
  page.on("console", (message) =>
    onPageMessage({ kind: "console", text: `${message.type()}: ${message.text()}` }),
  );
  page.on("pageerror", (error) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    onPageMessage({ kind: "error", text });
  });
  page.on("error", (error) => onPageMessage({ kind: "crash", text: error.message }));
}

async function connect(started: Started, signal: AbortSignal | undefined): Promise<Browser> {
  const browserWSEndpoint = await waitForEndpoint(started, signal);
  const { connect: connectTo } = await import("puppeteer-core");
  return connectTo({ browserWSEndpoint, protocolTimeout: PROTOCOL_TIMEOUT_MS });
}

/**
 * Starts a headless Chromium with a temporary profile, as root without its sandbox.
 * @throws ChromiumError with what it printed, when it does not start within 20 s; AssertionError when it is not
 *   installed (see `requireChromium`); the signal's reason.
 */
export async function openChromium(options: ChromiumOptions = {}): Promise<Chromium> {
  const { signal, onPageMessage } = options;
  signal?.throwIfAborted();
  const program = requireChromium();
  assert(program !== null, "ask requireChromium() before openChromium()");
  const profile = await mkdtemp(join(tmpdir(), "multitap-chromium-"));
  const started = start(program, profile, options.args ?? []);
  const { pid } = started.child;
  const killAtExit = () => (pid === undefined ? undefined : kill(-pid));
  process.once("exit", killAtExit);
  let browser: Browser | null = null;
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= stop(started, browser).finally(() => {
      process.off("exit", killAtExit);
      signal?.removeEventListener("abort", closeOnAbort);
    });
    return closing;
  };
  // A failure is seen by whoever awaits close(), which gives this same promise.
  const closeOnAbort = () => void close().catch(() => undefined);
  try {
    const connected = await connect(started, signal);
    browser = connected;
    signal?.throwIfAborted();
    signal?.addEventListener("abort", closeOnAbort, { once: true });
    const openPage = async () => {
      const page = await connected.newPage();
      if (onPageMessage !== undefined) listen(page, onPageMessage);
      return page;
    };
    return { browser: connected, openPage, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
