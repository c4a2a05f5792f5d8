import { toRomCoversWire } from "../wire.ts";
import type { VirtualCollectionWithParts } from "./contract.ts";

/** A virtual collection in the compatible shape. */
export function toVirtualCollectionWire(collection: VirtualCollectionWithParts) {
  return {
    id: collection.id,
    type: collection.type,
    name: collection.name,
    description: collection.description,
    rom_ids: collection.romIds ?? [],
    rom_count: collection.romCount,
    path_cover_small: null,
    path_cover_large: null,
    ...toRomCoversWire(collection.romCovers),
    is_public: false,
    is_favorite: false,
    is_virtual: true,
    is_smart: false,
    created_at: collection.createdAt,
    updated_at: collection.updatedAt,
  };
}
