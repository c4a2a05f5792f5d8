import type { Context, Ports } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import { findAccountId } from "../base/identity.ts";
import { createUuid } from "../base/ids.ts";
import { operation } from "../base/operation.ts";
import { inTransaction } from "../base/transaction.ts";
import { listKnownPlatforms } from "../platforms/service.ts";
import {
  ListScansInput,
  type Scan,
  ScanIdInput,
  ScanListSchema,
  ScanProblemListSchema,
  ScanSchema,
  StartScanInput,
} from "./contract.ts";
import { SCAN_SWEEP_MS } from "./limits.ts";
import {
  dropAllLeases,
  findOpenScan,
  findScan,
  insertScan,
  listOrphanedScans,
  listProblemRows,
  listScanRows,
  lockScanStart,
  requestCancel,
} from "./queries.ts";
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
 * @throws AppError `SCAN_RUNNING` with the id of the scan that is under way.
 */
export const startScan = operation(
  { type: "mutation", scope: "tasks.run", input: StartScanInput, output: ScanSchema },
  async (ctx, input): Promise<Scan> => {
    const platformFsSlugs = await resolveFolders(ctx, input);
    return await inTransaction(ctx, async (tx) => {
      await lockScanStart(tx.db);
      const open = await findOpenScan(tx.db);
      if (open !== null) {
        throw new AppError("conflict", "SCAN_RUNNING", {
          message: "A scan is already in progress",
          details: { scanId: open.id },
        });
      }
      const scan = await insertScan(tx.db, {
        type: input.type,
        platformFsSlugs,
        acceptMissing: input.acceptMissing,
        requestedBy: findAccountId(tx.identity),
      });
      await tx.ports.queue.enqueue<ScanJob>(
        SCAN_QUEUE,
        { scanId: scan.id },
        { within: tx.db, singletonKey: String(scan.id) },
      );
      return scan;
    });
  },
);

async function resolveFolders(
  ctx: Context,
  input: { readonly platformIds: readonly number[]; readonly platformFsSlugs: readonly string[] },
): Promise<readonly string[]> {
  if (input.platformIds.length === 0) return input.platformFsSlugs;
  const byId = new Map((await listKnownPlatforms(ctx.db)).map((platform) => [platform.id, platform.fsSlug]));
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
    return scan;
  },
);

/** Scans, newest first. */
export const listScans = operation(
  { type: "query", scope: "platforms.read", input: ListScansInput, output: ScanListSchema },
  async (ctx, { limit }) => await listScanRows(ctx.db, limit),
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
  });
  const adopt = async (keyOf: (scanId: number) => string) => {
    for (const scanId of await listOrphanedScans(ports.database)) {
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
