import type { Activity } from "@multitap/server/contract/activity";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** Who plays what now; changes come as events of the topic `activity`. */
export interface Activities {
  /**
   * Gives who plays now; those that began last first. Whoever set `activityHidden` in the settings of the account is
   * seen by nobody else.
   * @param filter.romId Everything that is played unless said.
   * @example
   * for (const { username, romName } of await client.activity.list()) show(`${username}: ${romName}`);
   */
  list(filter?: { readonly romId?: number | undefined }, options?: CallOptions): Promise<readonly Activity[]>;
  /**
   * Says that one plays a rom on a registered device; to be said again every 30 to 60 s, and forgotten after 90.
   * @throws MultitapError `not_found`: `ROMS_NOT_FOUND`, `DEVICES_NOT_FOUND`.
   * @example
   * const timer = setInterval(() => client.activity.heartbeat({ romId: 42, deviceId }), 45_000);
   */
  heartbeat(
    input: { readonly romId: number; readonly deviceId: string },
    options?: WriteOptions,
  ): Promise<Activity>;
  /**
   * Says that one plays no more on a device.
   * @example
   * await client.activity.stop(deviceId);
   */
  stop(deviceId: string, options?: WriteOptions): Promise<void>;
}

/** Builds the calls of this domain. */
export function createActivities(rpc: Rpc): Activities {
  return {
    list: (filter = {}, options) => rpc.query("activity.list", filter, options),
    heartbeat: (input, options) => rpc.mutate("activity.heartbeat", input, options),
    async stop(deviceId, options) {
      await rpc.mutate("activity.stop", { deviceId }, options);
    },
  };
}
