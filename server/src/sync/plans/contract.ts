import * as v from "valibot";
import { DeviceIdText, SlotText } from "../../assets/contract.ts";
import type { Instant } from "../../base/clock.ts";
import { GivenMoment, Id, list } from "../../base/schemas.ts";
import { SYNC_ENTRIES_MAX } from "../limits.ts";

/** In-memory game data, or a snapshot of an emulator. */
export type RemoteKind = "save" | "state";

/** One version that the server keeps. */
export interface RemoteSave {
  readonly id: number;
  readonly kind: RemoteKind;
  readonly romId: number;
  readonly slot: string | null;
  /** What its versions share: the file name without the moment that a slot adds. */
  readonly name: string;
  readonly fileName: string;
  readonly emulator: string | null;
  readonly sizeBytes: number;
  readonly contentHash: string | null;
  readonly sha1: string;
  /** Several files in one archive of the sync's own. */
  readonly isBundle: boolean;
  readonly originDeviceId: string | null;
  readonly updatedAt: Instant;
}

export const KindName = v.picklist(["save", "state"]);

export const RemoteSaveSchema = v.object({
  id: Id,
  kind: KindName,
  romId: Id,
  slot: v.nullable(v.string()),
  name: v.string(),
  fileName: v.string(),
  emulator: v.nullable(v.string()),
  sizeBytes: v.number(),
  contentHash: v.nullable(v.string()),
  sha1: v.string(),
  isBundle: v.boolean(),
  originDeviceId: v.nullable(v.string()),
  updatedAt: v.string(),
});

/** Half a character and zeros cannot be looked for in the database. */
const isStorable = (text: string) => text.isWellFormed() && !text.includes("\0");

const Name = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(1000),
  v.check(isStorable, "Input should be text that can be stored"),
);

/** How a device names a rom: by its id here, its bytes, or its place. */
export const RomRefSchema = v.union([
  Id,
  v.strictObject({ sha1: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/i)) }),
  v.strictObject({ platformSlug: Name, fsName: Name }),
]);
export type RomRef = v.InferOutput<typeof RomRefSchema>;

/** One save or state that a device has. */
export const LocalEntrySchema = v.strictObject({
  /** The device's own name for it; answers carry it. */
  key: v.pipe(v.string(), v.maxLength(4096)),
  rom: RomRefSchema,
  kind: KindName,
  slot: v.optional(SlotText, null),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(450)),
  /** Content hash, MD5 or SHA-1; without one clocks decide. */
  hash: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(64))), null),
  sizeBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  modifiedAt: GivenMoment,
});
export type LocalEntry = v.InferOutput<typeof LocalEntrySchema>;

export const PlanSyncInput = v.strictObject({
  /** The device that the token is bound to unless said. */
  deviceId: v.optional(DeviceIdText),
  entries: v.pipe(v.array(LocalEntrySchema), v.maxLength(SYNC_ENTRIES_MAX), v.readonly()),
  kinds: v.optional(v.pipe(v.array(KindName), v.minLength(1), v.readonly()), ["save", "state"]),
  /** Plans for these roms alone; all of them unless said. */
  romIds: v.optional(v.pipe(v.array(Id), v.maxLength(SYNC_ENTRIES_MAX), v.readonly())),
  direction: v.optional(v.picklist(["both", "upload", "download"]), "both"),
  /** Plans without a session, and writes nothing. */
  isDryRun: v.optional(v.boolean(), false),
});

/** What the two sides last had in common. */
export interface CommonBase {
  readonly contentHash: string | null;
  readonly at: Instant;
}

/** One thing that a device is to do. */
export interface PlannedAction {
  /** The device's entry; null for what only the server has. */
  readonly key: string | null;
  /** `trash`: the server has it no more, and the device has what the server once had. */
  readonly action: "upload" | "download" | "conflict" | "trash" | "none";
  readonly reason: string;
  /** Null when no rom of the library is meant. */
  readonly romId: number | null;
  readonly remote: RemoteSave | null;
  readonly base: CommonBase | null;
}

/** Everything that a device is to do. */
export interface RemotePlan {
  /** Null for a plan without a session. */
  readonly sessionId: number | null;
  readonly actions: readonly PlannedAction[];
}

export const RemotePlanSchema = v.object({
  sessionId: v.nullable(Id),
  actions: list(
    v.object({
      key: v.nullable(v.string()),
      action: v.picklist(["upload", "download", "conflict", "trash", "none"]),
      reason: v.string(),
      romId: v.nullable(Id),
      remote: v.nullable(RemoteSaveSchema),
      base: v.nullable(v.object({ contentHash: v.nullable(v.string()), at: v.string() })),
    }),
  ),
});
