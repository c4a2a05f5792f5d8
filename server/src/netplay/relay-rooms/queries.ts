import type { Executor } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { roms } from "@multitap/db/schema/roms";
import { users } from "@multitap/db/schema/users";
import { and, eq, inArray } from "drizzle-orm";
import type { RoomRom } from "./contract.ts";

/** The roms of some ids, by id; one statement for all. */
export async function listRoomRoms(
  db: Executor,
  romIds: readonly number[],
): Promise<ReadonlyMap<number, RoomRom>> {
  if (romIds.length === 0) return new Map();
  const rows = await db
    .select({
      id: roms.id,
      name: roms.name,
      fsName: roms.fsName,
      platformId: roms.platformId,
      platformSlug: platforms.slug,
    })
    .from(roms)
    .innerJoin(platforms, eq(platforms.id, roms.platformId))
    .where(inArray(roms.id, [...romIds]));
  return new Map(rows.map(({ name, fsName, ...row }) => [row.id, { ...row, name: name || fsName }]));
}

/** Those of some accounts that are there and enabled; one statement. */
export async function listEnabledUserIds(
  db: Executor,
  userIds: readonly number[],
): Promise<ReadonlySet<number>> {
  if (userIds.length === 0) return new Set();
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(inArray(users.id, [...userIds]), eq(users.enabled, true)));
  return new Set(rows.map(({ id }) => id));
}
