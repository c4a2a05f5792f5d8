import type { Context } from "../../base/context.ts";
import type { SyncEvent } from "../../base/events.ts";
import type { SyncSession } from "../../devices/sync-sessions/contract.ts";

/** What is told about a session. */
export interface SyncNews {
  readonly phase: SyncEvent["phase"];
  readonly session: SyncSession;
  readonly syncMode?: SyncEvent["syncMode"] | undefined;
  readonly fileName?: string | undefined;
  readonly romId?: number | undefined;
  readonly reason?: string | undefined;
}

/** Tells the owner of a device how its sync goes. */
export function raiseSync(
  ctx: Pick<Context, "raise">,
  device: { readonly id: string; readonly userId: number },
  { phase, session, syncMode = "api", fileName, romId, reason }: SyncNews,
): void {
  ctx.raise({
    topic: "sync",
    userId: device.userId,
    data: {
      phase,
      deviceId: device.id,
      sessionId: session.id,
      syncMode,
      operationsPlanned: session.operationsPlanned,
      operationsCompleted: session.operationsCompleted,
      operationsFailed: session.operationsFailed,
      fileName: fileName ?? null,
      romId: romId ?? null,
      reason: reason ?? null,
    },
  });
}
