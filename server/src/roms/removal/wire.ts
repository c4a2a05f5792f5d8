import type { RomsRemoved } from "./contract.ts";

/** The answer to a removal in bulk of the compatible API. */
export function toRomsRemovedWire({ removedIds, failures }: RomsRemoved) {
  return {
    successful_items: removedIds.length,
    failed_ids: failures.map(({ romId }) => romId),
    errors: failures.map(({ romId, code, message }) =>
      code === "ROMS_NOT_FOUND" ? `ROM with ID ${romId} not found` : `ROM with ID ${romId}: ${message}`,
    ),
  };
}
