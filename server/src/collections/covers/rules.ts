import { join } from "node:path";
import type { PictureExtension } from "../../base/pictures.ts";

/** The folder of everything a collection keeps as files, below the resources folder. The name is compatible. */
export function toCollectionFolder(collectionId: number): string {
  return `collections/${collectionId}`;
}

/** The folder of a collection's cover, below the resources folder. */
export function toCoverFolder(collectionId: number): string {
  return `${toCollectionFolder(collectionId)}/cover`;
}

const SIZES = ["big", "small"] as const;
const EXTENSIONS = ["png", "jpg", "webp"] as const satisfies readonly PictureExtension[];

/** Where a collection's cover lies, below the resources folder. */
export function toCoverPath(
  collectionId: number,
  size: (typeof SIZES)[number],
  extension: PictureExtension,
): string {
  return `${toCoverFolder(collectionId)}/${size}.${extension}`;
}

/** Every path that a collection's cover can have. */
export function listCoverPaths(collectionId: number): readonly string[] {
  return SIZES.flatMap((size) => EXTENSIONS.map((extension) => toCoverPath(collectionId, size, extension)));
}

/**
 * Reads a stored path of a cover.
 * @returns Null for anything but a cover in the collection's own folder: rows may be imported from elsewhere.
 */
export function parseCoverPath(collectionId: number, stored: string): string | null {
  return listCoverPaths(collectionId).includes(stored) ? stored : null;
}

/** Height in pixels from which a cover's small copy is made smaller. */
const TALL_PIXELS = 1_000;

/** How much smaller the small copy of a cover is, as in the compatible API. */
export function smallScale(height: number): number {
  return height >= TALL_PIXELS ? 0.2 : 0.4;
}

/** An absolute path of a relative one that was made here. */
export function belowResources(resourcesPath: string, relative: string): string {
  return join(resourcesPath, relative);
}
