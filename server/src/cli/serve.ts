import { DbError } from "@multitap/db/errors";
import { type Config, readConfig } from "../app/config.ts";
import { StartError } from "../app/config-errors.ts";
import { VERSION } from "../app/facts.ts";
import { readMemoryLimit } from "../app/memory-limit.ts";
import type { RawEnvironment } from "../app/read-environment.ts";
import type { RunningServer } from "../app/start.ts";
import { judgeOutage } from "../base/outage.ts";
import { createCommand } from "./command.ts";

/** All of a stop must fit here: container engines kill after ten seconds. */
const STOP_MS = 8_000;
/** How much of that a start may use up that was under way when the signal came. */
const START_GRACE_MS = 3_000;

/** `serve`: runs the server. */
export const serve = createCommand({
  name: "serve",
  summary: "Runs the server until a signal ends it.",
  options: {},
  notes: [
    "SIGTERM and Ctrl-C end it in order, with exit code 0. Its log goes to standard output.",
    "With --json one line with the address is printed when it serves; the log is better set to json then, too.",
  ],
  async run({ environment, terminal, options }) {
    const announce = (server: RunningServer) => {
      const { url, port } = server;
      if (options.json) terminal.print(JSON.stringify({ url, port, pid: process.pid, version: VERSION }));
      else terminal.print(describeNextStep(url));
    };
    process.exit(await serveUntilSignal(environment, announce));
  },
});

/**
 * Runs the server until a signal or a failure ends it; why it did not start is told on standard error.
 * @returns The exit code: 0 after a signal, 78 when the operator must change something, else 1.
 */
export async function runServe(environment: RawEnvironment): Promise<number> {
  try {
    return await serveUntilSignal(environment, (server) => console.log(describeNextStep(server.url)));
  } catch (error) {
    return reportRefusal(error);
  }
}

/** @throws StartError or DbError when the server must not start. */
async function serveUntilSignal(
  environment: RawEnvironment,
  announce: (server: RunningServer) => void,
): Promise<number> {
  // First of all: as process 1 Bun would otherwise ignore the signals.
  const signalled = waitForSignal();
  const config: Config = readConfig(environment, {
    defaultBasePath: "data",
    memoryLimitBytes: await readMemoryLimit(),
  });
  // Loaded only now, so that the other commands start sooner.
  const { startServer } = await import("../app/start.ts");
  keepRunning();
  const server = await startUnlessSignalled(startServer(config), signalled);
  if (server === null) return 0;
  announce(server);
  const exitCode = await Promise.race([signalled.then(() => 0), server.failed]);
  const timer = setTimeout(() => process.exit(exitCode || 1), STOP_MS);
  await server.stop();
  clearTimeout(timer);
  return exitCode;
}

/**
 * The started server, or null when a signal came meanwhile and all is stopped again. A start that has begun is
 * let through where that takes a moment only, so that the database is stopped in order; one that waits, such as
 * for the lock of the data folder, is left: what it started ends with this process.
 */
async function startUnlessSignalled(
  starting: Promise<RunningServer>,
  signalled: Promise<NodeJS.Signals>,
): Promise<RunningServer | null> {
  const first = await Promise.race([starting, signalled]);
  if (typeof first !== "string") return first;
  const timer = setTimeout(() => process.exit(0), START_GRACE_MS);
  const server = await starting.catch((error: unknown) => {
    reportRefusal(error);
    return null;
  });
  clearTimeout(timer);
  const stopTimer = setTimeout(() => process.exit(1), STOP_MS - START_GRACE_MS);
  await server?.stop();
  clearTimeout(stopTimer);
  return null;
}

/**
 * A driver may drop a promise when its connection dies; that is the database's outage, which requests and jobs
 * meet and report for themselves. Nothing else may end the process for the same reason either: it is told.
 */
function keepRunning(): void {
  process.on("unhandledRejection", (reason) => {
    const meaning = judgeOutage(reason) === null ? "a promise was dropped" : "a connection was lost";
    console.error(`multitap: ${meaning}:`, reason);
  });
}

function waitForSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => resolve(signal));
  return promise;
}

/** One line on standard error; anything that is not a refusal is a bug and shows its stack. */
export function reportRefusal(error: unknown): number {
  if (error instanceof StartError || error instanceof DbError) {
    console.error(`multitap: ${error.message}`);
    return error.exitCode;
  }
  console.error("multitap: cannot start:", error);
  return 1;
}

function describeNextStep(url: string): string {
  const shown = url.replace("0.0.0.0", "localhost").replace("[::]", "localhost");
  return [
    "",
    `  Multitap is ready at ${shown}`,
    "  Open it in a browser, or put games into library/roms/<platform>/ of the data folder, then:",
    "    npm run multitap -- user create admin     makes the first account",
    "    npm run multitap -- scan                  adds the games",
    `  API documentation: ${shown}/api/docs`,
    "",
  ].join("\n");
}
