import { dirname, join } from "node:path";
import { formatRomUrl, RESOURCES_PREFIX } from "../../base/addresses.ts";
import type { Context } from "../../base/context.ts";
import { encodePath } from "../../base/encode-path.ts";
import { isAppError } from "../../base/errors.ts";
import type { ExportRom, Medium, Naming } from "../contract.ts";
import { toAssetPath } from "../rules.ts";

/** Names roms and media by their addresses at this server. */
export function nameByUrl(baseUrl: string): Naming {
  return {
    rom: (rom) => formatRomUrl(baseUrl, rom),
    medium: (_rom, { path }) => `${baseUrl}${RESOURCES_PREFIX}/${encodePath(path)}`,
  };
}

/** Media of a page of roms that were put beside them. */
export interface PlacedMedia {
  has(rom: ExportRom, medium: Medium): boolean;
}

/** Collects the media that a list would show, without saying that any is there. */
export function collectMedia(write: (naming: Naming) => void): readonly (readonly [ExportRom, Medium])[] {
  const found: (readonly [ExportRom, Medium])[] = [];
  write({
    rom: () => "",
    medium(rom, medium) {
      found.push([rom, medium]);
      return null;
    },
  });
  return found;
}

/**
 * Puts media beside the roms under the names that front ends expect, as a second name of the stored file where the
 * disks allow it, else as a copy. What is there already stays as it is.
 * @param folder The platform's folder, absolute.
 * @throws AppError `STORAGE_FULL` and others when the library cannot be written.
 */
export async function placeMedia(
  ctx: Context,
  folder: string,
  media: readonly (readonly [ExportRom, Medium])[],
): Promise<PlacedMedia> {
  const placed = new Set<string>();
  for (const [rom, medium] of media) {
    ctx.signal.throwIfAborted();
    const path = toAssetPath(rom, medium);
    if (
      !placed.has(path) &&
      (await placeOne(ctx, join(ctx.facts.resourcesPath, medium.path), join(folder, path)))
    ) {
      placed.add(path);
    }
  }
  return { has: (rom, medium) => placed.has(toAssetPath(rom, medium)) };
}

/** False when there is nothing to put there. */
async function placeOne(ctx: Context, source: string, target: string): Promise<boolean> {
  const { files, space } = ctx.ports;
  if ((await files.find(target)) !== null) return true;
  const facts = await files.find(source);
  if (facts?.kind !== "file") return false;
  await space.assertSpace(facts.sizeBytes, { path: ctx.facts.libraryPath });
  await files.createFolder(dirname(target));
  try {
    await files.concatenate([source], target);
  } catch (error) {
    // Another export was faster, or it is a link that leads nowhere: in both cases it is not ours to replace.
    if (!isAppError(error) || error.code !== "FILES_EXISTS") throw error;
  }
  return true;
}

/** Names roms by their files, and media by where they were put. */
export function nameByPath(placed: PlacedMedia, { romPrefix, assetPrefix }: PathPrefixes): Naming {
  return {
    rom: ({ fsName }) => `${romPrefix}${fsName}`,
    medium: (rom, medium) => (placed.has(rom, medium) ? `${assetPrefix}${toAssetPath(rom, medium)}` : null),
  };
}

/** What a format writes before paths that begin at the platform's folder. */
export interface PathPrefixes {
  readonly romPrefix: string;
  readonly assetPrefix: string;
}
