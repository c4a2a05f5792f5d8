import type { Context, Ports } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { requireAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { inTransaction } from "../../base/transaction.ts";
import { requireOwnDevice } from "../../devices/service.ts";
import type { SyncSession } from "../../devices/sync-sessions/contract.ts";
import { beginSession } from "../../devices/sync-sessions/service.ts";
import { syncDevice } from "../push-pull-runs/service.ts";
import { BegunSessionSchema, PushPullInput, type PushPullJob } from "./contract.ts";
import {
  ASKED_PRIORITY,
  DEVICES_RUNNING_MAX,
  RUN_AGAIN_MS,
  RUN_MS_MAX,
  SCHEDULED_DEVICES_MAX,
} from "./limits.ts";
import { listIdleDevices } from "./queries.ts";

/** Queue of runs, one job per session. */
const PUSH_PULL_QUEUE = "sync-push-pull";

/**
 * Begins a sync of a device that the server reaches by SSH. A session of the device that is open ends with it, and
 * with it the run under way.
 * @returns The session, which waits for its run.
 * @throws AppError `DEVICES_NOT_FOUND`, `SYNC_PUSH_PULL_MODE`, `SYNC_DISABLED`.
 */
export const pushPullDevice = operation(
  { type: "mutation", scope: "devices.write", input: PushPullInput, output: BegunSessionSchema },
  async (ctx, { deviceId }): Promise<SyncSession> => {
    const userId = requireAccountId(ctx);
    return await inTransaction(ctx, async (inner) => {
      const device = await requireOwnDevice(inner, deviceId, userId);
      if (device.syncMode !== "push_pull") {
        const message = "Device is not in push_pull sync mode";
        throw new AppError("invalid", "SYNC_PUSH_PULL_MODE", { message });
      }
      if (!device.syncEnabled) {
        throw new AppError("invalid", "SYNC_DISABLED", { message: "Sync is disabled for this device" });
      }
      return await queueRun(inner, { id: deviceId, userId }, ASKED_PRIORITY);
    });
  },
);

/** Writes the session and its job together: neither is there without the other. */
async function queueRun(
  ctx: Context,
  device: { readonly id: string; readonly userId: number },
  priority: number,
): Promise<SyncSession> {
  const session = await beginSession(ctx, device, { status: "pending", operationsPlanned: 0 });
  const job: PushPullJob = { deviceId: device.id, userId: device.userId, sessionId: session.id };
  await ctx.ports.queue.enqueue(PUSH_PULL_QUEUE, job, { within: ctx.db, priority });
  return session;
}

/**
 * Begins a sync of every device that the server reaches by SSH and that none is under way with.
 * @returns How many.
 */
export async function pushPullAllDevices(ctx: Context): Promise<number> {
  // A session that is older than any run may be was left by one that was lost.
  const openSince = new Date(ctx.ports.clock.now().getTime() - 2 * RUN_MS_MAX);
  const devices = await listIdleDevices(ctx.db, { openSince, limit: SCHEDULED_DEVICES_MAX });
  for (const device of devices) {
    ctx.signal.throwIfAborted();
    await inTransaction(ctx, (inner) => queueRun(inner, device, 0));
  }
  return devices.length;
}

/** Works on runs until stopped. One that is stopped is handed back and begins again elsewhere, where it stood. */
export async function startPushPullWorker(
  ports: Ports,
  { createContext }: { readonly createContext: () => Context },
): Promise<{ stop(): void }> {
  const stopping = new AbortController();
  await ports.queue.work<PushPullJob>(
    PUSH_PULL_QUEUE,
    { concurrency: DEVICES_RUNNING_MAX },
    async ({ data, signal }) => {
      const ctx = { ...createContext(), signal: AbortSignal.any([signal, stopping.signal]) };
      const outcome = await syncDevice(ctx, data);
      if (outcome === "busy")
        await ports.queue.enqueue(PUSH_PULL_QUEUE, data, { startAfterMs: RUN_AGAIN_MS });
    },
  );
  return { stop: () => stopping.abort() };
}
