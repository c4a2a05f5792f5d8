import * as v from "valibot";
import { pushPullAllDevices } from "../sync/push-pull/service.ts";
import { defineTask } from "./definition.ts";

/** Begins a sync of every device that is reached by SSH; each has a session of its own to tell how it went. */
export const syncPushPull = defineTask({
  name: "sync_push_pull",
  group: "scheduled",
  type: "sync",
  isListed: false,
  title: "Push-Pull Sync",
  describe: () => "Syncs the devices that are reached by SSH",
  isEnabled: ({ sync }) => sync.pushPull.isEnabled,
  findCron: ({ sync }) => sync.pushPull.cron,
  input: v.strictObject({}),
  async run(ctx) {
    const devices = await pushPullAllDevices(ctx);
    if (devices > 0) ctx.ports.log.info("syncing devices by SSH", { devices });
  },
});
