import type { Executor } from "@multitap/db";
import { libraryRoots, scanProblems, scans } from "@multitap/db/schema/scan";
import { and, asc, count, desc, eq, inArray, isNull, lt, or, sql } from "drizzle-orm";
import { toInstant, toInstantOrNull } from "../base/clock.ts";
import type { ScanPhase, ScanStats, ScanStatus } from "../base/events.ts";
import type { Scan, ScanProblem, ScanType } from "./contract.ts";
import { SCAN_PROBLEMS_KEPT_MAX } from "./limits.ts";
import { emptyStats } from "./rules.ts";

type ScanRow = typeof scans.$inferSelect;

function toScan(row: ScanRow): Scan {
  return {
    id: row.id,
    type: row.type as ScanType,
    status: row.status as ScanStatus,
    phase: row.phase as ScanPhase,
    platformFsSlugs: row.platformFsSlugs,
    romIds: row.romIds,
    stats: { ...emptyStats(), ...(row.stats as Partial<ScanStats>) },
    errorMessage: row.errorMessage,
    createdAt: toInstant(row.createdAt),
    startedAt: toInstantOrNull(row.startedAt),
    finishedAt: toInstantOrNull(row.finishedAt),
  };
}

export interface NewScan {
  readonly type: ScanType;
  readonly platformFsSlugs: readonly string[];
  readonly romIds: readonly number[];
  readonly sources: readonly string[];
  readonly acceptMissing: boolean;
  readonly requestedBy: number | null;
}

/** Stores a queued scan. */
export async function insertScan(db: Executor, scan: NewScan): Promise<Scan> {
  const rows = await db
    .insert(scans)
    .values({
      ...scan,
      platformFsSlugs: [...scan.platformFsSlugs],
      romIds: [...scan.romIds],
      sources: [...scan.sources],
      stats: emptyStats(),
    })
    .returning();
  const [row] = rows;
  return toScan(row as ScanRow);
}

/** One scan, or null. */
export async function findScan(db: Executor, scanId: number): Promise<Scan | null> {
  const [row] = await db.select().from(scans).where(eq(scans.id, scanId));
  return row === undefined ? null : toScan(row);
}

/** Newest scans first. */
export async function listScanRows(db: Executor, limit: number): Promise<readonly Scan[]> {
  const rows = await db.select().from(scans).orderBy(desc(scans.id)).limit(limit);
  return rows.map(toScan);
}

/** Scans that are queued, running or paused, oldest first: the order in which they run. */
export async function listOpenScans(db: Executor): Promise<readonly OpenScan[]> {
  const rows = await db
    .select()
    .from(scans)
    .where(inArray(scans.status, ["queued", "running", "paused"]))
    .orderBy(asc(scans.id));
  return rows.map((row) => ({ ...toScan(row), sources: row.sources, acceptMissing: row.acceptMissing }));
}

/** A scan that has not ended, with everything that makes it equal to another. */
export interface OpenScan extends Scan {
  readonly sources: readonly string[];
  readonly acceptMissing: boolean;
}

/** What the worker of a scan needs beside the public facts. */
export type ClaimedScan = OpenScan;

export interface Lease {
  readonly scanId: number;
  readonly owner: string;
  readonly leaseMs: number;
}

/** Takes the scan over unless another process holds a live lease on it or on an older one; null when it is not to be had. */
export async function claimScan(db: Executor, lease: Lease): Promise<ClaimedScan | null> {
  const [row] = await db
    .update(scans)
    .set({
      status: "running",
      leaseOwner: lease.owner,
      leaseUntil: sql`now() + ${lease.leaseMs} * interval '1 millisecond'`,
      startedAt: sql`coalesce(started_at, now())`,
      errorMessage: null,
      updatedAt: sql`now()`,
    })
    .where(
      and(
        eq(scans.id, lease.scanId),
        inArray(scans.status, ["queued", "running", "paused"]),
        or(isNull(scans.leaseUntil), lt(scans.leaseUntil, sql`now()`), eq(scans.leaseOwner, lease.owner)),
        // One at a time, in the order they were asked for.
        sql`not exists (select 1 from scans older where older.id < ${lease.scanId}
          and older.status in ('queued', 'running', 'paused'))`,
      ),
    )
    .returning();
  if (row === undefined) return null;
  return { ...toScan(row), acceptMissing: row.acceptMissing, sources: row.sources };
}

/** What the heartbeat stores and learns. */
export interface ScanBeat {
  readonly lease: Lease;
  readonly phase: ScanPhase;
  readonly stats: ScanStats;
}

/** Renews the lease and stores progress; null when the lease is lost, else whether to stop. */
export async function beatScan(
  db: Executor,
  beat: ScanBeat,
): Promise<{ readonly isCancelled: boolean } | null> {
  const [row] = await db
    .update(scans)
    .set({
      phase: beat.phase,
      stats: beat.stats,
      errorCount: beat.stats.problems,
      leaseUntil: sql`now() + ${beat.lease.leaseMs} * interval '1 millisecond'`,
      updatedAt: sql`now()`,
    })
    .where(
      and(
        eq(scans.id, beat.lease.scanId),
        eq(scans.leaseOwner, beat.lease.owner),
        eq(scans.status, "running"),
      ),
    )
    .returning({ isCancelled: scans.cancelRequested });
  return row ?? null;
}

