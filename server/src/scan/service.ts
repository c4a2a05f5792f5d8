import { assert } from "../base/assert.ts";
import type { Context, Ports } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import { findAccountId } from "../base/identity.ts";
import { createUuid } from "../base/ids.ts";
import { operation } from "../base/operation.ts";
import { inTransaction } from "../base/transaction.ts";
import { getHidden, listHiddenFolders } from "../permissions/hidden/service.ts";
import { listKnownPlatforms } from "../platforms/service.ts";
import {
  ListScansInput,
  type Scan,
  ScanIdInput,
  ScanListSchema,
  ScanProblemListSchema,
  ScanSchema,
  type ScanType,
  StartScanInput,
} from "./contract.ts";
import { SCAN_SWEEP_MS, SCANS_QUEUED_MAX } from "./limits.ts";
import {
  dropAllLeases,
  findScan,
  insertScan,
  listOpenScans,
  listOrphanedScans,
  listProblemRows,
  listScanRows,
  lockScanStart,
  type NewScan,
  requestCancel,
} from "./queries.ts";
import { isSameScan } from "./rules.ts";
import { runScan } from "./runs/service.ts";

/** Queue of scan jobs; the data names the row. */
const SCAN_QUEUE = "scan";

interface ScanJob {
  readonly scanId: number;
}

function scanNotFound(scanId: number): AppError<"not_found"> {
  return new AppError("not_found", "SCAN_NOT_FOUND", { message: `Scan with id '${scanId}' not found` });
}

/**
 * Starts a scan; the row and its job are written in one transaction, so it runs even after a crash.
 * @throws AppError `SCAN_RUNNING` with the id of the scan that is under way, unless this one may wait.
 */
export const startScan = operation(
  { type: "mutation", scope: "tasks.run", input: StartScanInput, output: ScanSchema },
  async (ctx, input): Promise<Scan> => {
    const platformFsSlugs = await resolveFolders(ctx, input);
    const { type, romIds, sources, acceptMissing } = input;
    const requestedBy = findAccountId(ctx.identity);
    const mayWait = input.whenBusy === "wait";
    const plan = { type, romIds, sources, acceptMissing, platformFsSlugs, requestedBy, mayWait };
    const { scan, isNew, open } = await addScan(ctx, plan);
    if (scan !== null && (isNew || mayWait)) return scan;
    throw new AppError("conflict", "SCAN_RUNNING", {
      message: "A scan is already in progress",
      details: { scanId: (scan ?? open)?.id },
    });
  },
);

/** A scan that the server itself asks for. */
export interface ScanRequest {
  readonly type: ScanType;
  /** Folder names; empty means all. */
  readonly platformFsSlugs: readonly string[];
  /** For the log. */
  readonly origin: "watcher" | "schedule";
}

/** Lets a scan follow what is under way; an equal one that waits already is as good. */
export async function queueScan(
  ctx: Context,
  { origin, ...request }: ScanRequest,
): Promise<{ readonly scanId: number; readonly isNew: boolean }> {
  const plan = {
    ...request,
    romIds: [],
    sources: [],
    acceptMissing: false,
    requestedBy: null,
    mayWait: true,
  };
  const { scan, isNew, open } = await addScan(ctx, plan);
  const scanId = (scan ?? open)?.id;
  assert(scanId !== undefined, "a scan is refused only while another one is open");
  ctx.ports.log.info("scan asked for", { scanId, origin, isNew });
  return { scanId, isNew };
}

interface ScanPlan extends NewScan {
  readonly mayWait: boolean;
}

interface ScanAddition {
  /** The new scan, or an equal one that waits already; null when it was refused. */
  readonly scan: Scan | null;
  readonly isNew: boolean;
  /** The oldest of the scans that were under way. */
  readonly open: Scan | null;
}

async function addScan(ctx: Context, plan: ScanPlan): Promise<ScanAddition> {
  return await inTransaction(ctx, async (tx): Promise<ScanAddition> => {
    await lockScanStart(tx.db);
    const opened = await listOpenScans(tx.db);
    const [open = null] = opened;
    const equal = opened.find((scan) => scan.status === "queued" && isSameScan(scan, plan)) ?? null;
    if (equal !== null && plan.mayWait) return { scan: equal, isNew: false, open };
    const isFull = opened.length >= SCANS_QUEUED_MAX;
    if (open !== null && (!plan.mayWait || isFull)) return { scan: null, isNew: false, open };
    const { mayWait: _mayWait, ...row } = plan;
    const scan = await insertScan(tx.db, row);
    await tx.ports.queue.enqueue<ScanJob>(
      SCAN_QUEUE,
      { scanId: scan.id },
      { within: tx.db, singletonKey: String(scan.id) },
    );
    return { scan, isNew: true, open };
  });
}

