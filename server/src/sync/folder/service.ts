import type { Context, Ports } from "../../base/context.ts";
import { isAppError, toAppError } from "../../base/errors.ts";
import { inTransaction } from "../../base/transaction.ts";
import { noteSighting } from "../../devices/service.ts";
import type { SyncSession } from "../../devices/sync-sessions/contract.ts";
import { beginSession, changeSession } from "../../devices/sync-sessions/service.ts";
import { refuseName, refuseSize, toStem } from "../driven/rules.ts";
import { actForOwner, findRomsOfStems, findSavedName, readDrivenScene } from "../driven/service.ts";
import { raiseSync } from "../events/service.ts";
import { type Arrival, listArrivals } from "../folder-arrivals/service.ts";
import { type Delivery, type Outcome, takeIn } from "../folder-batches/service.ts";
import { isOutage } from "../rules.ts";
import {
  AGAIN_MS,
  DEVICE_FOLDERS_MAX,
  DEVICES_RUNNING_MAX,
  ERROR_CHARS_MAX,
  FOLDER_LOCK_MS,
  STABLE_MS,
  STABLE_ROUNDS_MAX,
} from "./limits.ts";
import { findTransferDevice, listTransferDeviceIds, type TransferDevice } from "./queries.ts";
import { isSameFile } from "./rules.ts";

/** Queue of devices with incoming files; one job per device at a time. */
export const FOLDER_QUEUE = "sync-folder";

/** What a job holds. */
export interface FolderJob {
  readonly deviceId: string;
}

/** How long files have to stay as they are; shorter in tests. */
export interface StabilityOptions {
  readonly stableMs?: number | undefined;
  /** Waits that long; tests know what happens meanwhile. */
  readonly pause?: ((durationMs: number) => Promise<void>) | undefined;
}

/**
 * Takes in what a device left in its folder, until nothing of it is being written any more.
 * @returns How many files went, those among the conflicts included; null when somebody else is at it.
 * @throws What interrupts it: the signal, a full disk, an absent database.
 */
export async function syncFolder(
  ctx: Context,
  deviceId: string,
  { stableMs = STABLE_MS, pause = Bun.sleep }: StabilityOptions = {},
): Promise<number | null> {
  const lock = await ctx.ports.kv.lock(`sync-folder:${deviceId}`, { ttlMs: FOLDER_LOCK_MS });
  if (lock === null) return null;
  try {
    let doneCount = 0;
    for (let round = 0; round < STABLE_ROUNDS_MAX; round += 1) {
      const batch = await runBatch(ctx, deviceId, {
        pause: () => pause(stableMs),
        keep: () => lock.extend(FOLDER_LOCK_MS),
      });
      doneCount += batch.doneCount;
      if (!batch.isChanging) break;
    }
    return doneCount;
  } finally {
    ctx.noteWrite();
    await lock.release();
  }
}

interface BatchOptions {
  /** Waits for files to stay as they are. */
  pause(): Promise<void>;
  /** Says that we go on; false when another process took over. */
  keep(): Promise<boolean>;
}

interface BatchResult {
  readonly doneCount: number;
  /** Files are still being written. */
  readonly isChanging: boolean;
}

const NOTHING: BatchResult = { doneCount: 0, isChanging: false };

async function runBatch(ctx: Context, deviceId: string, options: BatchOptions): Promise<BatchResult> {
  const device = await findTransferDevice(ctx.db, deviceId);
  const owner = device === null ? null : await actForOwner(ctx, device.userId);
  if (device === null || owner === null) return NOTHING;
  const arrivals = await listArrivals(ctx, deviceId);
  if (arrivals.length === 0) return NOTHING;
  await options.pause();
  ctx.signal.throwIfAborted();
  const { stable, isChanging } = await chooseStable(ctx, arrivals);
  const deliveries = await readDeliveries(owner, device, stable);
  if (deliveries.length === 0) return { doneCount: 0, isChanging };
  const outcome = await deliver(owner, { device, deliveries, options });
  return { doneCount: outcome.doneCount, isChanging: isChanging || outcome.isChanging };
}

