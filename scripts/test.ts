/**
 * Runs the tests on one migrated database template: `bun scripts/test.ts [paths] [--only db,http] [flags]`.
 * Flags are those of `bun test`. Without a path and a group it runs everything.
 */
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "../native/build.ts";
import { runProcess, stopOnSignals } from "./testing/run-process.ts";
import {
  listTestFiles,
  needsDatabase,
  parseTestRequest,
  rebasePath,
  selectTestFiles,
  type TestRequest,
  TestRequestError,
} from "./testing/select.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
/** One test; databases are created and sockets opened in it, on machines that do other work as well. */
const TEST_TIMEOUT_MS = 30_000;
/** The whole run, far above what it takes: it ends a run that hangs. */
const RUN_TIMEOUT_MS = 30 * 60_000;

/** Files that are tested at once: most wait for a disk or a process, and more would only wait for each other. */
const LANES = 2;

interface Template {
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts a database only when one of the files can need it, since memory-only tests take milliseconds. */
async function prepareTemplate(files: readonly string[]): Promise<Template> {
  if (!files.some(needsDatabase)) return { env: {}, stop: () => Promise.resolve() };
  const { prepareTestTemplate } = await import("@multitap/db/testing");
  return prepareTestTemplate();
}

function commandFor(files: readonly string[], flags: readonly string[]): string[] {
  const isGiven = (name: string) => flags.some((flag) => flag.startsWith(name));
  return [
    process.execPath,
    "test",
    // Whatever a test starts and forgets ends with the run, also when this process is killed.
    "--no-orphans",
    ...(isGiven("--timeout") ? [] : [`--timeout=${TEST_TIMEOUT_MS}`]),
    // Each lane loads what its files share once.
    ...(files.length < 2 || isGiven("--parallel") ? [] : [`--parallel=${LANES}`, "--no-isolate"]),
    // Processes are killed at random moments on a machine that others share: once more, then it counts.
    ...(process.env.CI === "true" ? ["--retry=1"] : []),
    ...flags,
    ...files.map((file) => `./${file}`),
  ];
}

async function runTests(request: TestRequest): Promise<number> {
  const paths = request.paths.map((path) => rebasePath(path, root));
  const files = selectTestFiles(await listTestFiles(root), { ...request, paths });
  if (files.length === 0) {
    console.error("no test file matches");
    return 1;
  }
  // Here, because the first build takes longer than a test's own preparation may.
  await ensureBuilt();
  const { signal, exitCode: signalCode } = stopOnSignals();
  const template = await prepareTemplate(files);
  try {
    const { exitCode } = await runProcess(commandFor(files, request.flags), {
      cwd: root,
      env: template.env,
      timeoutMs: RUN_TIMEOUT_MS,
      signal,
      output: "show",
    });
    return signalCode() || exitCode;
  } finally {
    await template.stop();
  }
}

async function main(): Promise<number> {
  try {
    return await runTests(parseTestRequest(process.argv.slice(2)));
  } catch (error) {
    if (!(error instanceof TestRequestError)) throw error;
    console.error(error.message);
    return 2;
  }
}

if (import.meta.main) process.exit(await main());
