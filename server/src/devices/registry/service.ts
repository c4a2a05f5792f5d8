import { join } from "node:path";
import { toInstant, toInstantOrNull } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { isEntryName } from "../../base/entry-name.ts";
import { requireAccountId } from "../../base/identity.ts";
import { createUuid } from "../../base/ids.ts";
import { operation } from "../../base/operation.ts";
import { NoInput } from "../../base/schemas.ts";
import { inTransaction } from "../../base/transaction.ts";
import {
  type Device,
  type DeviceChanges,
  type DeviceDescription,
  DeviceIdInput,
  DeviceListSchema,
  DeviceSchema,
  RemovedDeviceSchema,
  SYNC_MODES,
  UpdateDeviceInput,
} from "../contract.ts";
import { DEVICES_PER_USER_MAX } from "../limits.ts";
import {
  type DeviceRow,
  deleteDevice,
  findDeviceByFingerprint,
  insertDevice,
  listDeviceRows,
  lockDevicesOf,
  lockOwnDevice,
  updateDeviceRow,
} from "../queries.ts";
import { maskSyncConfig, mergeSyncConfig } from "../rules.ts";
import {
  deviceNotFound,
  isBrowserIdentifier,
  isStorableId,
  requireDeviceRoom,
  requireOwnDevice,
} from "../service.ts";

/** Folders of a device whose files are looked at, as in the compatible layout. */
const TRANSFER_FOLDERS = ["incoming", "outgoing", "conflicts"] as const;

/** A device as its owner sees it. */
export function toDevice(row: DeviceRow): Device {
  const {
    syncEnabled,
    lastSeen,
    createdAt,
    updatedAt,
    syncMode,
    syncConfig,
    clientDeviceIdentifier,
    ...rest
  } = row;
  return {
    ...rest,
    // By what a browser is known again is nobody's business.
    clientDeviceIdentifier:
      clientDeviceIdentifier !== null && isBrowserIdentifier(clientDeviceIdentifier)
        ? null
        : clientDeviceIdentifier,
    syncMode: SYNC_MODES.find((mode) => mode === syncMode) ?? "api",
    isSyncEnabled: syncEnabled,
    syncConfig: maskSyncConfig(syncConfig),
    lastSeenAt: toInstantOrNull(lastSeen),
    createdAt: toInstant(createdAt),
    updatedAt: toInstant(updatedAt),
  };
}

/** The caller's devices, browsers among them; those that were registered last first. */
export const listDevices = operation(
  { type: "query", scope: "devices.read", input: NoInput, output: DeviceListSchema },
  async (ctx) => (await listDeviceRows(ctx.db, requireAccountId(ctx), DEVICES_PER_USER_MAX)).map(toDevice),
);

/**
 * One of the caller's devices.
 * @throws AppError `DEVICES_NOT_FOUND`, also for somebody else's.
 */
export const getDevice = operation(
  { type: "query", scope: "devices.read", input: DeviceIdInput, output: DeviceSchema },
  async (ctx, { deviceId }) => toDevice(await requireOwnDevice(ctx, deviceId, requireAccountId(ctx))),
);

/**
 * Changes one of the caller's devices; what is left out stays.
 * @throws AppError `DEVICES_NOT_FOUND`, also for somebody else's.
 */
export const updateDevice = operation(
  { type: "mutation", scope: "devices.write", input: UpdateDeviceInput, output: DeviceSchema },
  async (ctx, { deviceId, ...changes }): Promise<Device> => {
    const userId = requireAccountId(ctx);
    if (!isStorableId(deviceId)) throw deviceNotFound(deviceId);
    const device = await inTransaction(ctx, async ({ db }) => {
      const row = await lockOwnDevice(db, deviceId, userId);
      if (row === null) throw deviceNotFound(deviceId);
      const columns = toColumns(row, changes);
      if (Object.keys(columns).length === 0) return toDevice(row);
      return toDevice(await updateDeviceRow(db, deviceId, { ...columns, updatedAt: ctx.ports.clock.now() }));
    });
    if (changes.syncMode === "file_transfer") await createTransferFolders(ctx, deviceId);
    return device;
  },
);

/** Columns of a device that change; none where nothing was given. */
function toColumns(row: DeviceRow, changes: DeviceChanges): Partial<DeviceRow> {
  const { isSyncEnabled, syncConfig, syncDirection, paths, ...plain } = changes;
  const isConfigGiven = syncConfig !== undefined || syncDirection !== undefined || paths !== undefined;
  const given = {
    ...plain,
    syncEnabled: isSyncEnabled,
    syncConfig: isConfigGiven
      ? mergeSyncConfig(row.syncConfig, { syncConfig, syncDirection, paths })
      : undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/**
 * Removes one of the caller's devices with what is known of its syncs; saves, play sessions and tokens stay.
 * @throws AppError `DEVICES_NOT_FOUND`, also for somebody else's.
 */
export const removeDevice = operation(
  { type: "mutation", scope: "devices.write", input: DeviceIdInput, output: RemovedDeviceSchema },
  async (ctx, { deviceId }): Promise<null> => {
    const userId = requireAccountId(ctx);
    if (!isStorableId(deviceId) || !(await deleteDevice(ctx.db, deviceId, userId))) {
      throw deviceNotFound(deviceId);
    }
    return null;
  },
);

/** What a registration found or made. */
export interface Registration {
  /** Null when one was found that must not be taken. */
  readonly device: Device | null;
  readonly deviceId: string;
  readonly isNew: boolean;
}

/**
 * Finds the device of an account that a description is about, or adds it, for other domains: inside a transaction,
 * and an operation whose scope was asked before. Of a device that is there only the last sign of life changes.
 * @throws AppError `DEVICE_LIMIT`.
 */
export async function registerDevice(ctx: Context, asked: AskedRegistration): Promise<Registration> {
  const { userId, description, isExistingAllowed, isDuplicateAllowed } = asked;
  await lockDevicesOf(ctx.db, userId);
  const found = isDuplicateAllowed ? null : await findDeviceByFingerprint(ctx.db, userId, description);
  const now = ctx.ports.clock.now();
  if (found !== null) {
    if (!isExistingAllowed) return { device: null, deviceId: found.id, isNew: false };
    const row = await updateDeviceRow(ctx.db, found.id, { lastSeen: now });
    return { device: toDevice(row), deviceId: found.id, isNew: false };
  }
  const { syncConfig, syncDirection, paths, ...plain } = description;
  const row = await insertDevice(ctx.db, {
    ...plain,
    id: createUuid(),
    userId,
    syncConfig: mergeSyncConfig(null, { syncConfig, syncDirection, paths }),
    lastSeen: now,
    createdAt: now,
    updatedAt: now,
  });
  await requireDeviceRoom(ctx, userId);
  return { device: toDevice(row), deviceId: row.id, isNew: true };
}

/** Whose device to register, and what to do with one that is there already. */
export interface AskedRegistration {
  readonly userId: number;
  readonly description: DeviceDescription;
  readonly isExistingAllowed: boolean;
  /** Adds another one, whatever is there. */
  readonly isDuplicateAllowed: boolean;
}

/** Makes the folders of a device whose files are looked at. A failure is logged only: the device is registered. */
export async function createTransferFolders(ctx: Context, deviceId: string): Promise<void> {
  if (!isEntryName(deviceId)) return;
  try {
    for (const folder of TRANSFER_FOLDERS) {
      await ctx.ports.files.createFolder(join(ctx.facts.basePath, "sync", deviceId, folder));
    }
  } catch (error) {
    ctx.ports.log.warn("could not make the sync folders of a device", { deviceId, error });
  }
}