async function resolveFolders(
  ctx: Context,
  input: { readonly platformIds: readonly number[]; readonly platformFsSlugs: readonly string[] },
): Promise<readonly string[]> {
  if (input.platformIds.length === 0) return input.platformFsSlugs;
  const [known, hidden] = await Promise.all([listKnownPlatforms(ctx.db), getHidden(ctx)]);
  const visible = known.filter((platform) => !hidden.platforms.has(platform.id));
  const byId = new Map(visible.map((platform) => [platform.id, platform.fsSlug]));
  const named = input.platformIds.map((id) => {
    const fsSlug = byId.get(id);
    if (fsSlug !== undefined) return fsSlug;
    throw new AppError("not_found", "PLATFORMS_NOT_FOUND", { message: `Platform with id '${id}' not found` });
  });
  return [...new Set([...named, ...input.platformFsSlugs])];
}

/**
 * One scan with its progress.
 * @throws AppError `SCAN_NOT_FOUND`.
 */
export const getScan = operation(
  { type: "query", scope: "platforms.read", input: ScanIdInput, output: ScanSchema },
  async (ctx, { scanId }) => {
    const scan = await findScan(ctx.db, scanId);
    if (scan === null) throw scanNotFound(scanId);
    return withoutHiddenFolders(scan, await listHiddenFolders(ctx));
  },
);

/** Scans name the folders they were limited to, and a hidden platform has no name. */
function withoutHiddenFolders(scan: Scan, hidden: ReadonlySet<string>): Scan {
  if (hidden.size === 0) return scan;
  return { ...scan, platformFsSlugs: scan.platformFsSlugs.filter((fsSlug) => !hidden.has(fsSlug)) };
}

/** Scans, newest first. */
export const listScans = operation(
  { type: "query", scope: "platforms.read", input: ListScansInput, output: ScanListSchema },
  async (ctx, { limit }) => {
    const [scans, hidden] = await Promise.all([listScanRows(ctx.db, limit), listHiddenFolders(ctx)]);
    return scans.map((scan) => withoutHiddenFolders(scan, hidden));
  },
);

/** What a scan could not read, in the order it was met; at most the first thousand. */
export const listScanProblems = operation(
  { type: "query", scope: "tasks.run", input: ScanIdInput, output: ScanProblemListSchema },
  async (ctx, { scanId }) => {
    if ((await findScan(ctx.db, scanId)) === null) throw scanNotFound(scanId);
    return await listProblemRows(ctx.db, scanId);
  },
);

/**
 * Asks a scan to stop; what it stored stays. A scan that has ended stays as it is.
 * @throws AppError `SCAN_NOT_FOUND`.
 */
export const cancelScan = operation(
  { type: "mutation", scope: "tasks.run", input: ScanIdInput, output: ScanSchema },
  async (ctx, { scanId }) => {
    const scan = await requestCancel(ctx.db, scanId);
    if (scan === null) throw scanNotFound(scanId);
    return scan;
  },
);

/** What a process that works on scans brings. */
export interface ScanWorkerOptions {
  readonly createContext: () => Context;
  /** This process alone owns the database, so every lease of an earlier one is dead. */
  readonly isSoleOwner: boolean;
}

/**
 * Works on scans until stopped, and takes over scans whose worker died. Stopping hands a running scan back at
 * once: what it stored stays, and the next process goes on with the rest.
 */
export async function startScanWorker(ports: Ports, options: ScanWorkerOptions): Promise<{ stop(): void }> {
  if (options.isSoleOwner) await dropAllLeases(ports.database);
  const stopping = new AbortController();
  await ports.queue.work<ScanJob>(SCAN_QUEUE, { concurrency: 1 }, async ({ data, signal }) => {
    await runScan(options.createContext(), data.scanId, AbortSignal.any([signal, stopping.signal]));
    // The next one came before its turn, found this one running, and its job ended.
    if (!stopping.signal.aborted) await adopt((scanId) => `${scanId} ${createUuid()}`);
  });
  const adopt = async (keyOf: (scanId: number) => string) => {
    const [scanId] = await listOrphanedScans(ports.database);
    if (scanId !== undefined) {
      await ports.queue.enqueue<ScanJob>(SCAN_QUEUE, { scanId }, { singletonKey: keyOf(scanId) });
    }
  };
  const report = (error: unknown) => ports.log.warn("scans without a worker cannot be looked for", { error });
  // Whoever starts us again after a full disk has made room, so a job that rests is not waited for: this one
  // has a key of its own. The other one finds nothing left to claim.
  await adopt((scanId) => `${scanId} ${createUuid()}`);
  const sweeper = setInterval(() => void adopt(String).catch(report), SCAN_SWEEP_MS);
  sweeper.unref();
  return {
    stop() {
      clearInterval(sweeper);
      stopping.abort();
    },
  };
}
