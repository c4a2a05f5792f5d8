import { dirname, join } from "node:path";
import { compareByCodePoint } from "../../base/code-point-order.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { compileExclusions } from "../../base/exclusions.ts";
import type { LibraryConfig } from "../../base/library-config.ts";
import type { LibraryLayout, LibraryStructure, PlatformFolder } from "./contract.ts";

/** What looking at folders needs of a context; also of use before there is a whole one. */
interface FolderContext {
  readonly ports: Pick<Context["ports"], "files">;
  readonly facts: Pick<Context["facts"], "libraryPath">;
}

/**
 * Looks at how the library is laid out; decided anew on each call, nothing is stored.
 * Structure A wins, as upstream, so a stray `roms` folder beside B platforms hides them.
 */
export async function readLayout(ctx: FolderContext, config: LibraryConfig): Promise<LibraryLayout> {
  const { files } = ctx.ports;
  const libraryPath = ctx.facts.libraryPath;
  const sharedPath = join(libraryPath, config.romsFolder);
  if ((await files.find(sharedPath))?.kind === "folder") return await describe(ctx, "a", sharedPath);
  const hasOwnFolders = (await listOwnFolders(ctx, config)).length > 0;
  return await describe(ctx, hasOwnFolders ? "b" : null, hasOwnFolders ? libraryPath : sharedPath);
}

async function describe(
  ctx: FolderContext,
  structure: LibraryStructure | null,
  platformsPath: string,
): Promise<LibraryLayout> {
  const facts = await ctx.ports.files.find(platformsPath);
  return { structure, platformsPath, deviceNumber: facts?.deviceId ?? null };
}

/** Folders of structure B: those that hold a rom folder of their own. */
async function listOwnFolders(ctx: FolderContext, config: LibraryConfig): Promise<readonly string[]> {
  const { files } = ctx.ports;
  const libraryPath = ctx.facts.libraryPath;
  if ((await files.find(libraryPath)) === null) return [];
  const names: string[] = [];
  for (const entry of await files.list(libraryPath)) {
    if (entry.kind !== "folder" || entry.name === null) continue;
    const facts = await files.find(join(libraryPath, entry.name, config.romsFolder));
    if (facts?.kind === "folder") names.push(entry.name);
  }
  return names;
}

/** Platform folders on disk after exclusions, in code-point order of their names. */
export async function listPlatformFolders(
  ctx: FolderContext,
  config: LibraryConfig,
  layout: LibraryLayout,
): Promise<readonly PlatformFolder[]> {
  if (layout.structure === null) return [];
  const { isPlatformExcluded } = compileExclusions(config);
  const names =
    layout.structure === "a" ? await listSharedFolders(ctx, layout) : await listOwnFolders(ctx, config);
  const kept = names.filter((name) => !isPlatformExcluded(name)).sort(compareByCodePoint);
  return kept.map((fsSlug) => ({
    fsSlug,
    romsPath: toPath(layout, config.romsFolder, fsSlug),
    firmwarePath: toPath(layout, config.firmwareFolder, fsSlug),
  }));
}

/** Tells whether a folder of this name would be a platform: not one that scans pass over. */
export function canBePlatform({ structure }: LibraryLayout, config: LibraryConfig, fsSlug: string): boolean {
  // Beside the platforms of structure B it would become the shared folder of structure A, and hide them all.
  const isSharedFolder = structure === "b" && fsSlug === config.romsFolder;
  return !isSharedFolder && !compileExclusions(config).isPlatformExcluded(fsSlug);
}

/** The answer to a folder name that {@link canBePlatform} does not take. */
export function folderRefused(fsSlug: string): AppError<"invalid"> {
  const message = `The folder '${fsSlug}' cannot become a platform`;
  return new AppError("invalid", "PLATFORMS_FOLDER_REFUSED", { message, details: { fsSlug } });
}

/** A library that has neither structure yet becomes `a`. */
function toPath({ structure }: LibraryLayout, folder: string, fsSlug: string): string {
  return structure === "b" ? `${fsSlug}/${folder}` : `${folder}/${fsSlug}`;
}

async function listSharedFolders(ctx: FolderContext, layout: LibraryLayout): Promise<readonly string[]> {
  const entries = await ctx.ports.files.list(layout.platformsPath);
  return entries.flatMap((entry) => (entry.kind === "folder" && entry.name !== null ? [entry.name] : []));
}

/** Where the files of one platform lie, whether or not the folders are there (yet). */
export async function readPlatformFolder(
  ctx: FolderContext & { readonly ports: Pick<Context["ports"], "settings"> },
  fsSlug: string,
): Promise<PlatformFolder> {
  const config = await ctx.ports.settings.read();
  const layout = await readLayout(ctx, config);
  return {
    fsSlug,
    romsPath: toPath(layout, config.romsFolder, fsSlug),
    firmwarePath: toPath(layout, config.firmwareFolder, fsSlug),
  };
}

/**
 * Asks whether entries of a folder in the library may be made, renamed and removed; a folder that is not there yet
 * stands for the nearest one above it.
 * @param folder Absolute.
 * @throws AppError `LIBRARY_READ_ONLY`.
 */
export async function requireWritableLibrary(ctx: FolderContext, folder: string): Promise<void> {
  const { files } = ctx.ports;
  let present = folder;
  while ((await files.find(present)) === null && dirname(present) !== present) present = dirname(present);
  if (await files.canWrite(present)) return;
  throw new AppError("conflict", "LIBRARY_READ_ONLY", {
    message: "The library is mounted read-only",
    details: { path: present },
  });
}
