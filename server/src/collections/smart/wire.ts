import { formatPlainJson } from "../../base/plain-json.ts";
import { toRomCoversWire } from "../wire.ts";
import type { SmartCollectionWithParts } from "./contract.ts";

/** A smart collection in the compatible shape. */
export function toSmartCollectionWire(collection: SmartCollectionWithParts) {
  return {
    id: collection.id,
    name: collection.name,
    description: collection.description,
    rom_ids: collection.romIds ?? [],
    rom_count: collection.romCount,
    path_cover_small: null,
    path_cover_large: null,
    ...toRomCoversWire(collection.romCovers),
    is_public: collection.isPublic,
    is_favorite: false,
    is_virtual: false,
    is_smart: true,
    filter_criteria: collection.criteria,
    filter_summary: formatPlainJson(collection.criteria),
    user_id: collection.ownerId,
    owner_username: collection.ownerUsername,
    created_at: collection.createdAt,
    updated_at: collection.updatedAt,
  };
}
