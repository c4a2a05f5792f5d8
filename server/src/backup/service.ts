import { dirname, isAbsolute, join, normalize } from "node:path";
import { toInstant } from "../base/clock.ts";
import type { Context, Ports } from "../base/context.ts";
import { holdDeletions } from "../base/deletion-hold.ts";
import { AppError, toAppError } from "../base/errors.ts";
import type { Facts } from "../base/facts.ts";
import { createUuid } from "../base/ids.ts";
import { operation } from "../base/operation.ts";
import { requireOperator } from "../base/operator.ts";
import { perPorts } from "../base/per-ports.ts";
import { NoInput } from "../base/schemas.ts";
import type { BackupFolders } from "./collecting/service.ts";
import {
  BackupListSchema,
  type BackupRun,
  BackupRunInput,
  BackupRunSchema,
  type BackupSummary,
  StartBackupInput,
} from "./contract.ts";
import { noteEnd } from "./last/service.ts";
import { ERROR_CHARS_MAX, HOLD_WAIT_MS, RUNS_KEPT_MAX } from "./limits.ts";
import { listBackups } from "./reading/service.ts";
import { chooseExpiredNightly, isPartialBackup, toBackupName } from "./rules.ts";
import { requireSpace } from "./space/service.ts";
import { type BackupProgress, writeBackup } from "./writing/service.ts";

/** What a run of this process is, and how it is ended. */
interface KeptRun {
  state: BackupRun;
  readonly stopping: AbortController;
  /** Settles when it has ended, however it ended. */
  ended: Promise<unknown>;
}

const runsOf = perPorts(() => new Map<string, KeptRun>());

/** Where everything of a server lies. */
export function toBackupFolders(facts: Facts): BackupFolders {
  const { basePath, assetsPath, resourcesPath, tempPath, sync } = facts;
  return {
    basePath,
    assetsPath,
    resourcesPath,
    tempPath,
    keysPath: sync.keysPath,
    knownHostsPath: sync.knownHostsPath,
  };
}

/** What a backup of a running server may choose. */
export interface BackupRequest {
  readonly reason: "manual" | "nightly";
  /** Null: under a name of its own in the server's folder of backups. */
  readonly outputPath: string | null;
  readonly withResources: boolean;
  readonly passphrase: string | null;
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined;
}

/**
 * Makes a backup while the server works. Meanwhile nothing of users is removed for good; one runs at a time, whatever
 * the number of processes.
 * @throws AppError `BACKUP_BUSY`, `BACKUP_EXISTS`, `BACKUP_HOLD_LOST`, `STORAGE_FULL`; DbError.
 */
export async function makeBackup(ctx: Context, request: BackupRequest): Promise<BackupSummary> {
  const hold = await holdDeletions(ctx.ports.kv, { waitMs: HOLD_WAIT_MS });
  if (hold === null) {
    throw new AppError("unavailable", "BACKUP_BUSY", {
      message: "Another backup, or the cleanup of the trash, is running. Try again when it has ended",
      retryAfterMs: HOLD_WAIT_MS,
    });
  }
  const startedAt = ctx.ports.clock.now();
  const signal = AbortSignal.any([ctx.signal, hold.signal]);
  try {
    const summary = await writeHeld({ ...ctx, signal }, request, startedAt);
    await noteEnd(ctx, { startedAt, outcome: summary });
    return summary;
  } catch (error) {
    const failure = hold.signal.aborted ? holdLost(error) : error;
    if (!ctx.signal.aborted) await noteEnd(ctx, { startedAt, outcome: toAppError(failure) });
    throw failure;
  } finally {
    await hold.release();
  }
}

function holdLost(cause: unknown): AppError<"unavailable"> {
  return new AppError("unavailable", "BACKUP_HOLD_LOST", {
    message: "The backup was given up: it could not keep others from removing files. Try again",
    cause,
  });
}

async function writeHeld(ctx: Context, request: BackupRequest, at: Date): Promise<BackupSummary> {
  const { files, database, log } = ctx.ports;
  const folder = ctx.facts.backups.folderPath;
  const scene = { files, database, log, signal: ctx.signal, appVersion: ctx.facts.version };
  await files.createFolder(folder);
  const names = await removePartials(ctx, folder);
  const name = toBackupName(request.reason, at, new Set(names));
  const wanted = request.outputPath ?? folder;
  // A folder that is there is where the backup goes, not what it is.
  const outputPath = (await files.find(wanted))?.kind === "folder" ? join(wanted, name) : wanted;
  const known = await listBackups(scene, folder);
  return await writeBackup(
    { ...scene, folders: toBackupFolders(ctx.facts) },
    {
      outputPath,
      reason: request.reason,
      at,
      withResources: request.withResources,
      passphrase: request.passphrase,
      previousPath: dirname(outputPath) === folder ? (known[0]?.path ?? null) : null,
      isLinking: false,
      onProgress: request.onProgress ?? (() => undefined),
      assertSpace: (neededBytes) => requireSpace(ctx, { folder: dirname(outputPath), neededBytes }),
    },
  );
}

/** What a killed server left: only the one who holds the deletions writes here. @returns The names in the folder. */
async function removePartials({ ports }: Context, folder: string): Promise<readonly string[]> {
  const entries = await ports.files.list(folder);
  const names = entries.flatMap(({ name }) => (name === null ? [] : [name]));
  for (const name of names.filter(isPartialBackup)) {
    await ports.files.remove(join(folder, name), { recursive: true });
  }
  return names;
}

