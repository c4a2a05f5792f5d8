import { join } from "node:path";
import { compareByCodePoint } from "../../base/code-point-order.ts";
import type { Context } from "../../base/context.ts";
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

function toPath({ structure }: LibraryLayout, folder: string, fsSlug: string): string {
  return structure === "a" ? `${folder}/${fsSlug}` : `${fsSlug}/${folder}`;
}

async function listSharedFolders(ctx: FolderContext, layout: LibraryLayout): Promise<readonly string[]> {
  const entries = await ctx.ports.files.list(layout.platformsPath);
  return entries.flatMap((entry) => (entry.kind === "folder" && entry.name !== null ? [entry.name] : []));
}
