import type { Context } from "../../base/context.ts";
import { findAccountId } from "../../base/identity.ts";
import { getHidden } from "../../permissions/hidden/service.ts";
import type { RomFilter } from "../contract.ts";
import { listIdsOfFilters } from "./queries.ts";

/** A filter that may also name the roms it is about; without any condition it lets all of them through. */
export interface RomSelection extends RomFilter {
  /** Lets no other rom through. */
  readonly among?: readonly number[] | undefined;
}

/**
 * Ids, ascending, of the roms that each filter lets through, as far as the caller may see them. One statement for
 * all: the caller bounds how many filters and values there are, of which a statement takes 65,535 in all.
 */
export async function listRomIdsOfFilters(
  ctx: Context,
  filters: readonly RomSelection[],
): Promise<readonly (readonly number[])[]> {
  const hidden = await getHidden(ctx);
  const viewerId = findAccountId(ctx.identity);
  return await listIdsOfFilters(
    ctx.db,
    filters.map((filter) => ({ ...filter, hidden, viewerId })),
  );
}
