import {
  type Client,
  isMultitapError,
  type Scan,
  type ScanProblem,
  type ScanStep,
  type StartScan,
} from "@multitap/client";
import { SCAN_TYPES } from "../scan/contract.ts";
import { type CommandCall, type CommandResult, createCommand } from "./command.ts";
import { CliError, toFailure } from "./errors.ts";
import { PROBLEMS_LISTED_MAX } from "./limits.ts";
import { type OpenedServer, openServer } from "./open-server.ts";
import { createProgressView, formatNumber, formatSummary } from "./scan-progress.ts";

const options = {
  platform: {
    kind: "list",
    placeholder: "SLUG",
    help: "Only this platform: the name of its folder, or its slug.",
  },
  type: {
    kind: "text",
    placeholder: "TYPE",
    accepts: SCAN_TYPES,
    help: "How much is looked at again; quick, new files only, unless said.",
  },
  "accept-missing": {
    kind: "flag",
    fallback: false,
    help: "Confirm that files which are gone are meant to be gone.",
  },
  wait: {
    kind: "flag",
    fallback: true,
    help: "Leave at once; the running server goes on with the scan.",
  },
} as const;

type ScanCall = CommandCall<typeof options>;

/** `scan`: brings the library in line with the files on disk. */
export const scan = createCommand({
  name: "scan",
  summary: "Looks through the library's folders and adds, marks and hashes what changed.",
  options,
  notes: [
    "Joins the server that runs on this machine. Without one it starts what it needs and stops it afterwards.",
    "Ctrl-C cancels the scan; once more leaves without waiting. What was found so far stays.",
    "Exit code 1 when the scan failed, 130 when Ctrl-C ended it.",
  ],
  async run(call) {
    const server = await openServer(call, { withWorker: true, beforeStart: () => requireWaiting(call) });
    const startedAtMs = performance.now();
    try {
      const request = await toRequest(server.client, call);
      const started = await startInLine(server, request, call);
      if (!call.options.wait) {
        const lines = [`Scan ${started.id} was started.`];
        return { json: { scan: started, isJoined: server.isJoined }, lines };
      }
      const last = await follow(server, started.id, call);
      return await sumUp(server, { call, request, last, durationMs: performance.now() - startedAtMs });
    } finally {
      await server.close();
    }
  },
});

function requireWaiting({ options: { wait } }: ScanCall): void {
  if (wait) return;
  const message = "no server runs that could go on with the scan; start one, or leave --wait=false out";
  throw new CliError("CLI_SERVER_NEEDED", message);
}

/** A slug that is no folder's name stands for the folder of that platform, if the library knows it. */
async function toRequest(client: Client, { options: given }: ScanCall): Promise<StartScan> {
  const known = given.platform.length === 0 ? [] : await client.platforms.list();
  const platformFsSlugs = given.platform.map((name) => {
    if (known.some(({ fsSlug }) => fsSlug === name)) return name;
    return known.find(({ slug }) => slug === name)?.fsSlug ?? name;
  });
  const type = SCAN_TYPES.find((each) => each === given.type) ?? "quick";
  return { type, platformFsSlugs: [...new Set(platformFsSlugs)], acceptMissing: given["accept-missing"] };
}

/** Starts the scan; behind one that is under way, perhaps left by a process that was killed, it waits its turn. */
async function startInLine(server: OpenedServer, request: StartScan, call: ScanCall): Promise<Scan> {
  try {
    const scan = await server.client.scan.start({ ...request, whenBusy: "wait" }, { signal: server.signal });
    if (!call.options.json && call.options.wait) await noteTurn(server, scan, call);
    return scan;
  } catch (error) {
    throw leaveReason(server, error);
  }
}

/** Says what the scan waits for, if it does. */
async function noteTurn(server: OpenedServer, scan: Scan, call: ScanCall): Promise<void> {
  const scans = await server.client.scan.list({}, { signal: server.signal });
  const before = scans.find((each) => each.id < scan.id && each.finishedAt === null);
  if (before !== undefined) call.terminal.note(`Scan ${before.id} is under way; waiting for it.`);
}