/** The nightly backup: makes one, then removes those beyond the number that is kept. */
export async function runNightlyBackup(ctx: Context): Promise<BackupSummary> {
  const { folderPath, keptMax, withResources, passphrase } = ctx.facts.backups;
  const made = await makeBackup(ctx, { reason: "nightly", outputPath: null, withResources, passphrase });
  const entries = await ctx.ports.files.list(folderPath);
  const names = entries.flatMap(({ name }) => (name === null ? [] : [name]));
  for (const name of chooseExpiredNightly(names, keptMax)) {
    await ctx.ports.files.remove(join(folderPath, name), { recursive: true });
  }
  return made;
}

/**
 * Starts a backup and answers at once; ask for the run to see how far it is.
 * @throws AppError `BACKUP_RUNNING`, `BACKUP_OUTPUT_INVALID`, `AUTH_OPERATOR_ONLY`.
 */
export const startBackup = operation(
  {
    type: "mutation",
    scope: "tasks.run",
    input: StartBackupInput,
    output: BackupRunSchema,
    storesNoAnswer: true,
    isFleeting: true,
  },
  async (ctx, input): Promise<BackupRun> => {
    if (input.outputPath !== null || input.passphrase !== null) requireOperator(ctx);
    const outputPath = checkOutput(input.outputPath);
    const runs = runsOf(ctx.ports);
    if ([...runs.values()].some(({ state }) => state.status === "running")) {
      throw new AppError("conflict", "BACKUP_RUNNING", { message: "A backup is running already" });
    }
    const kept = createRun(ctx, runs);
    const request = { ...input, outputPath, reason: "manual" as const };
    // Not the caller's signal: the backup goes on when they have gone.
    kept.ended = execute({ ...ctx, signal: kept.stopping.signal }, kept, request);
    return kept.state;
  },
);

function checkOutput(outputPath: string | null): string | null {
  if (outputPath === null || isAbsolute(outputPath)) {
    return outputPath === null ? null : normalize(outputPath).replace(/(?<=.)\/+$/, "");
  }
  throw new AppError("invalid", "BACKUP_OUTPUT_INVALID", {
    message: `${outputPath} is no absolute path`,
  });
}

function createRun(ctx: Context, runs: Map<string, KeptRun>): KeptRun {
  for (const id of [...runs.keys()].slice(0, Math.max(0, runs.size - RUNS_KEPT_MAX + 1))) runs.delete(id);
  const state: BackupRun = {
    id: createUuid(),
    status: "running",
    phase: "waiting",
    doneBytes: 0,
    totalBytes: null,
    startedAt: toInstant(ctx.ports.clock.now()),
    endedAt: null,
    backup: null,
    error: null,
  };
  const kept: KeptRun = { state, stopping: new AbortController(), ended: Promise.resolve() };
  runs.set(state.id, kept);
  return kept;
}

async function execute(ctx: Context, kept: KeptRun, request: BackupRequest): Promise<void> {
  const end = (change: Partial<BackupRun>) => {
    kept.state = { ...kept.state, ...change, endedAt: toInstant(ctx.ports.clock.now()) };
  };
  const onProgress = (progress: BackupProgress) => {
    kept.state = { ...kept.state, ...progress };
  };
  try {
    const backup = await makeBackup(ctx, { ...request, onProgress });
    end({ status: "done", backup });
  } catch (error) {
    if (ctx.signal.aborted) return end({ status: "cancelled" });
    const { code, message, kind } = toAppError(error);
    ctx.ports.log[kind === "internal" ? "error" : "warn"]("a backup failed", { error });
    end({ status: "failed", error: describeFailure(error, code, message) });
  }
}

/** A refusal of the database floor has a code and words of its own, which are for operators. */
function describeFailure(error: unknown, code: string, message: string): NonNullable<BackupRun["error"]> {
  const isRefusal = error instanceof Error && error.name === "DbError" && "code" in error;
  const told = isRefusal ? { code: String(error.code), message: error.message } : { code, message };
  return { code: told.code, message: told.message.slice(0, ERROR_CHARS_MAX) };
}

function requireRun({ ports }: Context, id: string): KeptRun {
  const kept = runsOf(ports).get(id);
  if (kept !== undefined) return kept;
  throw new AppError("not_found", "BACKUP_RUN_NOT_FOUND", { message: "There is no such run of a backup" });
}

/** How far a backup is. @throws AppError `BACKUP_RUN_NOT_FOUND`, also for one of another process. */
export const getBackupRun = operation(
  { type: "query", scope: "tasks.run", input: BackupRunInput, output: BackupRunSchema },
  async (ctx, { id }) => requireRun(ctx, id).state,
);

/** Ends a backup that is under way, and waits until nothing of it is left. */
export const cancelBackup = operation(
  { type: "mutation", scope: "tasks.run", input: BackupRunInput, output: BackupRunSchema, isFleeting: true },
  async (ctx, { id }) => {
    const kept = requireRun(ctx, id);
    kept.stopping.abort();
    await kept.ended;
    return kept.state;
  },
);

/** Backups in the server's own folder, the newest first. */
export const listOwnBackups = operation(
  { type: "query", scope: "tasks.run", input: NoInput, output: BackupListSchema },
  async ({ ports, facts, signal }) => listBackups({ files: ports.files, signal }, facts.backups.folderPath),
);

/** Ends what runs, for a server that stops; nothing of it stays. */
export async function stopBackups(ports: Ports): Promise<void> {
  const running = [...runsOf(ports).values()].filter(({ state }) => state.status === "running");
  for (const { stopping } of running) stopping.abort();
  await Promise.all(running.map(({ ended }) => ended));
}
