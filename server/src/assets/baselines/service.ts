import type { Context } from "../../base/context.ts";
import type { Version, VersionHead } from "../versions/contract.ts";
import type { Baseline } from "./contract.ts";
import {
  deleteBaselines,
  listBaselines,
  listUntrackedIds,
  setUntracked,
  upsertBaselines,
} from "./queries.ts";

/** Notes that a device has these versions now, whatever it had of their lanes before. */
export async function noteSynced(
  ctx: Pick<Context, "db">,
  deviceId: string,
  versions: readonly VersionHead[],
): Promise<void> {
  await upsertBaselines(ctx.db, deviceId, versions);
}

/** How long it is remembered that replaced bytes were handed out: a day, in milliseconds. */
const SERVED_TTL_MS = 24 * 60 * 60 * 1000;

/** A download that names no device may have been any device's. */
const ANY_DEVICE = "";

function servedKey({ kind, id, contentUpdatedAt }: Version, deviceId: string): string {
  return `asset-served:${kind}:${id}:${contentUpdatedAt.getTime()}:${deviceId}`;
}

function isReplaced({ createdAt, contentUpdatedAt }: Version): boolean {
  return contentUpdatedAt.getTime() > createdAt.getTime();
}

/** Notes that the present bytes of a version were handed out; only those that replaced others need it. */
export async function noteServed(
  ctx: Pick<Context, "ports">,
  version: Version,
  deviceId: string | null,
): Promise<void> {
  if (!isReplaced(version)) return;
  const key = servedKey(version, deviceId ?? ANY_DEVICE);
  await ctx.ports.kv.set(key, "", { ttlMs: SERVED_TTL_MS });
}

/**
 * Notes that a device has a version, by its own word. A device that speaks of bytes which were replaced since it got
 * them is not believed: its next comparison then sees what happened.
 */
export async function noteAcknowledged(
  ctx: Pick<Context, "ports" | "db">,
  deviceId: string,
  version: Version,
): Promise<boolean> {
  if (isReplaced(version) && !(await wasServed(ctx, version, deviceId))) return false;
  await noteSynced(ctx, deviceId, [version]);
  return true;
}

async function wasServed(
  { ports }: Pick<Context, "ports">,
  version: Version,
  deviceId: string,
): Promise<boolean> {
  for (const id of [deviceId, ANY_DEVICE]) {
    if ((await ports.kv.get(servedKey(version, id))) !== null) return true;
  }
  return false;
}

/** Everything that a device last had. */
export async function readBaselines(
  ctx: Pick<Context, "db">,
  deviceId: string,
): Promise<readonly Baseline[]> {
  return await listBaselines(ctx.db, deviceId);
}

/** Ids of the saves that a device was told to leave alone. */
export async function readUntrackedIds(
  ctx: Pick<Context, "db">,
  deviceId: string,
): Promise<ReadonlySet<number>> {
  return new Set(await listUntrackedIds(ctx.db, deviceId));
}

/** Forgets everything that a device had: its next comparison begins anew. */
export async function forgetBaselines(ctx: Pick<Context, "db">, deviceId: string): Promise<void> {
  await deleteBaselines(ctx.db, deviceId);
}

/** Stops syncing a save on a device, or resumes it. */
export async function trackSaveOn(
  ctx: Pick<Context, "db">,
  target: { readonly deviceId: string; readonly saveId: number },
  isTracked: boolean,
): Promise<void> {
  await setUntracked(ctx.db, target, !isTracked);
}
