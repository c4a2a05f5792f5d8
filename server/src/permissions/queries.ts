import type { Executor } from "@multitap/db";
import { permissionGroupGrants, permissionGroups, userPermissionOverrides } from "@multitap/db/schema/users";
import { asc, desc, eq, inArray } from "drizzle-orm";
import { type Grant, isAction, isEntity, type Override } from "./contract.ts";
import { GRANTS_MAX } from "./limits.ts";

/**
 * Lists the grants of a group.
 * @param groupId Null means the default group.
 */
export async function listGroupGrants(db: Executor, groupId: number | null): Promise<readonly Grant[]> {
  const rows = await db
    .select({
      entity: permissionGroupGrants.entity,
      action: permissionGroupGrants.action,
      isOwnOnly: permissionGroupGrants.ownOnly,
    })
    .from(permissionGroupGrants)
    .innerJoin(permissionGroups, eq(permissionGroups.id, permissionGroupGrants.groupId))
    .where(groupId === null ? eq(permissionGroups.isDefault, true) : eq(permissionGroups.id, groupId))
    .limit(GRANTS_MAX);
  return rows.flatMap(toGrant);
}

/** Lists an account's deviations from its group. */
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
    .limit(GRANTS_MAX);
  return rows.flatMap((row) => toGrant(row).map((grant) => ({ ...grant, isGranted: row.isGranted })));
}

function toGrant(row: { entity: string; action: string; isOwnOnly: boolean }): Grant[] {
  const { entity, action, isOwnOnly } = row;
  return isEntity(entity) && isAction(action) ? [{ entity, action, isOwnOnly }] : [];
}

/** A group as far as the choice of an account's group needs it. */
export interface GroupRow {
  readonly id: number;
  readonly isDefault: boolean;
}

/** Finds a group by any of its names, one of the system's first. */
export async function findGroupByName(db: Executor, names: readonly string[]): Promise<GroupRow | null> {
  const [row] = await db
    .select({ id: permissionGroups.id, isDefault: permissionGroups.isDefault })
    .from(permissionGroups)
    .where(inArray(permissionGroups.name, [...names]))
    .orderBy(desc(permissionGroups.isSystem), asc(permissionGroups.id))
    .limit(1);
  return row ?? null;
}
