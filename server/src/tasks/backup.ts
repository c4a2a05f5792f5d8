import * as v from "valibot";
import { runNightlyBackup } from "../backup/service.ts";
import { defineTask } from "./definition.ts";

/** Makes a backup, and removes the oldest of those that it made before. */
export const backup = defineTask({
  name: "backup",
  group: "scheduled",
  type: "generic",
  title: "Backup",
  describe: ({ backups }) =>
    `Saves database, keys, configuration and files of users; keeps the last ${backups.keptMax}`,
  isEnabled: ({ backups }) => backups.nightly.isEnabled,
  findCron: ({ backups }) => backups.nightly.cron,
  input: v.strictObject({}),
  async run(ctx) {
    await runNightlyBackup(ctx);
  },
});
