import { join } from "node:path";
import type { Context } from "../base/context.ts";
import { isAppError } from "../base/errors.ts";
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
        const path = join(ctx.facts.resourcesPath, "roms", String(rom.platformId), String(rom.id));
        if (!(await removeFolder(ctx, path))) failedCount += 1;
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
async function removeFolder({ ports }: Context, path: string): Promise<boolean> {
  try {
    await ports.files.remove(path, { recursive: true });
    return true;
  } catch (error) {
    if (!isAppError(error)) throw error;
    ports.log.warn("artwork of a removed rom stays", { path, error });
    return false;
  }
}
