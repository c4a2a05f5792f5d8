import * as v from "valibot";
import { syncAllFolders } from "../sync/folder/service.ts";
import { defineTask } from "./definition.ts";

/** Takes in what lies in the folders of devices that sync by files. */
export const syncFolderScan = defineTask({
  name: "sync_folder_scan",
  group: "manual",
  type: "sync",
  title: "Sync Folder Scan",
  describe: () => "Scan device sync folders for new save files",
  isEnabled: ({ sync }) => sync.isFolderWatched,
  findCron: () => null,
  input: v.strictObject({}),
  async run(ctx) {
    const files = await syncAllFolders(ctx);
    ctx.ports.log.info("took in the files of devices", { files });
  },
});
