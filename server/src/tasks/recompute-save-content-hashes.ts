import * as v from "valibot";
import { rehashVersions } from "../assets/rehashing/service.ts";
import { defineTask } from "./definition.ts";

/** Reads every save and state again for what identifies it. */
export const recomputeSaveContentHashes = defineTask({
  name: "recompute_save_content_hashes",
  group: "manual",
  type: "cleanup",
  title: "Recompute save content hashes",
  describe: () => "Recompute the content hash of every save",
  isEnabled: () => true,
  findCron: () => null,
  input: v.strictObject({}),
  async run(ctx) {
    for await (const _count of rehashVersions(ctx, { isUnhashedOnly: false })) ctx.signal.throwIfAborted();
  },
});