/** Follows our own scan: the first Ctrl-C cancels it. */
async function follow(server: OpenedServer, scanId: number, call: ScanCall): Promise<ScanStep> {
  const interruption = call.getInterruption();
  let cancelled: Promise<unknown> | null = null;
  const forget = interruption.onFirst(() => {
    call.terminal.note("Cancelling the scan; press Ctrl-C again to leave at once.");
    cancelled = server.client.scan.cancel(scanId).catch((error: unknown) => {
      call.terminal.note(`The scan could not be cancelled: ${toFailure(error).message}`);
    });
  });
  try {
    const last = await watch(server, scanId, call);
    if (last.status === "cancelled" && cancelled !== null) {
      throw new CliError("CLI_INTERRUPTED", `scan ${scanId} was cancelled; what it found stays`);
    }
    return last;
  } finally {
    forget();
    // Leaving at once must not take the cancelling back.
    await cancelled;
  }
}

/** Shows a scan until it ends. */
async function watch(server: OpenedServer, scanId: number, call: ScanCall): Promise<ScanStep> {
  const view = call.options.json ? null : createProgressView(call.terminal, () => performance.now());
  try {
    let last: ScanStep | null = null;
    for await (const step of server.client.scan.watch(scanId, { signal: server.signal })) {
      view?.show(step);
      last = step;
      if (step.status === "paused") {
        const message = `scan ${scanId} is paused and goes on when it can: ${step.errorMessage ?? "no room"}`;
        throw new CliError("CLI_SCAN_PAUSED", message);
      }
    }
    if (last !== null) return last;
    throw new CliError("CLI_ANSWER_UNREADABLE", `the server said nothing about scan ${scanId}`);
  } catch (error) {
    throw leaveReason(server, error);
  } finally {
    view?.end();
  }
}

/** A call that we ended ourselves failed for the reason we ended it. */
function leaveReason({ signal }: OpenedServer, error: unknown): unknown {
  return signal.aborted && isMultitapError(error, "aborted") ? signal.reason : error;
}

interface Outcome {
  readonly call: ScanCall;
  readonly request: StartScan;
  readonly last: ScanStep;
  readonly durationMs: number;
}

async function sumUp(
  server: OpenedServer,
  { call, request, last, durationMs }: Outcome,
): Promise<CommandResult> {
  const { client, isJoined } = server;
  const scan = await client.scan.get(last.scanId);
  const problems = last.problems === 0 ? [] : await client.scan.problems(last.scanId);
  if (!call.options.json)
    for (const line of describeProblems(last.problems, problems)) call.terminal.note(line);
  const end = findFailure(last) ?? (await findUnknownPlatform(client, request));
  const json = {
    scan,
    isJoined,
    durationMs: Math.round(durationMs),
    problems: problems.slice(0, PROBLEMS_LISTED_MAX),
  };
  const lines = last.status === "done" ? [formatSummary(last, durationMs)] : [];
  return { json, lines, failure: end === null ? null : toFailure(end) };
}

/** Says what a scan could not read: how much, and the first of it. */
export function describeProblems(count: number, problems: readonly ScanProblem[]): readonly string[] {
  const [first] = problems;
  if (count === 0 || first === undefined) return [];
  const entries = count === 1 ? "1 entry needs" : `${formatNumber(count)} entries need`;
  return [`${entries} attention, first: ${first.path}: ${first.message}`];
}

function findFailure({ scanId, status, errorMessage }: ScanStep): CliError | null {
  if (status === "failed") {
    return new CliError(
      "CLI_SCAN_FAILED",
      `scan ${scanId} failed: ${errorMessage ?? "for an unknown reason"}`,
    );
  }
  return status === "cancelled" ? new CliError("CLI_SCAN_CANCELLED", `scan ${scanId} was cancelled`) : null;
}

/** A platform that was named and has no folder is a typing mistake that nobody would notice otherwise. */
async function findUnknownPlatform(
  client: Client,
  { platformFsSlugs = [] }: StartScan,
): Promise<CliError | null> {
  if (platformFsSlugs.length === 0) return null;
  const known = new Set((await client.platforms.list()).map(({ fsSlug }) => fsSlug));
  const unknown = platformFsSlugs.filter((fsSlug) => !known.has(fsSlug));
  if (unknown.length === 0) return null;
  const names = unknown.map((name) => JSON.stringify(name)).join(", ");
  return new CliError("CLI_PLATFORM_UNKNOWN", `the library has no platform folder ${names}`);
}
