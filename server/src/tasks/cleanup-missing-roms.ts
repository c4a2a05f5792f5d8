import type { Context } from "../base/context.ts";
import { isAppError } from "../base/errors.ts";
import { discardResources } from "../roms/disk-changes/service.ts";
import { countMissingRoms, removeMissingRoms } from "../roms/removal/service.ts";
import { CleanupMissingRomsInput, type MissingRomsStats } from "./contract.ts";
import { defineTask } from "./definition.ts";

/** Removes roms whose files are gone, with their artwork. */
export const cleanupMissingRoms = defineTask({
  name: "cleanup_missing_roms",
  group: "manual",
  type: "cleanup",
  title: "Cleanup missing ROMs",
  describe: () => "Delete all ROMs flagged as missing from the filesystem from the database",
  isEnabled: () => true,
  findCron: () => null,
  input: CleanupMissingRomsInput,
  async run(ctx, { input: { platformId }, report }) {
    const romsFound = await countMissingRoms(ctx, { platformId });
    let stats: MissingRomsStats = { kind: "missingRoms", platformId, romsFound, romsDeleted: 0, errors: 0 };
    await report(stats);
    for await (const removed of removeMissingRoms(ctx, { platformId })) {
      let failedCount = 0;
      for (const rom of removed) {
        if (!(await removeArtwork(ctx, { platformId: rom.platformId, romId: rom.id }))) failedCount += 1;
      }
      stats = {
        ...stats,
        romsDeleted: stats.romsDeleted + removed.length,
        errors: stats.errors + failedCount,
      };
      await report(stats);
    }
  },
});

/** Tells whether nothing is left there; what stays is an orphan that another task looks for. */
async function removeArtwork(ctx: Context, rom: Parameters<typeof discardResources>[1]): Promise<boolean> {
  try {
    await discardResources(ctx, rom);
    return true;
  } catch (error) {
    if (!isAppError(error)) throw error;
    ctx.ports.log.warn("artwork of a removed rom stays", { ...rom, error });
    return false;
  }
}
