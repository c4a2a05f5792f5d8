import { toWireInstant, toWireInstantOrNull } from "../users/wire.ts";
import type { Device, RegisteredDevice } from "./contract.ts";

/** A device in the compatible shape. */
export function toDeviceWire(device: Device) {
  return {
    id: device.id,
    user_id: device.userId,
    name: device.name,
    platform: device.platform,
    client: device.client,
    client_version: device.clientVersion,
    ip_address: device.ipAddress,
    mac_address: device.macAddress,
    hostname: device.hostname,
    client_device_identifier: device.clientDeviceIdentifier,
    sync_mode: device.syncMode,
    sync_enabled: device.isSyncEnabled,
    sync_config: device.syncConfig,
    last_seen: toWireInstantOrNull(device.lastSeenAt),
    created_at: toWireInstant(device.createdAt),
    updated_at: toWireInstant(device.updatedAt),
  };
}

/** A registration in the compatible shape, which apps read under either name of the id. */
export function toRegisteredWire({ device }: RegisteredDevice) {
  return {
    device_id: device.id,
    id: device.id,
    name: device.name,
    created_at: toWireInstant(device.createdAt),
  };
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Modes of the documented API that say which way a device syncs; it calls us. */
const DIRECTIONS: ReadonlySet<unknown> = new Set(["pull_only", "push_only"]);

/** Mode and direction; one that is neither API's is handed on, so that the schema refuses it. */
function fromSyncMode({ sync_mode: mode, sync_config: config, paths }: Fields): Fields {
  if (DIRECTIONS.has(mode)) return { syncMode: "api", syncDirection: mode };
  const isSsh = isFields(config) && config.ssh_host !== undefined && config.ssh_host !== null;
  // The documented API calls so what syncs both ways; only the other one connects by SSH, and says whereto.
  if (mode === "push_pull" && isFields(paths) && !isSsh) return { syncMode: "api", syncDirection: mode };
  return { syncMode: mode ?? undefined };
}

/** Takes what an app says of its device out of a JSON body. Null is as good as absent; further fields are ignored. */
function fromDescription(fields: Fields): Fields {
  return {
    name: fields.name ?? undefined,
    platform: fields.platform ?? undefined,
    client: fields.client ?? undefined,
    clientVersion: fields.client_version ?? undefined,
    ipAddress: fields.ip_address ?? undefined,
    macAddress: fields.mac_address ?? fields.mac ?? undefined,
    hostname: fields.hostname ?? undefined,
    syncConfig: fields.sync_config ?? undefined,
    paths: fields.paths ?? undefined,
    ...fromSyncMode(fields),
  };
}

/** Takes a registration out of a JSON body; null for what is no object. */
export function fromRegisterWire(body: unknown): unknown {
  if (!isFields(body)) return null;
  return {
    ...fromDescription(body),
    isExistingAllowed: body.allow_existing ?? undefined,
    isDuplicateAllowed: body.allow_duplicate ?? undefined,
    isSyncReset: body.reset_syncs ?? undefined,
  };
}

/** Takes changes of a device out of a JSON body; null for what is no object. */
export function fromDeviceChangesWire(deviceId: string, body: unknown): unknown {
  if (!isFields(body)) return null;
  return { deviceId, ...fromDescription(body), isSyncEnabled: body.sync_enabled ?? undefined };
}
