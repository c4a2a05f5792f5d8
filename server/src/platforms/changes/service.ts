import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import type { LibraryConfig } from "../../base/library-config.ts";
import { operation } from "../../base/operation.ts";
import { Nothing } from "../../base/schemas.ts";
import { inTransaction } from "../../base/transaction.ts";
import { noteAccessChange } from "../../permissions/changes/service.ts";
import { requireGrant } from "../../permissions/checks/service.ts";
import { forgetHiddenPlatform, getHidden, listHiddenFolders } from "../../permissions/hidden/service.ts";
import {
  CreatePlatformInput,
  GetPlatformInput,
  type Platform,
  PlatformSchema,
  UpdatePlatformInput,
} from "../contract.ts";
import {
  canBePlatform,
  folderRefused,
  readLayout,
  readPlatformFolder,
  requireWritableLibrary,
} from "../folders/service.ts";
import { deletePlatform, lockPlatform, updatePlatformWords } from "../queries.ts";
import { platformNotFound, toPlatformResources } from "../rules.ts";
import { ensurePlatform, getPlatform } from "../service.ts";

/**
 * Makes a platform: its folder, unless it is there already, and its row, unless there is one.
 * @throws AppError `PLATFORMS_FOLDER_REFUSED` for a name that scans pass over; `LIBRARY_READ_ONLY`.
 */
export const createPlatform = operation(
  { type: "mutation", scope: "platforms.write", input: CreatePlatformInput, output: PlatformSchema },
  async (ctx, { fsSlug }): Promise<Platform> => {
    const config = await ctx.ports.settings.read();
    await requireUsable(ctx, config, fsSlug);
    const { romsPath } = await readPlatformFolder(ctx, fsSlug);
    await ensureFolder(ctx, join(ctx.facts.libraryPath, romsPath));
    return await inTransaction(ctx, async (inner) => {
      const { id, isNew } = await ensurePlatform(inner.db, fsSlug, config);
      if (isNew) raiseChange(inner, "created", id);
      return await getPlatform.run(inner, { platformId: id });
    });
  },
);

async function requireUsable(ctx: Context, config: LibraryConfig, fsSlug: string): Promise<void> {
  const layout = await readLayout(ctx, config);
  // A platform that is hidden from the caller is refused in the same words as a name that cannot be used.
  if (canBePlatform(layout, config, fsSlug) && !(await listHiddenFolders(ctx)).has(fsSlug)) return;
  throw folderRefused(fsSlug);
}

async function ensureFolder(ctx: Context, path: string): Promise<void> {
  if ((await ctx.ports.files.find(path))?.kind === "folder") return;
  await requireWritableLibrary(ctx, path);
  await ctx.ports.files.createFolder(path);
}

/**
 * Changes what a platform is called and how it is described; what is left out stays.
 * @throws AppError `PLATFORMS_NOT_FOUND`.
 */
export const updatePlatform = operation(
  { type: "mutation", scope: "platforms.write", input: UpdatePlatformInput, output: PlatformSchema },
  async (ctx, { platformId, customName, description }): Promise<Platform> =>
    await inTransaction(ctx, async (inner) => {
      await requireVisible(inner, platformId);
      const row = await lockPlatform(inner.db, platformId);
      if (row === null) throw platformNotFound(platformId);
      const wanted = {
        customName: customName ?? row.customName,
        description: description ?? row.description,
      };
      // What says the same already leaves the date of the last change alone.
      if (wanted.customName !== row.customName || wanted.description !== row.description) {
        await updatePlatformWords(inner.db, platformId, { ...wanted, name: row.name });
        raiseChange(inner, "updated", platformId);
      }
      return await getPlatform.run(inner, { platformId });
    }),
);

/**
 * Forgets a platform: its row and those of its roms and firmware, with their artwork. Files in the library stay,
 * and so does what users stored. Another scan makes it anew.
 * @throws AppError `PLATFORMS_NOT_FOUND`, `PERMISSIONS_INSUFFICIENT`.
 */
export const removePlatform = operation(
  { type: "mutation", scope: "platforms.write", input: GetPlatformInput, output: Nothing },
  async (ctx, { platformId }): Promise<null> => {
    await inTransaction(ctx, async (inner) => {
      await requireVisible(inner, platformId);
      if ((await lockPlatform(inner.db, platformId)) === null) throw platformNotFound(platformId);
      await requireGrant(inner, { entity: "platforms", action: "delete" });
      // Before its roms are gone: theirs are found by them.
      await forgetHiddenPlatform(inner.db, platformId);
      await deletePlatform(inner.db, platformId);
      raiseChange(inner, "removed", platformId);
    });
    noteAccessChange(ctx);
    await removeResources(ctx, platformId);
    return null;
  },
);

async function requireVisible(ctx: Context, platformId: number): Promise<void> {
  if ((await getHidden(ctx)).platforms.has(platformId)) throw platformNotFound(platformId);
}

/** What stays after a failure is an orphan, for which another task looks. */
async function removeResources({ ports, facts }: Context, platformId: number): Promise<void> {
  const path = join(facts.resourcesPath, toPlatformResources(platformId));
  try {
    await ports.files.remove(path, { recursive: true });
  } catch (error) {
    if (!isAppError(error)) throw error;
    ports.log.warn("artwork of a removed platform stays", { path, error });
  }
}

function raiseChange(ctx: Context, change: "created" | "updated" | "removed", platformId: number): void {
  ctx.raise({ topic: "library", userId: null, data: { change, entity: "platform", ids: [platformId] } });
}
