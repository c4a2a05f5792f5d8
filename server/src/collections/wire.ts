import type { CollectionWithParts, RomCover } from "./contract.ts";

/** URL prefix under which pictures of the resources folder are served. */
const RESOURCES_PREFIX = "/assets/romm/resources";

/** A picture below the resources folder, with digits that change with its row so that caches notice. */
function toCoverUrl(path: string, updatedAt: string): string {
  return `${RESOURCES_PREFIX}/${path}?ts=${Date.parse(updatedAt)}`;
}

/** The covers of a collection's roms, in the two sizes. */
export function toRomCoversWire(covers: readonly RomCover[]) {
  const urls = (pathOf: (cover: RomCover) => string | null) =>
    covers.flatMap((cover) => {
      const path = pathOf(cover);
      return path === null ? [] : [toCoverUrl(path, cover.updatedAt)];
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
    path_cover_small: coverSmall === null ? null : toCoverUrl(coverSmall, updatedAt),
    path_cover_large: coverLarge === null ? null : toCoverUrl(coverLarge, updatedAt),
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
