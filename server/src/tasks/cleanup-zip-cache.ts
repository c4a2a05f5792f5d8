import * as v from "valibot";
import { defineTask } from "./definition.ts";

/** Removes download archives that lay ready for too long; the cache itself looks too, while the server runs. */
export const cleanupZipCache = defineTask({
  name: "cleanup_zip_cache",
  group: "scheduled",
  type: "cleanup",
  title: "Scheduled ZIP cache cleanup",
  describe: () => "Removes stale cached ZIP files based on tiered TTL",
  isEnabled: () => true,
  findCron: () => "0 4 * * *",
  input: v.strictObject({}),
  isClockOnly: true,
  run: async (_ctx, { housekeeping }) => await housekeeping.sweepZips(),
});
