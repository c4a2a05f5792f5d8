import type { Context } from "../../base/context.ts";
import { recall } from "../../base/kept-values.ts";
import { formatFilterKey, type VisibleFilter } from "../filters/queries.ts";
import type { FilterValues } from "./contract.ts";
import { readFilterValues } from "./queries.ts";

/** The values that roms have where a filter looks: on its platforms, in its collections, by its search. */
export async function getValuesOf(ctx: Context, filter: VisibleFilter): Promise<FilterValues> {
  return await recall(ctx, `roms-values ${formatFilterKey(toPlace(filter))}`, async () => {
    const value = await readFilterValues(ctx.db, filter);
    return { value, sizeBytes: 2 * JSON.stringify(value).length };
  });
}

/** What of a filter the values hang on: whoever sees the same shares them, unless they are of a collection. */
function toPlace(filter: VisibleFilter): VisibleFilter {
  const { hidden, platformIds, search, collectionId, virtualCollectionId, smartCollectionId } = filter;
  const isOwn = collectionId !== undefined || smartCollectionId !== undefined;
  return isOwn ? filter : { hidden, platformIds, search, virtualCollectionId };
}
