import type { Executor } from "@multitap/db";
import { constraintName, isUniqueViolation } from "@multitap/db/errors";
import { collections, collectionsRoms } from "@multitap/db/schema/collections";
import { roms } from "@multitap/db/schema/roms";
import { users } from "@multitap/db/schema/users";
import { countChanged } from "@multitap/db/statements";
import { and, asc, count, eq, gt, or, type SQL, sql } from "drizzle-orm";
import { toInstant } from "../base/clock.ts";
import { formatIds } from "../base/sql.ts";
import type { Hidden } from "../permissions/hidden/contract.ts";
import type { CollectionWithParts } from "./contract.ts";
import { andVisible, parseIds, parseRomCovers, selectRomCovers } from "./covers/queries.ts";
import { parseCoverPath } from "./covers/rules.ts";
import { COLLECTIONS_LISTED_MAX } from "./limits.ts";

/** A collection as stored. */
export type CollectionRow = typeof collections.$inferSelect;

/** First of the two numbers of the lock on how many collections an account has; the second is the account's. */
const OWNER_LOCKS = 0x63_6f_6c;

/** Whose sight a query takes. */
export interface Viewer {
  /** Null for callers without an account: they see what is public. */
  readonly userId: number | null;
  readonly hidden: Hidden;
}

export interface CollectionQuery extends Viewer {
  readonly collectionId?: number | undefined;
  readonly updatedAfter?: Date | undefined;
  readonly withRomIds: boolean;
}

function isVisible(userId: number | null): SQL | undefined {
  return or(eq(collections.isPublic, true), userId === null ? undefined : eq(collections.userId, userId));
}

/** The visible roms of the collection of the outer query, from `from` on. */
function fromMembers(hidden: Hidden): SQL {
  const join = hidden.platformIds.length === 0 ? sql`` : sql`join ${roms} r on r.id = m.rom_id`;
  return sql`from ${collectionsRoms} m ${join} where m.collection_id = ${collections.id}${andVisible(hidden, {
    romId: sql`m.rom_id`,
    platformId: sql`r.platform_id`,
  })}`;
}

/** Collections that a viewer may see, all in one statement; of more than may be listed the oldest. */
export async function listCollectionRows(
  db: Executor,
  { userId, hidden, collectionId, updatedAfter, withRomIds }: CollectionQuery,
): Promise<readonly CollectionWithParts[]> {
  const members = fromMembers(hidden);
  const rows = await db
    .select({
      row: collections,
      ownerUsername: users.username,
      romCount: sql<number>`(select count(*)::int ${members})`,
      // As text, to be parsed here and only once.
      romIds: withRomIds
        ? sql<string | null>`(select json_agg(m.rom_id order by m.rom_id)::text ${members})`
        : sql<null>`null`,
      romCovers: selectRomCovers(sql`select m.rom_id ${members}`),
    })
    .from(collections)
    .innerJoin(users, eq(users.id, collections.userId))
    .where(
      and(
        isVisible(userId),
        collectionId === undefined ? undefined : eq(collections.id, collectionId),
        updatedAfter === undefined ? undefined : gt(collections.updatedAt, updatedAfter),
      ),
    )
    .orderBy(asc(collections.id))
    .limit(COLLECTIONS_LISTED_MAX);
  return rows.map(({ row, ownerUsername, romCount, romIds, romCovers }) => ({
    id: row.id,
    name: row.name,
    description: row.description,
    ownerId: row.userId,
    ownerUsername,
    isPublic: row.isPublic,
    isFavorite: row.isFavorite,
    romCount,
    ...(withRomIds ? { romIds: parseIds(romIds) } : {}),
    coverSmall: parseCoverPath(row.id, row.pathCoverSmall),
    coverLarge: parseCoverPath(row.id, row.pathCoverLarge),
    urlCover: row.urlCover,
    romCovers: parseRomCovers(romCovers),
    createdAt: toInstant(row.createdAt),
    updatedAt: toInstant(row.updatedAt),
  }));
}

/** Ids and names of the collections that a viewer may see. */
export async function listCollectionNames(
  db: Executor,
  userId: number | null,
): Promise<readonly { readonly id: number; readonly name: string }[]> {
  return await db
    .select({ id: collections.id, name: collections.name })
    .from(collections)
    .where(isVisible(userId))
    .orderBy(asc(collections.id))
    .limit(COLLECTIONS_LISTED_MAX);
}

/** Finds a collection that a viewer may see. */
export async function findCollectionRow(
  db: Executor,
  collectionId: number,
  userId: number | null,
): Promise<CollectionRow | null> {
  const [row] = await selectCollection(db, collectionId, userId);
  return row ?? null;
}

