import type { Executor } from "@multitap/db";
import { syncConflicts } from "@multitap/db/schema/sync";
import { and, desc, eq, isNull, lt, sql } from "drizzle-orm";
import { toInstant, toInstantOrNull } from "../../base/clock.ts";
import { RESOLUTIONS, type Resolution, type SyncConflict } from "./contract.ts";

/** A conflict as it is noted. */
export interface NewConflict {
  readonly userId: number;
  readonly deviceId: string | null;
  readonly romId: number;
  readonly kind: "saves" | "states";
  readonly slot: string | null;
  readonly canonicalName: string;
  readonly serverAssetId: number;
  readonly serverContentHash: string | null;
  readonly deviceAssetId: number | null;
  readonly deviceContentHash: string | null;
  readonly reason: string;
  readonly resolution: Resolution | null;
}

/**
 * Notes conflicts; one that was noted before, when a device asks again, only learns what is new. Gives their ids in
 * the order of the input.
 */
export async function upsertConflicts(
  db: Executor,
  conflicts: readonly NewConflict[],
): Promise<readonly number[]> {
  if (conflicts.length === 0) return [];
  // One parameter for all rows: a statement takes some sixty thousand, and a device may differ in more.
  const rows = await db.execute<{ id: number }>(sql`
    insert into ${syncConflicts} as c (user_id, device_id, rom_id, kind, slot, canonical_name, server_asset_id,
      server_content_hash, device_asset_id, device_content_hash, reason, resolution, resolved_at)
    select x."userId", x."deviceId", x."romId", x.kind, x.slot, x."canonicalName", x."serverAssetId",
      x."serverContentHash", x."deviceAssetId", x."deviceContentHash", x.reason, x.resolution,
      case when x.resolution is not null then clock_timestamp() end
    from jsonb_to_recordset(${JSON.stringify(conflicts)}::text::jsonb) as x("userId" int, "deviceId" text, "romId" int,
      kind text, slot text, "canonicalName" text, "serverAssetId" int, "serverContentHash" text, "deviceAssetId" int,
      "deviceContentHash" text, reason text, resolution text)
    on conflict (device_id, kind, server_asset_id, coalesce(server_content_hash, ''),
      coalesce(device_content_hash, '')) where device_id is not null do update set
      device_asset_id = coalesce(excluded.device_asset_id, c.device_asset_id),
      resolution = coalesce(c.resolution, excluded.resolution),
      resolved_at = coalesce(c.resolved_at, excluded.resolved_at), updated_at = clock_timestamp()
    returning c.id`);
  return rows.map(({ id }) => id);
}

export interface ConflictPage {
  readonly userId: number;
  readonly isOpen: boolean | undefined;
  readonly romId: number | undefined;
  readonly beforeId: number | undefined;
  readonly limit: number;
}

/** Conflicts of a user, newest first. */
export async function listConflicts(db: Executor, page: ConflictPage): Promise<readonly SyncConflict[]> {
  const rows = await db
    .select()
    .from(syncConflicts)
    .where(
      and(
        eq(syncConflicts.userId, page.userId),
        page.isOpen === undefined
          ? undefined
          : page.isOpen
            ? isNull(syncConflicts.resolution)
            : sql`${syncConflicts.resolution} is not null`,
        page.romId === undefined ? undefined : eq(syncConflicts.romId, page.romId),
        page.beforeId === undefined ? undefined : lt(syncConflicts.id, page.beforeId),
      ),
    )
    .orderBy(desc(syncConflicts.id))
    .limit(page.limit);
  return rows.map(toConflict);
}

/** Notes what became of a conflict; null when the user has no such one. */
export async function resolveConflict(
  db: Executor,
  target: { readonly id: number; readonly userId: number; readonly resolution: Resolution },
): Promise<SyncConflict | null> {
  const [row] = await db
    .update(syncConflicts)
    .set({
      resolution: target.resolution,
      resolvedAt: sql`clock_timestamp()`,
      updatedAt: sql`clock_timestamp()`,
    })
    .where(and(eq(syncConflicts.id, target.id), eq(syncConflicts.userId, target.userId)))
    .returning();
  return row === undefined ? null : toConflict(row);
}

function toConflict(row: typeof syncConflicts.$inferSelect): SyncConflict {
  return {
    id: row.id,
    deviceId: row.deviceId,
    romId: row.romId,
    kind: row.kind === "states" ? "states" : "saves",
    slot: row.slot,
    canonicalName: row.canonicalName,
    serverVersionId: row.serverAssetId,
    serverContentHash: row.serverContentHash,
    deviceVersionId: row.deviceAssetId,
    deviceContentHash: row.deviceContentHash,
    reason: row.reason,
    resolution: RESOLUTIONS.find((each) => each === row.resolution) ?? null,
    resolvedAt: toInstantOrNull(row.resolvedAt),
    createdAt: toInstant(row.createdAt),
  };
}
