import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { operation } from "../../base/operation.ts";
import { archiveRoms, type RomsToArchive } from "../../roms/rom-archives/service.ts";
import { getCollection } from "../service.ts";
import { getSmartCollection } from "../smart/service.ts";
import { getVirtualCollection } from "../virtual/service.ts";
import { type DownloadRoms, DownloadRomsInput, DownloadRomsSchema } from "./contract.ts";

/**
 * Several roms as one archive: those of a platform, of a collection of any sort, or of a list.
 * @throws AppError `ROMS_SELECTOR_MISSING`, `ROMS_SELECTION_INVALID`, `ROMS_SELECTION_EMPTY`; what the collection's
 * own call throws.
 */
export const downloadRoms = operation(
  {
    type: "query",
    scope: "roms.read",
    isOpen: (facts) => facts.isDownloadPublic,
    input: DownloadRomsInput,
    output: DownloadRomsSchema,
    storesNoAnswer: true,
  },
  async (ctx, input) => await archiveRoms(ctx, await chooseRoms(ctx, input), input.fileName),
);

async function chooseRoms(ctx: Context, input: DownloadRoms): Promise<RomsToArchive> {
  const { platformId, collectionId, virtualCollectionId, smartCollectionId, romIds } = input;
  const parts = { with: ["romIds" as const] };
  if (platformId !== null) return { platformId };
  if (collectionId !== null) {
    return { romIds: (await getCollection.run(ctx, { collectionId, ...parts })).romIds ?? [] };
  }
  if (virtualCollectionId !== null) {
    const collection = await getVirtualCollection.run(ctx, { id: virtualCollectionId, ...parts });
    return { romIds: collection.romIds ?? [] };
  }
  if (smartCollectionId !== null) {
    const collection = await getSmartCollection.run(ctx, { collectionId: smartCollectionId, ...parts });
    return { romIds: collection.romIds ?? [] };
  }
  if (romIds !== null && romIds.length > 0) return { romIds };
  throw new AppError("invalid", "ROMS_SELECTOR_MISSING", {
    message: "No ROM IDs or platform/collection selector provided",
  });
}
