import * as v from "valibot";
import { DeviceIdText, EmulatorText, SlotText } from "../../assets/contract.ts";
import type { Instant } from "../../base/clock.ts";
import { GivenMoment, Id, list } from "../../base/schemas.ts";
import { SYNC_ENTRIES_MAX } from "../limits.ts";

/** What a device says of one file of its own. */
export const DeviceEntrySchema = v.strictObject({
  romId: Id,
  fileName: v.pipe(v.string(), v.maxLength(1000)),
  slot: v.optional(SlotText, null),
  emulator: v.optional(EmulatorText, null),
  /** Content hash, MD5 or SHA-1. */
  contentHash: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(64))), null),
  updatedAt: GivenMoment,
  sizeBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});
export type DeviceEntry = v.InferOutput<typeof DeviceEntrySchema>;

export const NegotiateInput = v.strictObject({
  /** The device that the token is bound to unless said. */
  deviceId: v.optional(v.nullable(DeviceIdText)),
  saves: v.pipe(v.array(DeviceEntrySchema), v.maxLength(SYNC_ENTRIES_MAX), v.readonly()),
  /** Plans without a session, and writes nothing. */
  isDryRun: v.optional(v.boolean(), false),
});

/** One thing that a device is to do. */
export interface SyncOperation {
  readonly action: "upload" | "download" | "conflict" | "no_op";
  readonly romId: number;
  /** The server's version; null when it has none. */
  readonly saveId: number | null;
  readonly fileName: string;
  readonly slot: string | null;
  readonly emulator: string | null;
  readonly reason: string;
  readonly serverUpdatedAt: Instant | null;
  readonly serverContentHash: string | null;
}

/** What a device is to do, and the session that counts it. */
export interface Negotiation {
  /** Null for a plan without a session. */
  readonly sessionId: number | null;
  readonly operations: readonly SyncOperation[];
}

const TextOrNull = v.nullable(v.string());

export const SyncOperationSchema = v.object({
  action: v.picklist(["upload", "download", "conflict", "no_op"]),
  romId: Id,
  saveId: v.nullable(Id),
  fileName: v.string(),
  slot: TextOrNull,
  emulator: TextOrNull,
  reason: v.string(),
  serverUpdatedAt: TextOrNull,
  serverContentHash: TextOrNull,
});

export const NegotiationSchema = v.object({
  sessionId: v.nullable(Id),
  operations: list(SyncOperationSchema),
});
