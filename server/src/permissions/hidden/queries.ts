import type { Executor } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { roms } from "@multitap/db/schema/roms";
import { hiddenEntities, permissionGroups, users } from "@multitap/db/schema/users";
import { and, asc, count, eq, inArray, type SQL, sql } from "drizzle-orm";
import { perExecutor } from "../../base/per-executor.ts";
import { HIDEABLE, type HiddenEntity, type Hideable } from "./contract.ts";

/** From whom something is hidden. */
export type Owner = { readonly userId: number } | { readonly groupId: number };

function isOf(owner: Owner): SQL {
  return "userId" in owner
    ? eq(hiddenEntities.userId, owner.userId)
    : eq(hiddenEntities.groupId, owner.groupId);
}

const prepared = perExecutor((db) => {
  const userId = sql`${sql.placeholder("userId")}::int4`;
  const ownGroup = sql`(select ${users.permissionGroupId} from ${users} where ${users.id} = ${userId})`;
  const defaultGroup = sql`(select ${permissionGroups.id} from ${permissionGroups} where ${permissionGroups.isDefault})`;
  return {
    hiddenFrom: db
      .select({ entity: hiddenEntities.entity, entityId: hiddenEntities.entityId })
      .from(hiddenEntities)
      .where(
        sql`${hiddenEntities.userId} = ${userId} or ${hiddenEntities.groupId} = coalesce(${ownGroup}, ${defaultGroup})`,
      )
      .orderBy(asc(hiddenEntities.entityId))
      .prepare("hidden_from"),
  };
});

/**
 * Lists what is hidden from an account by itself or by its group, in the order of the ids; one hidden by both
 * stands twice. Not cut, for what does not fit would be shown.
 * @param userId Null for callers without an account: they follow the default group.
 */
export async function listHiddenFrom(db: Executor, userId: number | null): Promise<readonly HiddenEntity[]> {
  return (await prepared(db).hiddenFrom.execute({ userId })).flatMap(toHiddenEntity);
}

/** Lists what is hidden from an account or a group itself. */
export async function listHiddenOf(db: Executor, owner: Owner): Promise<readonly HiddenEntity[]> {
  const rows = await db
    .select({ entity: hiddenEntities.entity, entityId: hiddenEntities.entityId })
    .from(hiddenEntities)
    .where(isOf(owner))
    .orderBy(asc(hiddenEntities.id));
  return rows.flatMap(toHiddenEntity);
}

/** Lists what is hidden from each group. */
export async function listHiddenOfGroups(
  db: Executor,
  groupIds: readonly number[],
): Promise<ReadonlyMap<number, readonly HiddenEntity[]>> {
  const { groupId, entity, entityId } = hiddenEntities;
  const rows = await db
    .select({ groupId, entity, entityId })
    .from(hiddenEntities)
    .where(inArray(groupId, [...groupIds]))
    .orderBy(asc(hiddenEntities.id));
  const byGroup = Map.groupBy(rows, (row) => row.groupId ?? 0);
  return new Map([...byGroup].map(([id, group]) => [id, group.flatMap(toHiddenEntity)]));
}

function toHiddenEntity(row: { entity: string; entityId: number }): HiddenEntity[] {
  const entity = HIDEABLE.find((each) => each === row.entity);
  return entity === undefined ? [] : [{ entity, entityId: row.entityId }];
}

/** Counts what is hidden from an account or a group itself. */
export async function countHiddenOf(db: Executor, owner: Owner): Promise<number> {
  const [row] = await db.select({ total: count() }).from(hiddenEntities).where(isOf(owner));
  return row?.total ?? 0;
}

/** Hides something; true unless it was hidden before. */
export async function insertHidden(db: Executor, what: HiddenEntity, owner: Owner): Promise<boolean> {
  const rows = await db
    .insert(hiddenEntities)
    .values({ ...what, ...owner })
    .onConflictDoNothing()
    .returning({ id: hiddenEntities.id });
  return rows.length > 0;
}

/** Shows something again; true if it was hidden. */
export async function deleteHidden(db: Executor, what: HiddenEntity, owner: Owner): Promise<boolean> {
  const rows = await db
    .delete(hiddenEntities)
    .where(
      and(eq(hiddenEntities.entity, what.entity), eq(hiddenEntities.entityId, what.entityId), isOf(owner)),
    )
    .returning({ id: hiddenEntities.id });
  return rows.length > 0;
}

/** Forgets from whom a platform and its roms are hidden; before the roms are removed, by which theirs are found. */
export async function deleteHiddenOfPlatform(db: Executor, platformId: number): Promise<void> {
  await db.delete(hiddenEntities).where(
    sql`(${hiddenEntities.entity} = 'platforms' and ${hiddenEntities.entityId} = ${platformId})
        or (${hiddenEntities.entity} = 'roms' and ${hiddenEntities.entityId} in
          (select ${roms.id} from ${roms} where ${roms.platformId} = ${platformId}))`,
  );
}

/** Tells whether a platform or rom exists. */
export async function hasEntity(db: Executor, entity: Hideable, entityId: number): Promise<boolean> {
  const table = entity === "platforms" ? platforms : roms;
  const rows = await db.select({ id: table.id }).from(table).where(eq(table.id, entityId)).limit(1);
  return rows.length > 0;
}

/** A set of ids that a statement reads once, however many they are. */
function setOf(ids: readonly number[]): SQL {
  return sql`(select unnest(${`{${ids.join(",")}}`}::text::int4[]))`;
}

/** Folder names of some platforms. */
export async function listFolderNames(
  db: Executor,
  platformIds: readonly number[],
): Promise<readonly string[]> {
  const rows = await db
    .select({ fsSlug: platforms.fsSlug })
    .from(platforms)
    .where(sql`${platforms.id} in ${setOf(platformIds)}`);
  return rows.map((row) => row.fsSlug);
}

/** Those of some roms that exist outside some platforms. */
export async function listRomsOutside(
  db: Executor,
  romIds: readonly number[],
  platformIds: readonly number[],
): Promise<readonly number[]> {
  const rows = await db
    .select({ id: roms.id })
    .from(roms)
    .where(sql`${roms.id} in ${setOf(romIds)} and ${roms.platformId} not in ${setOf(platformIds)}`);
  return rows.map((row) => row.id);
}

/** Forgets from whom these entities are hidden; true if one was. */
export async function deleteHiddenOf(
  db: Executor,
  entity: Hideable,
  entityIds: readonly number[],
): Promise<boolean> {
  const rows = await db
    .delete(hiddenEntities)
    .where(and(eq(hiddenEntities.entity, entity), inArray(hiddenEntities.entityId, [...entityIds])))
    .returning({ id: hiddenEntities.id });
  return rows.length > 0;
}
