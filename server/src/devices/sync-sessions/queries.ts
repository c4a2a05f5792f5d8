import type { Executor } from "@multitap/db";
import { syncSessions } from "@multitap/db/schema/sync";
import { and, desc, eq, inArray, lt, type SQL, sql } from "drizzle-orm";
import { assert } from "../../base/assert.ts";
import { toInstant, toInstantOrNull } from "../../base/clock.ts";
import { SYNC_STATUSES, type SyncSession, type SyncStatus } from "./contract.ts";

/** Statuses of sessions that have not ended. */
const OPEN: SyncStatus[] = ["pending", "in_progress"];

const now = sql`clock_timestamp()`;

/** Ends every open session of a device: it began a new one, or nothing came of them for too long. */
export async function cancelOpenSessions(db: Executor, deviceId: string): Promise<void> {
  await db
    .update(syncSessions)
    .set({ status: "cancelled", completedAt: now, updatedAt: now })
    .where(and(eq(syncSessions.deviceId, deviceId), inArray(syncSessions.status, OPEN)));
}

/** Ends open sessions, of anybody, that began too long ago; gives how many. */
export async function cancelOldSessions(db: Executor, before: Date): Promise<number> {
  const rows = await db
    .update(syncSessions)
    .set({ status: "cancelled", completedAt: now, updatedAt: now })
    .where(and(lt(syncSessions.initiatedAt, before), inArray(syncSessions.status, OPEN)))
    .returning({ id: syncSessions.id });
  return rows.length;
}

export interface NewSession {
  readonly uuid: string;
  readonly deviceId: string;
  readonly userId: number;
  readonly status: "pending" | "in_progress";
  readonly operationsPlanned: number;
}

/** Adds a session. */
export async function insertSession(db: Executor, session: NewSession): Promise<SyncSession> {
  const [row] = await db
    .insert(syncSessions)
    .values({ ...session, initiatedAt: now })
    .returning();
  assert(row !== undefined, "an insert returns its row");
  return toSession(row);
}

/** Counts one operation of an open session of this user as done; anything else changes nothing. */
export async function countOperation(db: Executor, sessionId: number, userId: number): Promise<void> {
  await db
    .update(syncSessions)
    .set({ operationsCompleted: sql`${syncSessions.operationsCompleted} + 1`, updatedAt: now })
    .where(
      and(
        eq(syncSessions.id, sessionId),
        eq(syncSessions.userId, userId),
        inArray(syncSessions.status, OPEN),
      ),
    );
}

/** What changes of a session. */
export interface SessionChange {
  readonly status?: SyncStatus | undefined;
  readonly operationsPlanned?: number | undefined;
  readonly operationsCompleted?: number | undefined;
  readonly operationsFailed?: number | undefined;
  readonly errorMessage?: string | null | undefined;
}

/** Changes a session that has not ended; null when it has, or there is none. */
export async function updateOpenSession(
  db: Executor,
  sessionId: number,
  change: SessionChange,
): Promise<SyncSession | null> {
  const hasEnded = change.status !== undefined && !OPEN.includes(change.status);
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const [row] = await db
    .update(syncSessions)
    .set({ ...given, ...(hasEnded ? { completedAt: now } : {}), updatedAt: now })
    .where(and(eq(syncSessions.id, sessionId), inArray(syncSessions.status, OPEN)))
    .returning();
  return row === undefined ? null : toSession(row);
}

/** A session by either of its names; null when the user has no such one. */
export async function findOwnSession(
  db: Executor,
  name: number | string,
  userId: number,
): Promise<SyncSession | null> {
  const named: SQL = typeof name === "number" ? eq(syncSessions.id, name) : eq(syncSessions.uuid, name);
  const [row] = await db
    .select()
    .from(syncSessions)
    .where(and(named, eq(syncSessions.userId, userId)));
  return row === undefined ? null : toSession(row);
}

/** Sessions of a user, newest first. */
export async function listOwnSessions(
  db: Executor,
  page: { readonly userId: number; readonly deviceId: string | undefined; readonly limit: number },
): Promise<readonly SyncSession[]> {
  const rows = await db
    .select()
    .from(syncSessions)
    .where(
      and(
        eq(syncSessions.userId, page.userId),
        page.deviceId === undefined ? undefined : eq(syncSessions.deviceId, page.deviceId),
      ),
    )
    .orderBy(desc(syncSessions.initiatedAt), desc(syncSessions.id))
    .limit(page.limit);
  return rows.map(toSession);
}

function toSession(row: typeof syncSessions.$inferSelect): SyncSession {
  return {
    ...row,
    status: SYNC_STATUSES.find((each) => each === row.status) ?? "failed",
    initiatedAt: toInstant(row.initiatedAt),
    completedAt: toInstantOrNull(row.completedAt),
    createdAt: toInstant(row.createdAt),
    updatedAt: toInstant(row.updatedAt),
  };
}
