import type { Executor } from "@multitap/db";
import { playSessions } from "@multitap/db/schema/play-sessions";
import { and, desc, eq, gte, inArray, isNull, lte, sql } from "drizzle-orm";
import { toInstant } from "../base/clock.ts";
import type { PlaySession } from "./contract.ts";
import { type NewSpan, spanKey } from "./rules.ts";

/** Whose spans, and with what they came. */
export interface SpanOwner {
  readonly userId: number;
  readonly deviceId: string | null;
  readonly syncSessionId: number | null;
}

/** First of the two numbers of the lock on an account's spans; the second is the account's. */
const SPAN_LOCKS = 0x73_70_61;

/**
 * Adds spans that are not there yet, also when others add the same ones at this moment; to be called in a transaction.
 * @returns Ids of the new rows by `spanKey`.
 */
export async function insertSpans(
  db: Executor,
  owner: SpanOwner,
  spans: readonly NewSpan[],
): Promise<ReadonlyMap<string, number>> {
  if (spans.length === 0) return new Map();
  // The index knows no two spans without a device or a rom apart, so callers look for them one after the other.
  await db.execute(sql`select pg_advisory_xact_lock(${SPAN_LOCKS}, ${owner.userId})`);
  const known = await listSpanKeys(
    db,
    owner,
    spans.map(({ startTime }) => startTime),
  );
  const fresh = spans.filter((span) => !known.has(spanKey(span)));
  if (fresh.length === 0) return new Map();
  const rows = await db
    .insert(playSessions)
    .values(fresh.map(({ index: _index, ...span }) => ({ ...owner, ...span })))
    .onConflictDoNothing()
    .returning({ id: playSessions.id, romId: playSessions.romId, startTime: playSessions.startTime });
  return new Map(rows.map((row) => [spanKey(row), row.id]));
}

/** By `spanKey`, what one device told of some moments, or nobody known did. */
async function listSpanKeys(
  db: Executor,
  { userId, deviceId }: SpanOwner,
  startTimes: readonly Date[],
): Promise<ReadonlySet<string>> {
  const rows = await db
    .select({ romId: playSessions.romId, startTime: playSessions.startTime })
    .from(playSessions)
    .where(
      and(
        eq(playSessions.userId, userId),
        deviceId === null ? isNull(playSessions.deviceId) : eq(playSessions.deviceId, deviceId),
        inArray(playSessions.startTime, [...startTimes]),
      ),
    );
  return new Set(rows.map(spanKey));
}

/** Which spans of a user to list. */
export interface SpansQuery {
  readonly userId: number;
  readonly romId?: number | undefined;
  readonly deviceId?: string | undefined;
  readonly startedFrom?: string | undefined;
  readonly startedUntil?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** Spans of a user, those that began last first. */
export async function listSpans(db: Executor, query: SpansQuery): Promise<readonly PlaySession[]> {
  const { userId, romId, deviceId, startedFrom, startedUntil, limit, offset } = query;
  const rows = await db
    .select()
    .from(playSessions)
    .where(
      and(
        eq(playSessions.userId, userId),
        romId === undefined ? undefined : eq(playSessions.romId, romId),
        deviceId === undefined ? undefined : eq(playSessions.deviceId, deviceId),
        startedFrom === undefined ? undefined : gte(playSessions.startTime, new Date(startedFrom)),
        startedUntil === undefined ? undefined : lte(playSessions.startTime, new Date(startedUntil)),
      ),
    )
    .orderBy(desc(playSessions.startTime), desc(playSessions.id))
    .limit(limit)
    .offset(offset);
  return rows.map(toPlaySession);
}

/** Removes a span of a user; false when there is none. */
export async function deleteSpan(db: Executor, sessionId: number, userId: number): Promise<boolean> {
  const rows = await db
    .delete(playSessions)
    .where(and(eq(playSessions.id, sessionId), eq(playSessions.userId, userId)))
    .returning({ id: playSessions.id });
  return rows.length > 0;
}

function toPlaySession(row: typeof playSessions.$inferSelect): PlaySession {
  return {
    id: row.id,
    userId: row.userId,
    deviceId: row.deviceId,
    romId: row.romId,
    syncSessionId: row.syncSessionId,
    saveSlot: row.saveSlot,
    startedAt: toInstant(row.startTime),
    endedAt: toInstant(row.endTime),
    durationMs: row.durationMs,
    createdAt: toInstant(row.createdAt),
    updatedAt: toInstant(row.updatedAt),
  };
}
