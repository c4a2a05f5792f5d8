import * as v from "valibot";
import { DeviceIdText } from "../assets/contract.ts";
import {
  contentEntries,
  ListVersionsInput,
  RemovedIds,
  replaceEntries,
  type ShownVersion,
  ShownVersionSchema,
  UploadVersionInput,
  VersionContentSchema,
} from "../assets/shown/contract.ts";
import type { Instant } from "../base/clock.ts";
import { Id, list } from "../base/schemas.ts";

/** How far a device is with a save. */
export interface DeviceSync {
  readonly deviceId: string;
  readonly deviceName: string | null;
  readonly lastSyncedAt: Instant;
  readonly isUntracked: boolean;
  /** It has the bytes that the save has now. */
  readonly isCurrent: boolean;
}

/** One version of a save. */
export type Save = ShownVersion;

/** A save, and how far devices are with it: all of them when a device asks, else none. */
export interface SyncedSave extends Save {
  readonly deviceSyncs: readonly DeviceSync[];
}

const TextOrNull = v.nullable(v.string());

const DeviceSyncSchema = v.object({
  deviceId: v.string(),
  deviceName: TextOrNull,
  lastSyncedAt: v.string(),
  isUntracked: v.boolean(),
  isCurrent: v.boolean(),
});

export const SaveSchema = ShownVersionSchema;
export const SyncedSaveSchema = v.object({ ...SaveSchema.entries, deviceSyncs: list(DeviceSyncSchema) });

const DeviceId = v.optional(DeviceIdText);

export const SaveIdInput = v.strictObject({ saveId: Id, deviceId: DeviceId });

/** Saves of one rom by slot. */
export interface SavesSummary {
  readonly totalCount: number;
  /** By their newest save, oldest first. */
  readonly slots: readonly {
    readonly slot: string | null;
    readonly count: number;
    readonly latest: SyncedSave;
  }[];
}

export const SummarizeSavesInput = v.strictObject({ romId: Id });
export const SavesSummarySchema = v.object({
  totalCount: v.number(),
  slots: list(v.object({ slot: TextOrNull, count: v.number(), latest: SyncedSaveSchema })),
});

export const ListSavesInput = ListVersionsInput;

export const UploadSaveInput = UploadVersionInput;

export const ReplaceSaveInput = v.strictObject({ saveId: Id, ...replaceEntries });

export const GetSaveContentInput = v.strictObject({ saveId: Id, ...contentEntries });

export const SaveContentSchema = VersionContentSchema;

export const SaveVisibilityInput = v.strictObject({ saveId: Id, isPublic: v.boolean() });

export const RemoveSavesInput = v.strictObject({ saveIds: RemovedIds });

export const SaveDeviceInput = v.strictObject({
  saveId: Id,
  /** The device that the token is bound to unless said. */
  deviceId: DeviceId,
});
