import { dirname, join } from "node:path";
import { noteSynced } from "../../assets/baselines/service.ts";
import { noteConflicts } from "../../assets/conflicts/service.ts";
import type { Version } from "../../assets/versions/contract.ts";
import type { Context } from "../../base/context.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import { createHexToken } from "../../base/ids.ts";
import { toPartialName } from "../../ports/files/port.ts";
import { readDeviceSettings } from "../documented/rules.ts";
import type { DeviceCopy, DrivenDevice, NamedSave } from "../driven/contract.ts";
import { decideFound } from "../driven/rules.ts";
import {
  type CopyToStore,
  identifyCopy,
  keepBoth,
  openVersion,
  storeNew,
  storeNewer,
} from "../driven/service.ts";
import { CONFLICT_COPIES_MAX } from "../folder/limits.ts";
import { CONFLICTS, isSameFile, OUTGOING, toConflictName } from "../folder/rules.ts";
import type { Arrival } from "../folder-arrivals/service.ts";
import { names, readDirection, UNTRACKED } from "../rules.ts";

/** One file of a device, and what it belongs to. */
export interface Delivery {
  readonly arrival: Arrival;
  readonly savedName: string;
  readonly saved: NamedSave | null;
  /** Takes a new save. */
  readonly romId: number | null;
}

/** What became of a file. */
export type Outcome =
  /** It is no longer among the incoming ones. */
  | { readonly kind: "done" }
  | { readonly kind: "conflict"; readonly romId: number; readonly reason: string }
  /** It stays where it is. */
  | { readonly kind: "left"; readonly reason: string }
  /** Somebody writes it; it is looked at again. */
  | { readonly kind: "changing" };

const DONE: Outcome = { kind: "done" };
const CHANGING: Outcome = { kind: "changing" };
const left = (reason: string): Outcome => ({ kind: "left", reason });

/**
 * Takes in one file. Its bytes leave the folder only once they are stored and committed, or lie among the conflicts; a
 * run that ends in between finds an identical file the next time.
 */
export async function takeIn(ctx: Context, device: DrivenDevice, delivery: Delivery): Promise<Outcome> {
  const { arrival, saved, savedName, romId } = delivery;
  const copy = await identifyCopy(ctx, arrival.path, new Date(arrival.modifiedAtMs));
  const decision = decideFound(copy, saved, readDirection(device.syncConfig));
  const head = saved?.head ?? null;
  const file: CopyToStore = { device, copy, savedName, platformFsSlug: arrival.platformFsSlug };
  if (decision.verdict === "upload") {
    if (head === null && romId === null) return left("No rom of this platform goes by this name");
    const version =
      head === null
        ? await storeNew(ctx, file, romId ?? 0)
        : await storeNewer(ctx, file, { head, base: saved?.base ?? null });
    return isWhole(version, copy) ? await clear(ctx, arrival) : CHANGING;
  }
  if (head === null || decision.reason === UNTRACKED.reason) return left(decision.reason);
  if (decision.verdict === "conflict") {
    return await takeConflict(ctx, { arrival, file, head, reason: decision.reason });
  }
  if (decision.verdict === "download") {
    await handOut(ctx, { device, arrival, head });
    return await noteOnceGone(ctx, { device, head }, await clear(ctx, arrival));
  }
  if (decision.isIdentical) await noteSynced(ctx, device.id, [head]);
  // Left out because of the way that this device syncs: its bytes are nowhere else.
  else if (saved?.base == null || !names(copy.hash, saved.base)) return left(decision.reason);
  return await clear(ctx, arrival);
}

/**
 * Notes that a device has what was handed out to it, once its own file is out of the way. Noted earlier, an old file
 * that is still there would count as one that was played on since, and go on top of the newer version.
 */
async function noteOnceGone(
  ctx: Context,
  { device, head }: { readonly device: DrivenDevice; readonly head: Version },
  outcome: Outcome,
): Promise<Outcome> {
  if (outcome.kind === "done" || outcome.kind === "conflict") await noteSynced(ctx, device.id, [head]);
  return outcome;
}

/** Tells whether what was stored is what was compared. */
function isWhole(version: Version, copy: DeviceCopy): boolean {
  return version.sha1 === copy.sha1 || version.contentHash === copy.hash;
}

