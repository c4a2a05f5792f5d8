import { join } from "node:path";
import * as v from "valibot";
import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import type { OrphanedResourcesStats } from "./contract.ts";
import { defineTask } from "./definition.ts";
import { IDS_ASKED_MAX } from "./limits.ts";
import { countLibrary, listPlatformIds, listRomIdsAmong } from "./queries.ts";

/** Removes artwork of platforms and roms that have no row: `resources/roms/<platform id>/<rom id>`. */
export const cleanupOrphanedResources = defineTask({
  name: "cleanup_orphaned_resources",
  group: "scheduled",
  type: "cleanup",
  title: "Cleanup orphaned resources",
  describe: () => "Clean up orphaned resources in the ROMs directory",
  isEnabled: ({ tasks }) => tasks.orphanedResources.isEnabled,
  findCron: ({ tasks }) => tasks.orphanedResources.cron,
  input: v.strictObject({}),
  async run(ctx, { report }) {
    const root = join(ctx.facts.resourcesPath, "roms");
    // Folders are listed before rows: what is made in between is not taken for an orphan.
    const folders = await listNumbered(ctx, root);
    const [totals, platformIds] = await Promise.all([countLibrary(ctx.db), listPlatformIds(ctx.db)]);
    let stats: OrphanedResourcesStats = {
      kind: "orphanedResources",
      ...totals,
      platformsInFs: folders.length,
      romsInFs: 0,
      removedFsPlatforms: 0,
      removedFsRoms: 0,
    };
    await report(stats);
    if (platformIds.size === 0 && folders.length > 0) {
      const message = "The database has no platforms, so all artwork would be removed; nothing was changed";
      throw new AppError("conflict", "TASKS_LIBRARY_EMPTY", { message });
    }
    for (const platformId of folders) {
      ctx.signal.throwIfAborted();
      const path = join(root, String(platformId));
      const romIds = await listNumbered(ctx, path);
      stats = { ...stats, romsInFs: stats.romsInFs + romIds.length };
      if (platformIds.has(platformId)) {
        const removedCount = await removeOrphans(ctx, { path, platformId, romIds });
        stats = { ...stats, removedFsRoms: stats.removedFsRoms + removedCount };
      } else {
        await ctx.ports.files.remove(path, { recursive: true });
        stats = { ...stats, removedFsPlatforms: stats.removedFsPlatforms + 1 };
      }
      await report(stats);
    }
  },
});

interface PlatformFolder {
  readonly path: string;
  readonly platformId: number;
  readonly romIds: readonly number[];
}

async function removeOrphans(ctx: Context, { path, platformId, romIds }: PlatformFolder): Promise<number> {
  let removedCount = 0;
  for (let start = 0; start < romIds.length; start += IDS_ASKED_MAX) {
    ctx.signal.throwIfAborted();
    const asked = romIds.slice(start, start + IDS_ASKED_MAX);
    const known = await listRomIdsAmong(ctx.db, platformId, asked);
    for (const romId of asked) {
      if (known.has(romId)) continue;
      await ctx.ports.files.remove(join(path, String(romId)), { recursive: true });
      removedCount += 1;
    }
  }
  return removedCount;
}

const ID_MAX = 2_147_483_647;

/** Folders that are named by an id; anything else is not ours to judge, and links lead elsewhere. */
async function listNumbered({ ports }: Context, path: string): Promise<readonly number[]> {
  if ((await ports.files.find(path))?.kind !== "folder") return [];
  const entries = await ports.files.list(path);
  return entries
    .filter(({ name, kind, isLink }) => kind === "folder" && !isLink && /^[1-9]\d{0,9}$/.test(name ?? ""))
    .map(({ name }) => Number(name))
    .filter((id) => id <= ID_MAX)
    .sort((a, b) => a - b);
}
