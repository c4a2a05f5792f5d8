import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import { Id, InstantText, list, Nothing } from "../base/schemas.ts";
import {
  DEVICE_TEXT_CHARS_MAX,
  DEVICE_WORD_CHARS_MAX,
  IP_ADDRESS_CHARS_MAX,
  MAC_ADDRESS_CHARS_MAX,
  SYNC_CONFIG_CHARS_MAX,
  SYNC_CONFIG_DEPTH_MAX,
} from "./limits.ts";

/** Who begins a sync: the device by calling us, files in a folder, or we by SSH. */
export const SYNC_MODES = ["api", "file_transfer", "push_pull"] as const;
/** Who begins a sync, and how. */
export type SyncMode = (typeof SYNC_MODES)[number];

/** Which ways a device that calls us syncs. */
export const SYNC_DIRECTIONS = ["pull_only", "push_only", "push_pull"] as const;
/** Which ways a device syncs. */
export type SyncDirection = (typeof SYNC_DIRECTIONS)[number];

/** Whatever apps and the server keep about how a device syncs. */
export type SyncConfig = Readonly<Record<string, unknown>>;

/** A registered machine that plays or syncs. */
export interface Device {
  readonly id: string;
  readonly userId: number;
  readonly name: string | null;
  /** Its operating system, in the app's words. */
  readonly platform: string | null;
  /** The app. */
  readonly client: string | null;
  readonly clientVersion: string | null;
  readonly ipAddress: string | null;
  readonly macAddress: string | null;
  readonly hostname: string | null;
  readonly clientDeviceIdentifier: string | null;
  readonly syncMode: SyncMode;
  readonly isSyncEnabled: boolean;
  /** Secrets in it read `********`; null when nothing was set. */
  readonly syncConfig: SyncConfig | null;
  readonly lastSeenAt: Instant | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

const TextOrNull = v.nullable(v.string());
const MomentOrNull = v.nullable(InstantText);

export const DeviceSchema = v.object({
  id: v.string(),
  userId: Id,
  name: TextOrNull,
  platform: TextOrNull,
  client: TextOrNull,
  clientVersion: TextOrNull,
  ipAddress: TextOrNull,
  macAddress: TextOrNull,
  hostname: TextOrNull,
  clientDeviceIdentifier: TextOrNull,
  syncMode: v.picklist(SYNC_MODES),
  isSyncEnabled: v.boolean(),
  syncConfig: v.nullable(v.record(v.string(), v.unknown())),
  lastSeenAt: MomentOrNull,
  createdAt: InstantText,
  updatedAt: InstantText,
});
export const DeviceListSchema = list(DeviceSchema);

/** JSON knows texts that the database refuses: with U+0000, or with half of a surrogate pair. */
const isStorableText = (text: string) => text.isWellFormed() && !text.includes("\0");

function isStorable(value: unknown, depthLeft: number): boolean {
  if (typeof value === "string") return isStorableText(value);
  if (typeof value !== "object" || value === null) return true;
  if (depthLeft === 0) return false;
  return Object.entries(value).every(([key, item]) => isStorableText(key) && isStorable(item, depthLeft - 1));
}

const upTo = (charsMax: number) =>
  v.pipe(
    v.string(),
    v.maxLength(charsMax),
    v.check(isStorableText, "Input should not contain a zero character"),
  );

export const SyncConfigSchema = v.pipe(
  v.record(v.string(), v.unknown()),
  v.check(
    (config) => isStorable(config, SYNC_CONFIG_DEPTH_MAX),
    "Input is nested too deep or holds a zero character",
  ),
  v.check((config) => JSON.stringify(config).length <= SYNC_CONFIG_CHARS_MAX, "Input is too long"),
);

const Text = upTo(DEVICE_TEXT_CHARS_MAX);
const Word = upTo(DEVICE_WORD_CHARS_MAX);

/** Where a device keeps its files. */
const Paths = v.pipe(
  v.record(v.string(), v.nullable(upTo(4 * DEVICE_TEXT_CHARS_MAX))),
  v.check((paths) => Object.keys(paths).length <= DEVICE_WORD_CHARS_MAX, "Input is too long"),
);

/** What an app says of the device that it runs on; what is left out is not known. */
export const deviceFields = {
  name: v.optional(Text),
  platform: v.optional(Word),
  client: v.optional(Word),
  clientVersion: v.optional(Word),
  ipAddress: v.optional(upTo(IP_ADDRESS_CHARS_MAX)),
  macAddress: v.optional(upTo(MAC_ADDRESS_CHARS_MAX)),
  hostname: v.optional(Text),
  syncMode: v.optional(v.picklist(SYNC_MODES)),
  /** Replaces all of it; secrets that read `********` stay as they are. */
  syncConfig: v.optional(SyncConfigSchema),
  /** Become part of the sync settings, beside what is there. */
  syncDirection: v.optional(v.picklist(SYNC_DIRECTIONS)),
  paths: v.optional(Paths),
};

const Description = v.strictObject(deviceFields);
export type DeviceDescription = v.InferOutput<typeof Description>;

/** A device's id as it is sent; one that no device can have is that of no device. */
export const DeviceIdInput = v.strictObject({ deviceId: v.string() });

/** What changes of a device; what is left out stays. */
export const UpdateDeviceInput = v.strictObject({
  deviceId: v.string(),
  ...deviceFields,
  isSyncEnabled: v.optional(v.boolean()),
});
export type DeviceChanges = DeviceDescription & { readonly isSyncEnabled?: boolean | undefined };

/** A device that was registered, or was there already. */
export interface RegisteredDevice {
  readonly device: Device;
  readonly isNew: boolean;
}

export const RemovedDeviceSchema = Nothing;
