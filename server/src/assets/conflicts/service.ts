import type { Context } from "../../base/context.ts";
import type { VersionHead } from "../versions/contract.ts";
import type { Resolution, SyncConflict } from "./contract.ts";
import { type ConflictPage, listConflicts, resolveConflict, upsertConflicts } from "./queries.ts";

/** A device has something else than the server, and neither is older than the other. */
export interface FoundConflict {
  readonly head: VersionHead;
  readonly deviceId: string;
  /** Of what the device has, as it said; null when it did not. */
  readonly deviceHash: string | null;
  readonly reason: string;
  readonly resolution?: Resolution | null | undefined;
}

/** What a device calls a hash is its own affair; what the database could not hold is noted as none. */
function toStorableHash(hash: string | null): string | null {
  return hash !== null && /^[\x21-\x7e]+$/.test(hash) ? hash.toLowerCase() : null;
}

/** Notes conflicts that a comparison found; the same one is noted once. */
export async function noteConflicts(
  ctx: Pick<Context, "db">,
  found: readonly FoundConflict[],
): Promise<readonly number[]> {
  // One statement touches a row once.
  const keyOf = ({ deviceId, head, deviceHash }: FoundConflict) =>
    `${deviceId} ${head.kind} ${head.id} ${toStorableHash(deviceHash)}`;
  const once = new Map(found.map((each) => [keyOf(each), each]));
  return await upsertConflicts(
    ctx.db,
    [...once.values()].map(({ head, deviceId, deviceHash, reason, resolution }) => ({
      userId: head.userId,
      deviceId,
      romId: head.romId,
      kind: head.kind,
      slot: head.slot,
      canonicalName: head.canonicalName,
      serverAssetId: head.id,
      serverContentHash: head.contentHash,
      deviceAssetId: null,
      deviceContentHash: toStorableHash(deviceHash),
      reason,
      resolution: resolution ?? null,
    })),
  );
}

/** Conflicts of a user, newest first. */
export async function readConflicts(
  ctx: Pick<Context, "db">,
  page: ConflictPage,
): Promise<readonly SyncConflict[]> {
  return await listConflicts(ctx.db, page);
}

/** Notes what became of a conflict; null when the user has no such one. */
export async function settleConflict(
  ctx: Pick<Context, "db">,
  target: { readonly id: number; readonly userId: number; readonly resolution: Resolution },
): Promise<SyncConflict | null> {
  return await resolveConflict(ctx.db, target);
}
