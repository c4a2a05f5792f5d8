import type { Executor } from "@multitap/db";
import {
  permissionGroupGrants,
  permissionGroups,
  userPermissionOverrides,
  users,
} from "@multitap/db/schema/users";
import { asc, desc, eq, inArray, isNull, or, type SQL, sql } from "drizzle-orm";
import { type Grant, isAction, isEntity, type Override } from "./contract.ts";
import { GRANTS_MAX } from "./limits.ts";

/**
 * Lists the grants of a group.
 * @param groupId Null means the default group.
 */
export async function listGroupGrants(db: Executor, groupId: number | null): Promise<readonly Grant[]> {
  return await listGrantsWhere(
    db,
    groupId === null ? eq(permissionGroups.isDefault, true) : eq(permissionGroups.id, groupId),
  );
}

/** Lists the grants of the group that an account follows. */
export async function listGrantsOfAccount(db: Executor, userId: number): Promise<readonly Grant[]> {
  const own = sql`(select ${users.permissionGroupId} from ${users} where ${users.id} = ${userId})`;
  return await listGrantsWhere(
    db,
    sql`${permissionGroups.id} = ${own} or (${own} is null and ${permissionGroups.isDefault})`,
  );
}

async function listGrantsWhere(db: Executor, condition: SQL): Promise<readonly Grant[]> {
  const rows = await db
    .select({
      entity: permissionGroupGrants.entity,
      action: permissionGroupGrants.action,
      isOwnOnly: permissionGroupGrants.ownOnly,
    })
    .from(permissionGroupGrants)
    .innerJoin(permissionGroups, eq(permissionGroups.id, permissionGroupGrants.groupId))
    .where(condition)
    .orderBy(asc(permissionGroupGrants.id))
    .limit(GRANTS_MAX);
  return rows.flatMap(toGrant);
}

/** Lists an account's deviations from its group, in the order in which they were given. */
export async function listOverrides(db: Executor, userId: number): Promise<readonly Override[]> {
  const rows = await db
    .select({
      entity: userPermissionOverrides.entity,
      action: userPermissionOverrides.action,
      isOwnOnly: userPermissionOverrides.ownOnly,
      isGranted: userPermissionOverrides.granted,
    })
    .from(userPermissionOverrides)
    .where(eq(userPermissionOverrides.userId, userId))
    .orderBy(asc(userPermissionOverrides.id))
    .limit(GRANTS_MAX);
  return rows.flatMap((row) => toGrant(row).map((grant) => ({ ...grant, isGranted: row.isGranted })));
}

/** Reads what other versions may have written: unknown words are left out. */
export function toGrant(row: { entity: string; action: string; isOwnOnly: boolean }): Grant[] {
  const { entity, action, isOwnOnly } = row;
  return isEntity(entity) && isAction(action) ? [{ entity, action, isOwnOnly }] : [];
}

/** A group as far as the choice of an account's group needs it. */
export interface GroupRow {
  readonly id: number;
  readonly name: string;
  readonly isDefault: boolean;
}

const GROUP_COLUMNS = {
  id: permissionGroups.id,
  name: permissionGroups.name,
  isDefault: permissionGroups.isDefault,
};

/** Finds a group by any of its names, one of the system's first. */
export async function findGroupByName(db: Executor, names: readonly string[]): Promise<GroupRow | null> {
  const [row] = await db
    .select(GROUP_COLUMNS)
    .from(permissionGroups)
    .where(inArray(permissionGroups.name, [...names]))
    .orderBy(desc(permissionGroups.isSystem), asc(permissionGroups.id))
    .limit(1);
  return row ?? null;
}

/** Finds a group. */
export async function findGroupRow(db: Executor, groupId: number): Promise<GroupRow | null> {
  const [row] = await db.select(GROUP_COLUMNS).from(permissionGroups).where(eq(permissionGroups.id, groupId));
  return row ?? null;
}

/** Tells whether an account exists. */
export async function hasAccount(db: Executor, userId: number): Promise<boolean> {
  const rows = await db.select({ id: users.id }).from(users).where(eq(users.id, userId));
  return rows.length > 0;
}

/** Whose permissions a change touches. */
export interface AffectedQuery {
  /** Accounts that name this group; null names none. */
  readonly groupId: number | null;
  /** Also accounts without a group of their own, which follow the default group. */
  readonly withGroupless: boolean;
}

/** Lists the accounts that a change touches, each once. */
export async function listAffected(
  db: Executor,
  { groupId, withGroupless }: AffectedQuery,
): Promise<readonly number[]> {
  if (groupId === null && !withGroupless) return [];
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(
      or(
        groupId === null ? undefined : eq(users.permissionGroupId, groupId),
        withGroupless ? isNull(users.permissionGroupId) : undefined,
      ),
    )
    .orderBy(asc(users.id));
  return rows.map((row) => row.id);
}
