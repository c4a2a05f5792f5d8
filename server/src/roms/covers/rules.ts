import type { PictureExtension } from "../../base/pictures.ts";
import { toRomResources } from "../disk-changes/rules.ts";

/** Whose cover it is. */
export interface CoverOwner {
  readonly romId: number;
  readonly platformId: number;
}

const SIZES = ["big", "small"] as const;
const EXTENSIONS = ["png", "jpg", "webp"] as const satisfies readonly PictureExtension[];

/** The folder of a rom's cover, below the resources folder. The name is compatible. */
export function toCoverFolder({ platformId, romId }: CoverOwner): string {
  return `${toRomResources(platformId, romId)}/cover`;
}

/** Where a rom's cover lies, below the resources folder. */
export function toCoverPath(
  owner: CoverOwner,
  size: (typeof SIZES)[number],
  extension: PictureExtension,
): string {
  return `${toCoverFolder(owner)}/${size}.${extension}`;
}

/** Every path that a rom's cover can have. */
export function listCoverPaths(owner: CoverOwner): readonly string[] {
  return SIZES.flatMap((size) => EXTENSIONS.map((extension) => toCoverPath(owner, size, extension)));
}

/** Height in pixels from which a cover's small copy is made smaller. */
const TALL_PIXELS = 1_000;

/** How much smaller the small copy of a cover is, as in the compatible API. */
export function smallScale(height: number): number {
  return height >= TALL_PIXELS ? 0.2 : 0.4;
}