/** Ends or pauses a scan that this owner holds. */
export async function closeScan(
  db: Executor,
  lease: Lease,
  end: { readonly status: ScanStatus; readonly stats: ScanStats; readonly errorMessage: string | null },
): Promise<Scan | null> {
  const isEnd = end.status !== "paused" && end.status !== "queued";
  const [row] = await db
    .update(scans)
    .set({
      status: end.status,
      stats: end.stats,
      errorCount: end.stats.problems,
      errorMessage: end.errorMessage,
      leaseOwner: null,
      leaseUntil: null,
      updatedAt: sql`now()`,
      ...(isEnd ? { phase: "ended", finishedAt: sql`now()` } : {}),
    })
    .where(and(eq(scans.id, lease.scanId), eq(scans.leaseOwner, lease.owner)))
    .returning();
  return row === undefined ? null : toScan(row);
}

/** Asks a scan to stop; one that nobody works on ends at once. Returns null for an unknown scan. */
export async function requestCancel(db: Executor, scanId: number): Promise<Scan | null> {
  const isIdle = sql`${scans.status} in ('queued', 'paused') and (lease_until is null or lease_until < now())`;
  const [row] = await db
    .update(scans)
    .set({
      cancelRequested: true,
      status: sql`case when ${isIdle} then 'cancelled' else ${scans.status} end`,
      phase: sql`case when ${isIdle} then 'ended' else ${scans.phase} end`,
      finishedAt: sql`case when ${isIdle} then now() else ${scans.finishedAt} end`,
      updatedAt: sql`now()`,
    })
    .where(eq(scans.id, scanId))
    .returning();
  return row === undefined ? null : toScan(row);
}

/** Scans whose worker is gone: open, and no live lease. */
export async function listOrphanedScans(db: Executor): Promise<readonly number[]> {
  const rows = await db
    .select({ id: scans.id })
    .from(scans)
    .where(
      and(
        inArray(scans.status, ["queued", "running", "paused"]),
        or(isNull(scans.leaseUntil), lt(scans.leaseUntil, sql`now()`)),
      ),
    )
    .orderBy(asc(scans.id));
  return rows.map((row) => row.id);
}

/** Ends every lease: right after this process took sole ownership of the data folder. */
export async function dropAllLeases(db: Executor): Promise<void> {
  await db.update(scans).set({ leaseOwner: null, leaseUntil: null }).where(eq(scans.status, "running"));
}

export interface NewProblem {
  readonly code: string;
  readonly path: string;
  readonly message: string;
}

/** Keeps problems to read, up to the limit per scan; the same problem of one path is kept once. */
export async function insertProblems(
  db: Executor,
  scanId: number,
  problems: readonly NewProblem[],
): Promise<void> {
  if (problems.length === 0) return;
  const [row] = await db.select({ kept: count() }).from(scanProblems).where(eq(scanProblems.scanId, scanId));
  const room = Math.max(0, SCAN_PROBLEMS_KEPT_MAX - (row?.kept ?? 0));
  if (room === 0) return;
  await db.insert(scanProblems).values(problems.slice(0, room).map((problem) => ({ ...problem, scanId })));
}

/** Forgets the problems of a scan that begins again: it will meet them once more. */
export async function removeProblems(db: Executor, scanId: number): Promise<void> {
  await db.delete(scanProblems).where(eq(scanProblems.scanId, scanId));
}

/** Serialises the starting of scans until the transaction ends. */
export async function lockScanStart(db: Executor): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(7420004)`);
}

/** Problems of one scan in the order they were met. */
export async function listProblemRows(db: Executor, scanId: number): Promise<readonly ScanProblem[]> {
  const rows = await db
    .select()
    .from(scanProblems)
    .where(eq(scanProblems.scanId, scanId))
    .orderBy(asc(scanProblems.id))
    .limit(SCAN_PROBLEMS_KEPT_MAX);
  return rows.map((row) => ({
    id: row.id,
    code: row.code,
    path: row.path,
    message: row.message,
    at: toInstant(row.createdAt),
  }));
}

/** The disk a library root was on when it was last scanned, or null. */
export async function findRootDevice(db: Executor, path: string): Promise<bigint | null> {
  const [row] = await db.select().from(libraryRoots).where(eq(libraryRoots.path, path));
  return row?.deviceNumber ?? null;
}

/** Remembers the disk of a library root. */
export async function storeRootDevice(db: Executor, path: string, deviceNumber: bigint): Promise<void> {
  await db
    .insert(libraryRoots)
    .values({ path, deviceNumber })
    .onConflictDoUpdate({ target: libraryRoots.path, set: { deviceNumber, updatedAt: sql`now()` } });
}
