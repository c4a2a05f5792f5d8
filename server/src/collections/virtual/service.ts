import type { Context } from "../../base/context.ts";
import { operation } from "../../base/operation.ts";
import { NoInput } from "../../base/schemas.ts";
import { getHidden } from "../../permissions/hidden/service.ts";
import { parseVirtualId } from "../../roms/filters/service.ts";
import type { CollectionPart } from "../contract.ts";
import { sortByName } from "../rules.ts";
import {
  GetVirtualInput,
  ListVirtualInput,
  VIRTUAL_TYPES,
  VirtualCollectionListSchema,
  type VirtualCollectionWithParts,
  VirtualCollectionWithPartsSchema,
  VirtualIdListSchema,
} from "./contract.ts";
import { listVirtualCounts, listVirtualMembers, type VirtualCounts } from "./queries.ts";
import { chooseTypes, describeVirtual, formatVirtualId, virtualNotFound } from "./rules.ts";

/** Virtual collections of one type or of all, by type and name. */
export const listVirtualCollections = operation(
  {
    type: "query",
    scope: "collections.read",
    input: ListVirtualInput,
    output: VirtualCollectionListSchema,
  },
  async (ctx, { type, limit, with: parts }) => {
    const hidden = await getHidden(ctx);
    const found = sortVirtual(await listVirtualCounts(ctx.db, { types: chooseTypes(type), hidden }));
    return await addMembers(ctx, found.slice(0, limit), parts);
  },
);

/**
 * One virtual collection.
 * @throws AppError `COLLECTIONS_VIRTUAL_NOT_FOUND`.
 */
export const getVirtualCollection = operation(
  {
    type: "query",
    scope: "collections.read",
    input: GetVirtualInput,
    output: VirtualCollectionWithPartsSchema,
  },
  async (ctx, { id, with: parts }) => {
    const key = parseVirtualId(id);
    if (key === null) throw virtualNotFound(id);
    const hidden = await getHidden(ctx);
    const found = await listVirtualCounts(ctx.db, { types: [key.type], name: key.name, hidden });
    const [collection] = await addMembers(ctx, sortVirtual(found), parts);
    if (collection === undefined) throw virtualNotFound(id);
    return collection;
  },
);

/** Ids of all virtual collections, by type and name. */
export const listVirtualIdentifiers = operation(
  { type: "query", scope: "collections.read", input: NoInput, output: VirtualIdListSchema },
  async (ctx) => {
    const hidden = await getHidden(ctx);
    const found = await listVirtualCounts(ctx.db, { types: VIRTUAL_TYPES, hidden });
    return sortVirtual(found).map(({ id }) => id);
  },
);

interface Identified extends VirtualCounts {
  readonly id: string;
}

function sortVirtual(found: readonly VirtualCounts[]): readonly Identified[] {
  const byType = Map.groupBy(found, ({ type }) => type);
  return VIRTUAL_TYPES.flatMap((type) => {
    const own = byType.get(type) ?? [];
    return sortByName(own.map((counts) => ({ ...counts, id: formatVirtualId(counts) })));
  });
}

async function addMembers(
  ctx: Context,
  found: readonly Identified[],
  parts: readonly CollectionPart[],
): Promise<readonly VirtualCollectionWithParts[]> {
  const withRomIds = parts.includes("romIds");
  const members = await listVirtualMembers(ctx.db, found, { hidden: await getHidden(ctx), withRomIds });
  return found.map((collection, index) => {
    const { romIds = [], romCovers = [] } = members[index] ?? {};
    return {
      ...collection,
      description: describeVirtual(collection),
      romCovers,
      ...(withRomIds ? { romIds } : {}),
    };
  });
}
