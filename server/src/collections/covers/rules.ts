import { listCoverPaths } from "../../base/covers.ts";

/** The folder of everything a collection keeps as files, below the resources folder. The name is compatible. */
export function toCollectionFolder(collectionId: number): string {
  return `collections/${collectionId}`;
}

/** The folder of a collection's cover, below the resources folder. */
export function toCoverFolder(collectionId: number): string {
  return `${toCollectionFolder(collectionId)}/cover`;
}

/**
 * Reads a stored path of a cover.
 * @returns Null for anything but a cover in the collection's own folder: rows may be imported from elsewhere.
 */
export function parseCoverPath(collectionId: number, stored: string): string | null {
  return listCoverPaths(toCoverFolder(collectionId)).includes(stored) ? stored : null;
}
