import type { Context } from "../../base/context.ts";
import { findAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { NoInput } from "../../base/schemas.ts";
import { getHidden } from "../../permissions/hidden/service.ts";
import { listWebPlayerSlugs } from "../../platforms/service.ts";
import { findSmartSelection } from "../criteria/queries.ts";
import * as criteria from "../criteria/rules.ts";
import { FilterValuesSchema } from "../filter-values/contract.ts";
import { getValuesOf } from "../filter-values/service.ts";
import type { RomFilter, VirtualKey } from "./contract.ts";
import {
  type FoundRoms,
  listIdsOfFilters,
  type RomSelection,
  type Viewer,
  type VisibleFilter,
} from "./queries.ts";
import * as rules from "./rules.ts";

export type { RomSelection };

/** The caller as filters see them, with what all of `filters` need to know. */
async function readViewer(ctx: Context, filters: readonly RomSelection[]): Promise<Viewer> {
  const [hidden, config] = await Promise.all([
    getHidden(ctx),
    filters.some(({ isGrouped }) => isGrouped) ? ctx.ports.settings.read() : null,
  ]);
  const isPlayableAsked = filters.some(({ isPlayable }) => isPlayable !== undefined);
  return {
    hidden,
    viewerId: findAccountId(ctx.identity),
    webPlayerSlugs: isPlayableAsked ? listWebPlayerSlugs() : undefined,
    regionRanks: config === null ? undefined : rules.rankRegions(config.scan.regionPriority),
  };
}

/** A filter together with its caller and what its smart collection stands for; queries take it in this form. */
export async function toVisibleFilter<T extends RomFilter>(
  ctx: Context,
  filter: T,
): Promise<VisibleFilter & T> {
  const { smartCollectionId } = filter;
  const smart =
    smartCollectionId === undefined
      ? undefined
      : await findSmartSelection(ctx.db, smartCollectionId, findAccountId(ctx.identity));
  return { ...filter, ...(await readViewer(ctx, [filter, ...(smart ? [smart] : [])])), smart };
}

/**
 * The roms that each filter lets through, as far as the caller may see them. One statement for all: the caller bounds
 * how many filters and values there are, of which a statement takes 65,535 in all. What they say of smart collections
 * does not count.
 * @param idsMax How many ids of each are wanted: the lowest; all without it.
 */
export async function listRomsOfFilters(
  ctx: Context,
  filters: readonly RomSelection[],
  idsMax?: number,
): Promise<readonly FoundRoms[]> {
  const viewer = await readViewer(ctx, filters);
  const visible = filters.map((filter) => ({ ...filter, ...viewer, smartCollectionId: undefined }));
  return await listIdsOfFilters(ctx.db, visible, idsMax);
}

/** Values that roms of the whole library have, for filter menus. */
export const getFilterValues = operation(
  { type: "query", scope: "roms.read", input: NoInput, output: FilterValuesSchema },
  async (ctx) => await getValuesOf(ctx, { hidden: await getHidden(ctx) }),
);

/** What the criteria of a smart collection mean. */
export function readCriteria(stored: Readonly<Record<string, unknown>>): criteria.CriteriaReading {
  return criteria.readCriteria(stored);
}

/** How many values a filter holds in its lists. */
export function countFilterValues(filter: RomFilter): number {
  return criteria.countFilterValues(filter);
}

/** Reads the id of an automatic collection, with padding or without; null for anything else. */
export function parseVirtualId(id: string): VirtualKey | null {
  return rules.parseVirtualId(id);
}
