import type { Executor } from "@multitap/db";
import { deviceSaveSync, syncBaselines } from "@multitap/db/schema/sync";
import { and, eq, sql } from "drizzle-orm";
import type { VersionHead } from "../versions/contract.ts";
import type { Baseline } from "./contract.ts";

/** A slot that is none, in a key. */
const NO_SLOT = "";

type Row = typeof syncBaselines.$inferSelect;

function toBaseline({ slot, md5Hash, sha1Hash, kind, ...row }: Row): Baseline {
  return {
    ...row,
    kind: kind === "states" ? "states" : "saves",
    slot: slot === NO_SLOT ? null : slot,
    md5: md5Hash,
    sha1: sha1Hash,
  };
}

/** What a device last had of one rom's slot, one row per save in it. */
export async function listSlotBaselines(
  db: Executor,
  place: {
    readonly deviceId: string;
    readonly romId: number;
    readonly kind: string;
    readonly slot: string | null;
  },
): Promise<readonly Baseline[]> {
  const rows = await db
    .select()
    .from(syncBaselines)
    .where(
      and(
        eq(syncBaselines.deviceId, place.deviceId),
        eq(syncBaselines.romId, place.romId),
        eq(syncBaselines.kind, place.kind),
        eq(syncBaselines.slot, place.slot ?? NO_SLOT),
      ),
    );
  return rows.map(toBaseline);
}

/** Everything that a device last had. */
export async function listBaselines(db: Executor, deviceId: string): Promise<readonly Baseline[]> {
  const rows = await db.select().from(syncBaselines).where(eq(syncBaselines.deviceId, deviceId));
  return rows.map(toBaseline);
}

/** Notes that a device has a version now; it is synced again if it was not. */
export async function upsertBaselines(
  db: Executor,
  deviceId: string,
  given: readonly VersionHead[],
): Promise<void> {
  // One statement touches a row once; of two versions of one save the later counts.
  const lanes = new Map(
    given.map((each) => [`${each.kind} ${each.romId} ${each.slot} ${each.canonicalName}`, each]),
  );
  // In one order, or two calls about the same ones could wait for each other.
  const versions = [...lanes.values()].sort((a, b) =>
    a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : a.id - b.id,
  );
  if (versions.length === 0) return;
  const rows = versions.map(
    ({ id, slot, kind, romId, canonicalName, contentHash, md5, sha1, contentUpdatedAt }) => ({
      id,
      slot: slot ?? NO_SLOT,
      kind,
      romId,
      canonicalName,
      contentHash,
      md5,
      sha1,
      contentUpdatedAt,
    }),
  );
  // One parameter for all rows: a statement takes some sixty thousand, and a device may have more to tell.
  await db.execute(sql`
    insert into ${syncBaselines} (device_id, rom_id, kind, slot, canonical_name, asset_id, content_hash, md5_hash, sha1_hash,
      content_updated_at, synced_at)
    select ${deviceId}, x."romId", x.kind, x.slot, x."canonicalName", x.id, x."contentHash", x.md5, x.sha1,
      x."contentUpdatedAt", clock_timestamp()
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as x(id int, slot text, kind text, "romId" int,
      "canonicalName" text, "contentHash" text, md5 text, sha1 text, "contentUpdatedAt" timestamptz)
    on conflict (device_id, rom_id, kind, slot, canonical_name) do update set asset_id = excluded.asset_id,
      content_hash = excluded.content_hash, md5_hash = excluded.md5_hash, sha1_hash = excluded.sha1_hash,
      content_updated_at = excluded.content_updated_at, synced_at = excluded.synced_at`);
  const saves = versions.filter(({ kind }) => kind === "saves");
  if (saves.length > 0) await upsertSaveSyncs(db, deviceId, saves);
}

/** The same for the rows that the compatible API shows per save. */
async function upsertSaveSyncs(db: Executor, deviceId: string, saves: readonly VersionHead[]): Promise<void> {
  const rows = saves.map(({ id, contentUpdatedAt }) => ({ id, contentUpdatedAt }));
  await db.execute(sql`
    insert into ${deviceSaveSync} (device_id, save_id, last_synced_at)
    select ${deviceId}, x.id, x."contentUpdatedAt"
    from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as x(id int, "contentUpdatedAt" timestamptz)
    on conflict (device_id, save_id) do update set last_synced_at = excluded.last_synced_at, is_untracked = false,
      updated_at = clock_timestamp()`);
}

/** Ids of the saves that are not synced on a device. */
export async function listUntrackedIds(db: Executor, deviceId: string): Promise<readonly number[]> {
  const rows = await db
    .select({ id: deviceSaveSync.saveId })
    .from(deviceSaveSync)
    .where(and(eq(deviceSaveSync.deviceId, deviceId), eq(deviceSaveSync.isUntracked, true)));
  return rows.map(({ id }) => id);
}

/** Forgets everything that a device had. */
export async function deleteBaselines(db: Executor, deviceId: string): Promise<void> {
  await db.delete(syncBaselines).where(eq(syncBaselines.deviceId, deviceId));
  await db.delete(deviceSaveSync).where(eq(deviceSaveSync.deviceId, deviceId));
}

/** Stops or resumes syncing of a save on a device. A save that was never synced there has nothing to resume. */
export async function setUntracked(
  db: Executor,
  { deviceId, saveId }: { readonly deviceId: string; readonly saveId: number },
  isUntracked: boolean,
): Promise<void> {
  const now = sql`clock_timestamp()`;
  if (!isUntracked) {
    await db
      .update(deviceSaveSync)
      .set({ isUntracked, updatedAt: now })
      .where(and(eq(deviceSaveSync.deviceId, deviceId), eq(deviceSaveSync.saveId, saveId)));
    return;
  }
  await db
    .insert(deviceSaveSync)
    .values({ deviceId, saveId, lastSyncedAt: now, isUntracked })
    .onConflictDoUpdate({
      target: [deviceSaveSync.deviceId, deviceSaveSync.saveId],
      set: { isUntracked, updatedAt: now },
    });
}