async function chooseStable(ctx: Context, arrivals: readonly Arrival[]) {
  const stable: Arrival[] = [];
  for (const arrival of arrivals) {
    const now = await ctx.ports.files.find(arrival.path);
    if (isSameFile(arrival, now)) stable.push(arrival);
  }
  return { stable, isChanging: stable.length < arrivals.length };
}

/** Ties files to saves and roms; what belongs to nothing stays where it is, and the log says why. */
async function readDeliveries(
  ctx: Context,
  device: TransferDevice,
  arrivals: readonly Arrival[],
): Promise<readonly Delivery[]> {
  const leave = ({ path }: Arrival, reason: string) =>
    ctx.ports.log.info("an incoming file stays where it is", { deviceId: device.id, path, reason });
  const slugs = arrivals.map(({ platformFsSlug }) => platformFsSlug);
  const { platforms } = await readDrivenScene(ctx, device, slugs);
  const deliveries: Delivery[] = [];
  for (const [slug, files] of Map.groupBy(arrivals, ({ platformFsSlug }) => platformFsSlug)) {
    const platform = platforms.get(slug);
    const stems = files.map(({ fileName }) => toStem(fileName));
    const roms = platform === undefined ? new Map() : await findRomsOfStems(ctx, platform.id, stems);
    for (const arrival of files) {
      const { bytesMax } = ctx.facts.assets;
      const refusal = refuseName(arrival.fileName) ?? refuseSize(arrival.sizeBytes, bytesMax);
      const savedName = findSavedName(arrival.fileName)?.name ?? null;
      const saved = platform?.named.get(savedName ?? "") ?? null;
      const romId = roms.get(toStem(arrival.fileName)) ?? null;
      if (platform === undefined) leave(arrival, "The library has no such platform");
      else if (refusal !== null || savedName === null) leave(arrival, refusal ?? "The name cannot be used");
      else if (saved === null && romId === null) leave(arrival, "No rom of this platform goes by this name");
      else deliveries.push({ arrival, savedName, saved, romId });
    }
  }
  return deliveries;
}

interface Batch {
  readonly device: TransferDevice;
  readonly deliveries: readonly Delivery[];
  readonly options: BatchOptions;
}

async function deliver(ctx: Context, batch: Batch): Promise<BatchResult> {
  const { device, deliveries } = batch;
  const start = { status: "in_progress", operationsPlanned: deliveries.length } as const;
  const session = await inTransaction(ctx, async (inner) => {
    const begun = await beginSession(inner, device, start);
    raiseSync(inner, device, { phase: "started", session: begun, syncMode: "file_transfer" });
    return begun;
  });
  const progress: Progress = { session, doneCount: 0, isChanging: false, isTakenOver: false };
  try {
    await noteSighting(ctx, device.id);
    await deliverEach(ctx, batch, progress);
  } catch (error) {
    await endInterrupted(ctx, { device, session: progress.session, error });
    throw error;
  }
  await endSession(ctx, {
    device,
    session: progress.session,
    end: { status: progress.isTakenOver ? "cancelled" : "completed" },
  });
  return progress;
}

/** How far a batch is. */
interface Progress {
  session: SyncSession;
  doneCount: number;
  isChanging: boolean;
  /** Another process works on the folder by now, and looks at what is left. */
  isTakenOver: boolean;
}

async function deliverEach(
  ctx: Context,
  { device, deliveries, options }: Batch,
  progress: Progress,
): Promise<void> {
  for (const delivery of deliveries) {
    ctx.signal.throwIfAborted();
    if (!(await options.keep())) {
      progress.isTakenOver = true;
      progress.isChanging = false;
      return;
    }
    const outcome = await takeInCounted(ctx, device, delivery);
    const { session } = progress;
    if (outcome === null) {
      progress.session = { ...session, operationsFailed: session.operationsFailed + 1 };
      continue;
    }
    if (outcome.kind === "changing") progress.isChanging = true;
    else progress.session = { ...session, operationsCompleted: session.operationsCompleted + 1 };
    tellOutcome(ctx, { device, session: progress.session, delivery, outcome });
    if (outcome.kind === "done" || outcome.kind === "conflict") progress.doneCount += 1;
  }
}

