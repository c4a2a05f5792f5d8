/** The table of tasks, in the order in which they are listed. */
import * as v from "valibot";
import { backup } from "./backup.ts";
import { cleanupMissingRoms } from "./cleanup-missing-roms.ts";
import { cleanupOrphanedResources } from "./cleanup-orphaned-resources.ts";
import { cleanupTrash } from "./cleanup-trash.ts";
import { cleanupUploadTmp } from "./cleanup-upload-tmp.ts";
import { cleanupZipCache } from "./cleanup-zip-cache.ts";
import { type AnyTask, defineTask } from "./definition.ts";
import { recomputeSaveContentHashes } from "./recompute-save-content-hashes.ts";
import { syncFolderScan } from "./sync-folder-scan.ts";
import { syncPushPull } from "./sync-push-pull.ts";

/** Runs as a scan, of which the scans keep account. */
const scanLibrary = defineTask({
  name: "scan_library",
  group: "scheduled",
  type: "scan",
  title: "Scheduled rescan",
  describe: () => "Rescans the entire library",
  isEnabled: ({ tasks }) => tasks.rescan.isEnabled,
  findCron: ({ tasks }) => tasks.rescan.cron,
  input: v.strictObject({}),
  run: null,
});

const filesystemWatcher = defineTask({
  name: "filesystem_watcher",
  group: "watcher",
  type: "watcher",
  title: "Rescan on filesystem change",
  describe: ({ tasks }) =>
    `Runs a scan when a change is detected in the library path, with a ${tasks.watcher.delayMinutes} minute delay`,
  isEnabled: ({ tasks }) => tasks.watcher.isEnabled,
  findCron: () => null,
  input: v.strictObject({}),
  run: null,
});

/** Every task that this server can do. */
export const TASKS: readonly AnyTask[] = [
  scanLibrary,
  cleanupZipCache,
  cleanupOrphanedResources,
  cleanupMissingRoms,
  syncFolderScan,
  recomputeSaveContentHashes,
  filesystemWatcher,
  cleanupUploadTmp,
  cleanupTrash,
  syncPushPull,
  backup,
];
