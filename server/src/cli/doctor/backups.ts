import { listBackups } from "../../backup/reading/service.ts";
import { createDiskFiles } from "../../ports/files/disk.ts";
import { formatBytes } from "../scan-progress.ts";
import { type Check, finding } from "./check.ts";

/** Age of the newest backup from which on a nightly one must have failed, in milliseconds. */
const OLD_MS = 3 * 24 * 60 * 60 * 1000;
const MS_PER_HOUR = 60 * 60 * 1000;

/** The newest backup in the server's own folder. */
export const backupCheck: Check = {
  name: "backups",
  async run({ config: { backups } }) {
    const { folderPath, nightly } = backups;
    const scene = { files: createDiskFiles(), signal: new AbortController().signal };
    const [newest] = await listBackups(scene, folderPath);
    if (newest === undefined) {
      const next = nightly.isEnabled
        ? `the server makes one at "${nightly.cron}"`
        : "multitap backup makes one";
      return finding("backups", { status: "ok", message: `none in ${folderPath} yet; ${next}` });
    }
    const ageMs = Date.now() - Date.parse(newest.createdAt);
    const hours = Math.max(0, Math.round(ageMs / MS_PER_HOUR));
    const message = `${newest.path}: ${formatBytes(newest.sizeBytes)}, ${hours} hours old`;
    if (!nightly.isEnabled || ageMs < OLD_MS) return finding("backups", { status: "ok", message });
    return finding("backups", {
      status: "warn",
      message: `${message}, although one is made every night. Look for "a task failed" in the server's log`,
    });
  },
};
