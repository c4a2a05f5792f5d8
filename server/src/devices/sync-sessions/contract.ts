import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { Id } from "../../base/schemas.ts";

export const SYNC_STATUSES = ["pending", "in_progress", "completed", "failed", "cancelled"] as const;
/** How a sync session stands. */
export type SyncStatus = (typeof SYNC_STATUSES)[number];

/** One run of a device's sync, from its plan to its end. */
export interface SyncSession {
  readonly id: number;
  /** The same session in the protocol that names sessions so. */
  readonly uuid: string;
  readonly deviceId: string;
  readonly userId: number;
  readonly status: SyncStatus;
  readonly initiatedAt: Instant;
  readonly completedAt: Instant | null;
  readonly operationsPlanned: number;
  readonly operationsCompleted: number;
  readonly operationsFailed: number;
  readonly errorMessage: string | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export const SyncSessionSchema = v.object({
  id: Id,
  uuid: v.string(),
  deviceId: v.string(),
  userId: v.number(),
  status: v.picklist(SYNC_STATUSES),
  initiatedAt: v.string(),
  completedAt: v.nullable(v.string()),
  operationsPlanned: v.number(),
  operationsCompleted: v.number(),
  operationsFailed: v.number(),
  errorMessage: v.nullable(v.string()),
  createdAt: v.string(),
  updatedAt: v.string(),
});
