import * as v from "valibot";
import { sweepUploads } from "../roms/upload-sweep/service.ts";
import { defineTask } from "./definition.ts";

/** Removes uploads that were given up, and what interrupted calls left on disk. */
export const cleanupUploadTmp = defineTask({
  name: "cleanup_upload_tmp",
  group: "scheduled",
  type: "cleanup",
  isListed: false,
  title: "Cleanup of uploads",
  describe: () => "Removes uploads that were not finished within a day",
  isEnabled: () => true,
  findCron: () => "0 * * * *",
  input: v.strictObject({}),
  async run(ctx) {
    const { uploads, leftovers } = await sweepUploads(ctx);
    if (uploads + leftovers > 0) ctx.ports.log.info("removed abandoned uploads", { uploads, leftovers });
  },
});
