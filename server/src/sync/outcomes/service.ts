import { noteSynced } from "../../assets/baselines/service.ts";
import { type FoundConflict, noteConflicts } from "../../assets/conflicts/service.ts";
import type { VersionHead } from "../../assets/versions/contract.ts";
import type { Context } from "../../base/context.ts";
import { inTransaction } from "../../base/transaction.ts";
import type { SyncSession } from "../../devices/sync-sessions/contract.ts";
import { beginSession } from "../../devices/sync-sessions/service.ts";
import { raiseSync } from "../events/service.ts";

/** What a comparison came to. */
export interface Outcome {
  /** Operations that are something to do. */
  readonly plannedCount: number;
  /** What the device has already, whatever it had before. */
  readonly identical: readonly VersionHead[];
  readonly conflicts: readonly FoundConflict[];
}

/** Begins the session of a plan, and notes what the comparison found, in one transaction. */
export async function recordOutcome(
  ctx: Context,
  device: { readonly id: string; readonly userId: number },
  { plannedCount, identical, conflicts }: Outcome,
): Promise<SyncSession> {
  return await inTransaction(ctx, async (inner) => {
    const start = { status: "in_progress", operationsPlanned: plannedCount } as const;
    const session = await beginSession(inner, device, start);
    await noteSynced(inner, device.id, identical);
    await noteConflicts(inner, conflicts);
    raiseSync(inner, device, { phase: "started", session });
    return session;
  });
}
