import type { Executor } from "@multitap/db";
import { permissionGroupGrants, permissionGroups, users } from "@multitap/db/schema/users";
import { and, asc, count, eq, inArray, ne, sql } from "drizzle-orm";
import type { Grant } from "../contract.ts";
import { listHiddenOfGroups } from "../hidden/queries.ts";
import { toGrant } from "../queries.ts";
import type { PermissionGroup } from "./contract.ts";

/** First of the two numbers of the lock under which groups change; the second is 0. */
const GROUPS_LOCK = 0x70_65_01;

/** Waits until no other transaction changes groups; the lock ends with the transaction. */
export async function lockGroups(db: Executor): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${GROUPS_LOCK}, 0)`);
}

/**
 * Lists groups by name with all that is known of them.
 * @param groupId Only this one; null lists all.
 */
export async function listGroupRows(
  db: Executor,
  groupId: number | null = null,
): Promise<readonly PermissionGroup[]> {
  const { id, name, description, isDefault, isSystem, color } = permissionGroups;
  const rows = await db
    .select({ id, name, description, isDefault, isSystem, color })
    .from(permissionGroups)
    .where(groupId === null ? undefined : eq(id, groupId))
    .orderBy(asc(sql`lower(${name})`), asc(name));
  const ids = rows.map((row) => row.id);
  if (ids.length === 0) return [];
  const [grants, members, hidden] = await Promise.all([
    listGrantsOfGroups(db, ids),
    countMembers(db, ids),
    listHiddenOfGroups(db, ids),
  ]);
  return rows.map((row) => ({
    ...row,
    grants: grants.get(row.id) ?? [],
    memberCount: members.get(row.id) ?? 0,
    hidden: hidden.get(row.id) ?? [],
  }));
}

async function listGrantsOfGroups(
  db: Executor,
  groupIds: readonly number[],
): Promise<ReadonlyMap<number, readonly Grant[]>> {
  const { id, groupId, entity, action, ownOnly } = permissionGroupGrants;
  const rows = await db
    .select({ groupId, entity, action, isOwnOnly: ownOnly })
    .from(permissionGroupGrants)
    .where(inArray(groupId, [...groupIds]))
    .orderBy(asc(id));
  const byGroup = Map.groupBy(rows, (row) => row.groupId);
  return new Map([...byGroup].map(([group, grants]) => [group, grants.flatMap(toGrant)]));
}

async function countMembers(
  db: Executor,
  groupIds: readonly number[],
): Promise<ReadonlyMap<number | null, number>> {
  const rows = await db
    .select({ groupId: users.permissionGroupId, members: count() })
    .from(users)
    .where(inArray(users.permissionGroupId, [...groupIds]))
    .groupBy(users.permissionGroupId);
  return new Map(rows.map((row) => [row.groupId, row.members]));
}

/** Counts all groups. */
export async function countGroups(db: Executor): Promise<number> {
  const [row] = await db.select({ total: count() }).from(permissionGroups);
  return row?.total ?? 0;
}

/** What a group's own row holds and its callers set. */
export interface GroupColumns {
  readonly name: string;
  readonly description: string;
  readonly color: string | null;
}

/** Adds a group that is not the default; the caller has looked at the name. */
export async function insertGroup(db: Executor, columns: GroupColumns): Promise<number | null> {
  const rows = await db
    .insert(permissionGroups)
    .values(columns)
    .onConflictDoNothing()
    .returning({ id: permissionGroups.id });
  return rows[0]?.id ?? null;
}

/** Changes columns of a group's own row. */
export async function updateGroupRow(
  db: Executor,
  groupId: number,
  columns: Partial<GroupColumns>,
): Promise<void> {
  await db
    .update(permissionGroups)
    .set({ ...columns, updatedAt: sql`now()` })
    .where(eq(permissionGroups.id, groupId));
}

/** Makes a group the default instead of the one that was. */
export async function setDefaultGroup(db: Executor, groupId: number): Promise<void> {
  const { id, isDefault } = permissionGroups;
  // First: at no moment may there be two.
  await db
    .update(permissionGroups)
    .set({ isDefault: false, updatedAt: sql`now()` })
    .where(and(eq(isDefault, true), ne(id, groupId)));
  await db.update(permissionGroups).set({ isDefault: true, updatedAt: sql`now()` }).where(eq(id, groupId));
}

/** Replaces all grants of a group, keeping their order; there are no repeats among them. */
export async function replaceGrants(db: Executor, groupId: number, grants: readonly Grant[]): Promise<void> {
  await db.delete(permissionGroupGrants).where(eq(permissionGroupGrants.groupId, groupId));
  if (grants.length === 0) return;
  await db
    .insert(permissionGroupGrants)
    .values(grants.map(({ entity, action, isOwnOnly }) => ({ groupId, entity, action, ownOnly: isOwnOnly })));
}

/** Removes a group with its grants and hidden entities; its members then follow the default group. */
export async function deleteGroup(db: Executor, groupId: number): Promise<void> {
  await db.delete(permissionGroups).where(eq(permissionGroups.id, groupId));
}
