import type { Device, SyncConfig, SyncDirection, SyncMode } from "@multitap/server/contract/devices";
import type { SyncSession } from "@multitap/server/contract/devices/sync-sessions";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** What an app says of the machine that it runs on. */
export interface DeviceDescription {
  readonly name?: string | undefined;
  /** Its operating system. */
  readonly platform?: string | undefined;
  /** The app. */
  readonly client?: string | undefined;
  readonly clientVersion?: string | undefined;
  readonly ipAddress?: string | undefined;
  /** By which the machine is known again. */
  readonly macAddress?: string | undefined;
  /** By which, with the operating system, the machine is known again. */
  readonly hostname?: string | undefined;
  /** `api` unless said. */
  readonly syncMode?: SyncMode | undefined;
  /** All of it; a secret that reads `********` stays as it is. */
  readonly syncConfig?: SyncConfig | undefined;
  /** Which ways an `api` device syncs. */
  readonly syncDirection?: SyncDirection | undefined;
  /** Where the device keeps its files. */
  readonly paths?: Readonly<Record<string, string | null>> | undefined;
}

/** What to do with a device that is there already. */
export interface RegisterDevice extends DeviceDescription {
  /** Takes it; otherwise that is a conflict. True unless said. */
  readonly isExistingAllowed?: boolean | undefined;
  /** Adds another one, whatever is there. */
  readonly isDuplicateAllowed?: boolean | undefined;
  /** Forgets what it synced: it begins anew. */
  readonly isSyncReset?: boolean | undefined;
}

/** What changes of a device; what is left out stays. */
export interface UpdateDevice extends DeviceDescription {
  readonly isSyncEnabled?: boolean | undefined;
}

/** Machines that play and sync. */
export interface Devices {
  /**
   * Gives one's devices, browsers among them; those that were registered last first.
   * @example
   * const seen = (await client.devices.list()).map(({ name, lastSeenAt }) => [name, lastSeenAt]);
   */
  list(options?: CallOptions): Promise<readonly Device[]>;
  /**
   * Reads one of one's devices.
   * @throws MultitapError `not_found`.
   * @example
   * const { isSyncEnabled } = await client.devices.get(deviceId);
   */
  get(deviceId: string, options?: CallOptions): Promise<Device>;
  /**
   * Registers the machine that the app runs on, or finds it: by its hardware address, else by host name and system.
   * @throws MultitapError `conflict` (`DEVICES_EXISTS`), `invalid` (`DEVICE_LIMIT`).
   * @example
   * const { device } = await client.devices.register({ name: "Deck", hostname: "deck", platform: "linux" });
   */
  register(
    input?: RegisterDevice,
    options?: WriteOptions,
  ): Promise<{ readonly device: Device; readonly isNew: boolean }>;
  /**
   * Changes a device.
   * @throws MultitapError `not_found`.
   * @example
   * await client.devices.update(deviceId, { isSyncEnabled: false });
   */
  update(deviceId: string, changes: UpdateDevice, options?: WriteOptions): Promise<Device>;
  /**
   * Removes a device and what is known of its syncs; saves and play sessions stay.
   * @throws MultitapError `not_found`.
   * @example
   * await client.devices.remove(deviceId);
   */
  remove(deviceId: string, options?: WriteOptions): Promise<void>;
  /**
   * Begins a sync of a `push_pull` device, which the server reaches by SSH; events tell how it goes.
   * @throws MultitapError `not_found`, `invalid` (`SYNC_PUSH_PULL_MODE`, `SYNC_DISABLED`).
   * @example
   * const { id: sessionId } = await client.devices.pushPull(deviceId);
   */
  pushPull(deviceId: string, options?: WriteOptions): Promise<SyncSession>;
}

/** Builds the calls of this domain. */
export function createDevices(rpc: Rpc): Devices {
  return {
    list: (options) => rpc.query("devices.list", {}, options),
    get: (deviceId, options) => rpc.query("devices.get", { deviceId }, options),
    register: (input = {}, options) => rpc.mutate("devices.register", input, options),
    update: (deviceId, changes, options) => rpc.mutate("devices.update", { deviceId, ...changes }, options),
    async remove(deviceId, options) {
      await rpc.mutate("devices.remove", { deviceId }, options);
    },
    pushPull: (deviceId, options) => rpc.mutate("devices.pushPull", { deviceId }, options),
  };
}
