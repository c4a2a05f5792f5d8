import type { Executor } from "@multitap/db";
import { type Horizon, readHorizon as readDatabaseHorizon } from "@multitap/db/horizon";
import { removals } from "@multitap/db/schema/removals";
import { and, asc, eq, inArray, isNull, or, sql } from "drizzle-orm";
import type { Place } from "../../base/change-feed.ts";
import type { Version, VersionKind } from "../versions/contract.ts";
import { tableOf, toVersion } from "../versions/queries.ts";

const momentOf = ({ atMs }: Place) => sql`${new Date(atMs).toISOString()}::timestamptz`;

/** How far a reader of changes may go. */
export async function readHorizon(db: Executor): Promise<Horizon> {
  return await readDatabaseHorizon(db);
}

/** Where to read on, and whose. */
export interface ChangesPage {
  readonly userId: number;
  readonly place: Place;
  readonly limit: number;
}

/** Versions of a user behind a place in the order of their last change. */
export async function listVersionsBehind(
  db: Executor,
  kind: VersionKind,
  { userId, place, limit }: ChangesPage,
): Promise<readonly Version[]> {
  const table = tableOf(kind);
  const rows = await db
    .select()
    .from(table)
    .where(
      and(
        eq(table.userId, userId),
        sql`(${table.updatedAt}, ${table.id}) > (${momentOf(place)}, ${place.id})`,
      ),
    )
    .orderBy(asc(table.updatedAt), asc(table.id))
    .limit(limit);
  return rows.map((row) => toVersion(kind, row));
}

/** A version that is gone. */
export interface VersionRemoval extends Place {
  readonly kind: VersionKind;
  readonly versionId: number;
}

/** Removed versions behind a place, in order; public ones of others are among them. */
export async function listVersionRemovals(
  db: Executor,
  { userId, place, limit }: ChangesPage,
): Promise<readonly VersionRemoval[]> {
  const rows = await db
    .select()
    .from(removals)
    .where(
      and(
        inArray(removals.entity, ["saves", "states"]),
        or(eq(removals.userId, userId), isNull(removals.userId)),
        sql`(${removals.removedAt}, ${removals.id}) > (${momentOf(place)}, ${place.id})`,
      ),
    )
    .orderBy(asc(removals.removedAt), asc(removals.id))
    .limit(limit);
  return rows.map(({ id, entity, entityId, removedAt }) => ({
    id,
    atMs: removedAt.getTime(),
    kind: entity === "saves" ? "saves" : "states",
    versionId: entityId,
  }));
}