/**
 * Removes a file whose bytes are safe, if it is still the one that was read. A device may replace it at any time, so it
 * is looked at once more under a name that no device writes to.
 */
async function clear(ctx: Context, arrival: Arrival): Promise<Outcome> {
  const { files } = ctx.ports;
  if (!isSameFile(arrival, await files.find(arrival.path))) return CHANGING;
  const aside = join(dirname(arrival.path), toPartialName(createHexToken(8)));
  await files.rename(arrival.path, aside);
  try {
    if (isSameFile(arrival, await files.find(aside))) {
      await files.remove(aside);
      return DONE;
    }
  } catch (error) {
    await putBack(ctx, arrival, aside);
    throw error;
  }
  await putBack(ctx, arrival, aside);
  return CHANGING;
}

/** Where yet another one came meanwhile, both are kept. */
async function putBack(ctx: Context, arrival: Arrival, aside: string): Promise<void> {
  try {
    await ctx.ports.files.publish(aside, arrival.path);
  } catch (error) {
    if (!isAppError(error) || error.code !== "FILES_EXISTS") throw error;
    ctx.ports.log.warn("a file of a device was replaced twice at once", { path: arrival.path });
    await moveToConflicts(ctx, arrival, aside);
  }
}

interface HandingOut {
  readonly device: DrivenDevice;
  readonly arrival: Arrival;
  readonly head: Version;
}

/** Writes what the server has for the device to take; the caller notes that it has it. */
async function handOut(ctx: Context, { device, arrival, head }: HandingOut): Promise<void> {
  const folder = join(ctx.facts.sync.folderPath, device.id, OUTGOING, arrival.platformFsSlug);
  const { bytes, sizeBytes } = await openVersion(ctx, head);
  await ctx.ports.space.assertSpace(sizeBytes, { path: ctx.facts.basePath });
  await ctx.ports.files.createFolder(folder);
  await ctx.ports.files.writeAtomic(join(folder, arrival.fileName), bytes);
}

interface Collision {
  readonly arrival: Arrival;
  readonly file: CopyToStore;
  readonly head: Version;
  readonly reason: string;
}

/** Both sides of a conflict are kept: the device's beside the incoming files, or as a version when it is to win. */
async function takeConflict(ctx: Context, { arrival, file, head, reason }: Collision): Promise<Outcome> {
  const { device, copy } = file;
  const { resolution } = readDeviceSettings(device.syncConfig);
  const conflict: Outcome = { kind: "conflict", romId: head.romId, reason };
  if (resolution === "device_wins") {
    const { version } = await keepBoth(ctx, file, { head, resolution });
    if (!isWhole(version, copy)) return CHANGING;
    const cleared = await clear(ctx, arrival);
    return cleared.kind === "done" ? conflict : cleared;
  }
  if (!isSameFile(arrival, await ctx.ports.files.find(arrival.path))) return CHANGING;
  await noteConflicts(ctx, [{ head, deviceId: device.id, deviceHash: copy.hash, reason, resolution }]);
  const isHandedOut = resolution === "server_wins";
  if (isHandedOut) await handOut(ctx, { device, arrival, head });
  await moveToConflicts(ctx, arrival, arrival.path);
  return isHandedOut ? await noteOnceGone(ctx, { device, head }, conflict) : conflict;
}

/** Moves a file that is no longer to be read beside the incoming ones. */
async function moveToConflicts(
  ctx: Context,
  { fileName, platformFsSlug, deviceId }: Arrival,
  path: string,
): Promise<void> {
  const folder = join(ctx.facts.sync.folderPath, deviceId, CONFLICTS, platformFsSlug);
  await ctx.ports.files.createFolder(folder);
  for (let copyNumber = 1; copyNumber <= CONFLICT_COPIES_MAX; copyNumber += 1) {
    try {
      await ctx.ports.files.publish(path, join(folder, toConflictName(fileName, copyNumber)));
      return;
    } catch (error) {
      if (!isAppError(error) || error.code !== "FILES_EXISTS") throw error;
    }
  }
  throw new AppError("conflict", "FILES_EXISTS", {
    message: `${folder} holds ${CONFLICT_COPIES_MAX} files called ${fileName}`,
  });
}
