import { join } from "node:path";
import type { Context } from "../base/context.ts";
import { AppError, isAppError } from "../base/errors.ts";
import { hasScope } from "../base/identity.ts";
import type { LibraryConfig } from "../base/library-config.ts";
import { operation } from "../base/operation.ts";
import { NoInput } from "../base/schemas.ts";
import type { Scope } from "../base/scopes.ts";
import { listHiddenFolders } from "../permissions/hidden/service.ts";
import type { LibraryLayout, PlatformFolder } from "../platforms/folders/contract.ts";
import {
  canBePlatform,
  folderRefused,
  listPlatformFolders,
  readLayout,
} from "../platforms/folders/service.ts";
import { listSupportedPlatforms } from "../platforms/service.ts";
import { hasAdmin } from "../users/service.ts";
import {
  type CreatedFolders,
  CreatedFoldersSchema,
  CreateFoldersInput,
  type FoundFolder,
  type SetupLibrary,
  SetupLibrarySchema,
} from "./contract.ts";
import { hasRoms } from "./queries.ts";

/** Open to everyone until the first administrator exists; from then on to holders of a scope. */
async function requireSetupAccess(ctx: Context, scope: Scope): Promise<void> {
  if (hasScope(ctx.identity, scope) || !(await hasAdmin(ctx))) return;
  if (ctx.identity.kind === "anonymous" && ctx.identity.refusal !== undefined) throw ctx.identity.refusal;
  // Also without any credentials: there is nothing to sign in for, the setup is over.
  throw new AppError("forbidden", "SETUP_DONE", { message: "Forbidden", details: { scope } });
}

/**
 * What the library looks like before it is set up.
 * @throws AppError `SETUP_DONE` for a caller without `platforms.read` once there is an administrator.
 */
export const getSetupLibrary = operation(
  { type: "query", scope: "public", input: NoInput, output: SetupLibrarySchema },
  async (ctx): Promise<SetupLibrary> => {
    await requireSetupAccess(ctx, "platforms.read");
    const config = await ctx.ports.settings.read();
    const layout = await readLayout(ctx, config);
    const supportedPlatforms = await listSupportedPlatforms.run(ctx, {});
    // Counting walks the whole library, which the database knows better after a scan.
    const folders = (await hasRoms(ctx.db)) ? [] : await listFolders(ctx, config, layout);
    return { structure: layout.structure, folders, supportedPlatforms };
  },
);

async function listFolders(
  ctx: Context,
  config: LibraryConfig,
  layout: LibraryLayout,
): Promise<readonly FoundFolder[]> {
  const hidden = await listHiddenFolders(ctx);
  const found: FoundFolder[] = [];
  for (const folder of await listPlatformFolders(ctx, config, layout)) {
    if (hidden.has(folder.fsSlug)) continue;
    found.push({ fsSlug: folder.fsSlug, romCount: await countRoms(ctx, folder) });
  }
  return found;
}

/** Folders of other programs that lie among the roms. */
const NO_ROMS: ReadonlySet<string> = new Set(["_resources", "_cache"]);

async function countRoms({ ports, facts }: Context, folder: PlatformFolder): Promise<number> {
  try {
    const entries = await ports.files.list(join(facts.libraryPath, folder.romsPath));
    return entries.filter(({ name }) => name !== null && !name.startsWith(".") && !NO_ROMS.has(name)).length;
  } catch (error) {
    if (!isAppError(error)) throw error;
    ports.log.warn("a platform folder cannot be listed", { folder: folder.fsSlug, error });
    return 0;
  }
}

/**
 * Makes folders for platforms, in the structure that the library has; `roms/<platform>` when it has none. Folders
 * that are there already stay as they are.
 * @throws AppError `SETUP_DONE` for a caller without `platforms.write` once there is an administrator;
 *   `SETUP_FOLDERS_FAILED` with the names of those that could not be made, while the others were.
 */
export const createPlatformFolders = operation(
  { type: "mutation", scope: "public", input: CreateFoldersInput, output: CreatedFoldersSchema },
  async (ctx, { fsSlugs }): Promise<CreatedFolders> => {
    await requireSetupAccess(ctx, "platforms.write");
    if (fsSlugs.length === 0) return { askedCount: 0, createdCount: 0 };
    const config = await ctx.ports.settings.read();
    const layout = await readLayout(ctx, config);
    const failures: [name: string, error: AppError][] = [];
    let createdCount = 0;
    for (const name of new Set(fsSlugs)) {
      const path =
        layout.structure === "b"
          ? join(ctx.facts.libraryPath, name, config.romsFolder)
          : join(layout.platformsPath, name);
      try {
        if (!canBePlatform(layout, config, name)) throw folderRefused(name);
        if (await createFolder(ctx, path)) createdCount += 1;
      } catch (error) {
        if (!isAppError(error)) throw error;
        failures.push([name, error]);
      }
    }
    if (failures.length > 0) throw foldersFailed(ctx, failures);
    return { askedCount: fsSlugs.length, createdCount };
  },
);

/** Tells whether the folder is new. */
async function createFolder({ ports }: Context, path: string): Promise<boolean> {
  if ((await ports.files.find(path))?.kind === "folder") return false;
  await ports.files.createFolder(path);
  return true;
}

function foldersFailed(
  { ports, noteWrite }: Context,
  failures: readonly (readonly [string, AppError])[],
): AppError<"conflict"> {
  const names = failures.map(([name]) => name);
  const [, cause] = failures[0] ?? [];
  // A refusal counts as one that changed nothing, and the other folders are new.
  noteWrite();
  ports.log.warn("platform folders cannot be made", { folders: names, error: cause });
  return new AppError("conflict", "SETUP_FOLDERS_FAILED", {
    message: `Failed to create some platform folders: ${names.join(", ")}`,
    details: { fsSlugs: names },
    cause,
  });
}
