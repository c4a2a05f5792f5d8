import * as v from "valibot";
import { purgeTrash, sweepLeftovers } from "../assets/trash/service.ts";
import { holdDeletions } from "../base/deletion-hold.ts";
import { AppError } from "../base/errors.ts";
import { cancelForgottenSessions } from "../devices/sync-sessions/service.ts";
import { sweepRemovals } from "../roms/changes/service.ts";
import { defineTask } from "./definition.ts";

/** How long to wait for a backup that is about to end, in milliseconds. */
const HOLD_WAIT_MS = 10_000;

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
    const hold = await holdDeletions(ctx.ports.kv, { waitMs: HOLD_WAIT_MS });
    if (hold === null) {
      throw new AppError("unavailable", "TASKS_DELETION_LOCKED", {
        message: "A backup is running, so nothing is removed for good now",
        retryAfterMs: HOLD_WAIT_MS,
      });
    }
    const held = { ...ctx, signal: AbortSignal.any([ctx.signal, hold.signal]) };
    try {
      await purgeTrash(held);
      await sweepLeftovers(held);
      await cancelForgottenSessions(ctx);
      await sweepRemovals(ctx);
    } finally {
      await hold.release();
    }
  },
});
