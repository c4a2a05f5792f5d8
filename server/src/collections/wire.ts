import { toPictureAddress } from "../base/addresses.ts";
import type { CollectionWithParts, RomCover } from "./contract.ts";

/** The covers of a collection's roms, in the two sizes. */
export function toRomCoversWire(covers: readonly RomCover[]) {
  const urls = (pathOf: (cover: RomCover) => string | null) =>
    covers.flatMap((cover) => {
      const path = pathOf(cover);
      return path === null ? [] : [toPictureAddress(path, cover.updatedAt)];
    });
  return {
    path_covers_small: urls(({ small }) => small),
    path_covers_large: urls(({ large }) => large),
  };
}

/** A collection in the compatible shape. */
export function toCollectionWire(collection: CollectionWithParts) {
  const { coverSmall, coverLarge, updatedAt } = collection;
  return {
    id: collection.id,
    name: collection.name,
    description: collection.description,
    rom_ids: collection.romIds ?? [],
    rom_count: collection.romCount,
    path_cover_small: coverSmall === null ? null : toPictureAddress(coverSmall, updatedAt),
    path_cover_large: coverLarge === null ? null : toPictureAddress(coverLarge, updatedAt),
    ...toRomCoversWire(collection.romCovers),
    is_public: collection.isPublic,
    is_favorite: collection.isFavorite,
    is_virtual: false,
    is_smart: false,
    url_cover: collection.urlCover,
    user_id: collection.ownerId,
    owner_username: collection.ownerUsername,
    created_at: collection.createdAt,
    updated_at: updatedAt,
  };
}

/** Takes the roms out of a JSON body; apps may send more, which is ignored. */
export function fromRomsWire(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return undefined;
  return (body as Record<string, unknown>).rom_ids;
}