interface Ending {
  readonly device: TransferDevice;
  readonly session: SyncSession;
  readonly end: {
    readonly status: "completed" | "cancelled" | "failed";
    readonly errorMessage?: string | undefined;
  };
}

/** Nobody waits for a session that did not say its end. */
async function endSession(ctx: Context, { device, session, end }: Ending): Promise<void> {
  const { operationsCompleted, operationsFailed } = session;
  const ended = await changeSession(ctx, session.id, { operationsCompleted, operationsFailed, ...end });
  // Ended by somebody else.
  if (ended === null || end.status === "cancelled") return;
  const phase = end.status === "completed" ? "completed" : "error";
  raiseSync(ctx, device, { phase, session: ended, syncMode: "file_transfer", reason: end.errorMessage });
}

/** What interrupts a batch is told by whoever catches it, also when the session cannot be ended. */
async function endInterrupted(
  ctx: Context,
  { error, ...about }: Omit<Ending, "end"> & { readonly error: unknown },
): Promise<void> {
  const end = ctx.signal.aborted
    ? ({ status: "cancelled" } as const)
    : ({ status: "failed", errorMessage: toAppError(error).message.slice(0, ERROR_CHARS_MAX) } as const);
  try {
    await endSession(ctx, { ...about, end });
  } catch (failure) {
    // With the database away it is cancelled by the next session of the device, or within a day.
    ctx.ports.log.debug("a sync session could not be ended", { sessionId: about.session.id, error: failure });
  }
}

/** Null for a file that failed, which stays where it is and does not keep the others. */
async function takeInCounted(
  ctx: Context,
  device: TransferDevice,
  delivery: Delivery,
): Promise<Outcome | null> {
  try {
    return await takeIn(ctx, device, delivery);
  } catch (error) {
    if (ctx.signal.aborted || isOutage(error)) throw error;
    const { path } = delivery.arrival;
    ctx.ports.log.warn("an incoming file cannot be synced", { deviceId: device.id, path, error });
    return isAppError(error) && error.code === "SAVES_SLOT_NEWER" ? { kind: "changing" } : null;
  }
}

interface Told {
  readonly device: TransferDevice;
  readonly session: SyncSession;
  readonly delivery: Delivery;
  readonly outcome: Outcome;
}

function tellOutcome(ctx: Context, { device, session, delivery, outcome }: Told): void {
  const { fileName, path } = delivery.arrival;
  if (outcome.kind === "left") {
    const { reason } = outcome;
    ctx.ports.log.info("an incoming file stays where it is", { deviceId: device.id, path, reason });
  }
  if (outcome.kind !== "conflict") return;
  const { romId, reason } = outcome;
  raiseSync(ctx, device, { phase: "conflict", session, syncMode: "file_transfer", fileName, romId, reason });
}

/**
 * Takes in what lies in the folders of all devices.
 * @returns How many files went.
 */
export async function syncAllFolders(ctx: Context, options: StabilityOptions = {}): Promise<number> {
  let doneCount = 0;
  for (const deviceId of await listTransferDeviceIds(ctx.db, DEVICE_FOLDERS_MAX)) {
    ctx.signal.throwIfAborted();
    doneCount += (await syncFolder(ctx, deviceId, options)) ?? 0;
  }
  return doneCount;
}

/** Works on folders that changed until stopped. */
export async function startFolderWorker(
  ports: Ports,
  { createContext, ...options }: StabilityOptions & { readonly createContext: () => Context },
): Promise<{ stop(): void }> {
  const stopping = new AbortController();
  await ports.queue.work<FolderJob>(
    FOLDER_QUEUE,
    { concurrency: DEVICES_RUNNING_MAX },
    async ({ data, signal }) => {
      const ctx = { ...createContext(), signal: AbortSignal.any([signal, stopping.signal]) };
      const doneCount = await syncFolder(ctx, data.deviceId, options);
      // The other one may have looked before the last file came.
      if (doneCount === null) await ports.queue.enqueue(FOLDER_QUEUE, data, { startAfterMs: AGAIN_MS });
    },
  );
  return { stop: () => stopping.abort() };
}
