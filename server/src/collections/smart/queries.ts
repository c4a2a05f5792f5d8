import type { Executor } from "@multitap/db";
import { smartCollections } from "@multitap/db/schema/collections";
import { users } from "@multitap/db/schema/users";
import { and, asc, count, desc, eq, gt, or, type SQL, sql } from "drizzle-orm";
import { formatIds } from "../../base/sql.ts";
import type { RomCover } from "../contract.ts";
import { parseRomCovers, selectRomCovers } from "../covers/queries.ts";
import { ROM_COVERS_SOUGHT_MAX, SMART_LISTED_MAX } from "../limits.ts";

/** A smart collection as stored. */
export type SmartRow = typeof smartCollections.$inferSelect;

function isVisible(userId: number | null): SQL | undefined {
  return or(
    eq(smartCollections.isPublic, true),
    userId === null ? undefined : eq(smartCollections.userId, userId),
  );
}

export interface SmartQuery {
  /** Null for callers without an account: they see what is public. */
  readonly userId: number | null;
  readonly collectionId?: number | undefined;
  readonly updatedAfter?: Date | undefined;
}

function ownFirst(userId: number | null): readonly SQL[] {
  return [desc(sql`${smartCollections.userId} = ${userId ?? 0}`), asc(smartCollections.id)];
}

/** Smart collections that a viewer may see; of more than may be listed their own first. */
export async function listSmartRows(
  db: Executor,
  { userId, collectionId, updatedAfter }: SmartQuery,
): Promise<readonly (SmartRow & { readonly ownerUsername: string })[]> {
  const rows = await db
    .select({ row: smartCollections, ownerUsername: users.username })
    .from(smartCollections)
    .innerJoin(users, eq(users.id, smartCollections.userId))
    .where(
      and(
        isVisible(userId),
        collectionId === undefined ? undefined : eq(smartCollections.id, collectionId),
        updatedAfter === undefined ? undefined : gt(smartCollections.updatedAt, updatedAfter),
      ),
    )
    .orderBy(...ownFirst(userId))
    .limit(SMART_LISTED_MAX);
  return rows.map(({ row, ownerUsername }) => ({ ...row, ownerUsername }));
}

/** Ids and names of the same. */
export async function listSmartNames(
  db: Executor,
  userId: number | null,
): Promise<readonly { readonly id: number; readonly name: string }[]> {
  return await db
    .select({ id: smartCollections.id, name: smartCollections.name })
    .from(smartCollections)
    .where(isVisible(userId))
    .orderBy(...ownFirst(userId))
    .limit(SMART_LISTED_MAX);
}

/** Finds a smart collection that a viewer may see, and keeps others from changing it until the transaction ends. */
export async function lockSmartRow(
  db: Executor,
  collectionId: number,
  userId: number | null,
): Promise<SmartRow | null> {
  const [row] = await db
    .select()
    .from(smartCollections)
    .where(and(eq(smartCollections.id, collectionId), isVisible(userId)))
    .for("update");
  return row ?? null;
}

/** Counts the smart collections of an account. */
export async function countSmartOf(db: Executor, userId: number): Promise<number> {
  const [row] = await db
    .select({ total: count() })
    .from(smartCollections)
    .where(eq(smartCollections.userId, userId));
  return row?.total ?? 0;
}

/** Adds a smart collection; gives its id. */
export async function insertSmartRow(
  db: Executor,
  row: typeof smartCollections.$inferInsert,
): Promise<number> {
  const [added] = await db.insert(smartCollections).values(row).returning({ id: smartCollections.id });
  return added?.id ?? 0;
}

/** Changes a smart collection. */
export async function updateSmartRow(
  db: Executor,
  collectionId: number,
  patch: Partial<typeof smartCollections.$inferInsert>,
): Promise<void> {
  await db.update(smartCollections).set(patch).where(eq(smartCollections.id, collectionId));
}

/** Removes a smart collection. */
export async function deleteSmartRow(db: Executor, collectionId: number): Promise<void> {
  await db.delete(smartCollections).where(eq(smartCollections.id, collectionId));
}

/** The covers of the first roms of each list that have one, in one statement. */
export async function listCoversOf(
  db: Executor,
  lists: readonly (readonly number[])[],
): Promise<readonly (readonly RomCover[])[]> {
  if (lists.length === 0) return [];
  const numbered = JSON.stringify(
    lists.map((romIds, n) => ({ n, ids: formatIds(romIds.slice(0, ROM_COVERS_SOUGHT_MAX)) })),
  );
  const rows = await db.execute<{ romCovers: string | null }>(sql`
    select ${selectRomCovers(sql`select unnest(k.ids::int4[]) as rom_id`)} as "romCovers"
    from json_to_recordset(${numbered}::text::json) as k (n int, ids text) order by k.n`);
  return rows.map(({ romCovers }) => parseRomCovers(romCovers));
}
