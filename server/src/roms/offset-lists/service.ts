import type { Context } from "../../base/context.ts";
import { recall } from "../../base/kept-values.ts";
import { formatFilterKey, type VisibleFilter } from "../filters/queries.ts";
import { countRoms } from "../queries.ts";
import { type OffsetList, readListIndexes, type WantedIndexes } from "./queries.ts";
import { indexFirstCharacters } from "./rules.ts";

/** A list as a whole; what was not wanted is empty. */
export interface ListIndex {
  readonly ids: readonly number[];
  /** The same as a JSON array. */
  readonly idsJson: string;
  /** Where each first character begins. */
  readonly firsts: Readonly<Record<string, number>>;
}

/** Bytes that an id takes in memory, beside its digits in the text. */
const ID_BYTES = 8;

/** The indexes of a list, which is the same for all of its pages. */
export async function getListIndex(
  ctx: Context,
  list: OffsetList,
  wanted: WantedIndexes,
): Promise<ListIndex> {
  const { filter, orderBy, direction } = list;
  const place = JSON.stringify([orderBy, direction, wanted.withIds, wanted.withFirsts]);
  return await recall(ctx, `roms-index ${place} ${formatFilterKey(filter)}`, async () => {
    const { idsJson, firsts } = await readListIndexes(ctx.db, { filter, orderBy, direction }, wanted);
    const ids = JSON.parse(idsJson) as readonly number[];
    const value = { ids, idsJson, firsts: indexFirstCharacters(firsts) };
    return { value, sizeBytes: ids.length * ID_BYTES + idsJson.length };
  });
}

/** How many roms a filter lets through. */
export async function getTotal(ctx: Context, filter: VisibleFilter): Promise<number> {
  return await recall(ctx, `roms-total ${formatFilterKey(filter)}`, async () => ({
    value: await countRoms(ctx.db, filter),
    sizeBytes: ID_BYTES,
  }));
}