/** The same, and keeps others from changing it, or what is in it, until the transaction ends. */
export async function lockCollectionRow(
  db: Executor,
  collectionId: number,
  userId: number | null,
): Promise<CollectionRow | null> {
  const [row] = await selectCollection(db, collectionId, userId).for("update");
  return row ?? null;
}

function selectCollection(db: Executor, collectionId: number, userId: number | null) {
  return db
    .select()
    .from(collections)
    .where(and(eq(collections.id, collectionId), isVisible(userId)));
}

/** Waits until no other transaction makes a collection for an account; the lock ends with the transaction. */
export async function lockOwner(db: Executor, userId: number): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${OWNER_LOCKS}, ${userId})`);
}

/** Counts the collections of an account. */
export async function countCollectionsOf(db: Executor, userId: number): Promise<number> {
  const [row] = await db.select({ total: count() }).from(collections).where(eq(collections.userId, userId));
  return row?.total ?? 0;
}

/** Which rule of uniqueness a change breaks; the transaction is lost then. */
export type Taken = "name" | "favorite";

/** Adds a collection; gives its id, or what another one of the account has already. */
export async function insertCollectionRow(
  db: Executor,
  row: typeof collections.$inferInsert,
): Promise<number | Taken> {
  return await orTaken(async () => {
    const [added] = await db.insert(collections).values(row).returning({ id: collections.id });
    return added?.id ?? 0;
  });
}

/** Changes a collection; gives its id, or what another one of its owner has already. */
export async function updateCollectionRow(
  db: Executor,
  collectionId: number,
  patch: Partial<typeof collections.$inferInsert>,
): Promise<number | Taken> {
  return await orTaken(async () => {
    await db.update(collections).set(patch).where(eq(collections.id, collectionId));
    return collectionId;
  });
}

async function orTaken(write: () => Promise<number>): Promise<number | Taken> {
  try {
    return await write();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return constraintName(error) === "collections_favorite_key" ? "favorite" : "name";
  }
}

/** Removes a collection with its links. */
export async function deleteCollectionRow(db: Executor, collectionId: number): Promise<void> {
  await db.delete(collections).where(eq(collections.id, collectionId));
}

/** Which roms of a collection a change means; those that are hidden count as absent. */
export interface MembersChange {
  readonly collectionId: number;
  readonly romIds: readonly number[];
  readonly hidden: Hidden;
}

const idsOf = (ids: readonly number[]) => sql`(select unnest(${formatIds(ids)}::text::int4[]))`;
const ROM = { romId: sql`r.id`, platformId: sql`r.platform_id` };

/** Adds roms to a collection, unless they are in it or unknown; gives how many were added. */
export async function addMembers(
  db: Executor,
  { collectionId, romIds, hidden }: MembersChange,
): Promise<number> {
  // Locked, so that none is removed from the library between being found and being linked.
  return await countChanged(
    db,
    sql`insert into ${collectionsRoms} (collection_id, rom_id)
      select ${collectionId}::int4, r.id from ${roms} r where r.id in ${idsOf(romIds)}${andVisible(hidden, ROM)}
      order by r.id for key share of r
      on conflict do nothing`,
  );
}

/** Takes roms out of a collection; gives how many were in it. */
export async function removeMembers(
  db: Executor,
  { collectionId, romIds, hidden }: MembersChange,
): Promise<number> {
  return await countChanged(
    db,
    sql`delete from ${collectionsRoms} m using ${roms} r where m.collection_id = ${collectionId} and r.id = m.rom_id
      and m.rom_id in ${idsOf(romIds)}${andVisible(hidden, ROM)}`,
  );
}

/** Takes all but some roms out of a collection, of those that are not hidden; gives how many went. */
export async function removeOtherMembers(
  db: Executor,
  { collectionId, romIds, hidden }: MembersChange,
): Promise<number> {
  return await countChanged(
    db,
    sql`delete from ${collectionsRoms} m using ${roms} r where m.collection_id = ${collectionId} and r.id = m.rom_id
      and m.rom_id not in ${idsOf(romIds)}${andVisible(hidden, ROM)}`,
  );
}

/** Counts the roms of a collection, hidden ones too. */
export async function countMembers(db: Executor, collectionId: number): Promise<number> {
  const [row] = await db
    .select({ total: count() })
    .from(collectionsRoms)
    .where(eq(collectionsRoms.collectionId, collectionId));
  return row?.total ?? 0;
}
