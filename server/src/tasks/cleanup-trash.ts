import * as v from "valibot";
import { purgeTrash, sweepLeftovers } from "../assets/trash/service.ts";
import { AppError } from "../base/errors.ts";
import { cancelForgottenSessions } from "../devices/sync-sessions/service.ts";
import { sweepRemovals } from "../roms/changes/service.ts";
import { defineTask } from "./definition.ts";

/** Held while files of users are removed for good; a backup holds it so that nothing goes meanwhile. */
export const DELETION_LOCK = "assets:deletion";
/** How long one round may take before its lock frees itself: six hours, in milliseconds. */
const LOCK_TTL_MS = 6 * 60 * 60 * 1000;
/** How long to wait for a backup that is about to end, in milliseconds. */
const LOCK_WAIT_MS = 10_000;

/** Removes for good what users deleted long ago, what crashes left behind, and the notes of what was removed. */
export const cleanupTrash = defineTask({
  name: "cleanup_trash",
  group: "scheduled",
  type: "cleanup",
  title: "Trash cleanup",
  isListed: false,
  describe: () => "Removes saves, states and screenshots for good that were deleted a month ago",
  isEnabled: () => true,
  findCron: () => "30 4 * * *",
  input: v.strictObject({}),
  async run(ctx) {
    const lock = await ctx.ports.kv.lock(DELETION_LOCK, { ttlMs: LOCK_TTL_MS, waitMs: LOCK_WAIT_MS });
    if (lock === null) {
      throw new AppError("unavailable", "TASKS_DELETION_LOCKED", {
        message: "A backup is running, so nothing is removed for good now",
        retryAfterMs: LOCK_WAIT_MS,
      });
    }
    try {
      await purgeTrash(ctx);
      await sweepLeftovers(ctx);
      await cancelForgottenSessions(ctx);
      await sweepRemovals(ctx);
    } finally {
      await lock.release();
    }
  },
});
