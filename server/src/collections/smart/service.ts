import { isDeepStrictEqual } from "node:util";
import { nextChange, toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { isAppError } from "../../base/errors.ts";
import { findAccountId, requireAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { NoInput, Nothing } from "../../base/schemas.ts";
import { inTransaction } from "../../base/transaction.ts";
import { requireGrant } from "../../permissions/checks/service.ts";
import type { RomFilter } from "../../roms/filters/contract.ts";
import { countFilterValues, listRomsOfFilters, readCriteria } from "../../roms/filters/service.ts";
import { type CollectionPart, IdListSchema } from "../contract.ts";
import { ROM_COVERS_SOUGHT_MAX, SMART_PER_USER_MAX, SMART_VALUES_MAX } from "../limits.ts";
import { lockOwner } from "../queries.ts";
import { sortByName } from "../rules.ts";
import {
  CreateSmartInput,
  GetSmartInput,
  ListSmartInput,
  SmartCollectionListSchema,
  type SmartCollectionWithParts,
  SmartCollectionWithPartsSchema,
  type SmartCriteria,
  SmartIdInput,
  UpdateSmartInput,
} from "./contract.ts";
import {
  countSmartOf,
  deleteSmartRow,
  insertSmartRow,
  listCoversOf,
  listSmartNames,
  listSmartRows,
  lockSmartRow,
  type SmartRow,
  updateSmartRow,
} from "./queries.ts";
import { checkCriteria, smartForeign, smartNotFound, tooManySmart } from "./rules.ts";

/** The caller's smart collections and those that others made public, by name. */
export const listSmartCollections = operation(
  { type: "query", scope: "collections.read", input: ListSmartInput, output: SmartCollectionListSchema },
  async (ctx, { updatedAfter, with: parts }) => {
    const rows = await listSmartRows(ctx.db, {
      userId: findAccountId(ctx.identity),
      updatedAfter: updatedAfter === undefined ? undefined : new Date(updatedAfter),
    });
    return await evaluate(ctx, sortByName(rows), parts);
  },
);

/**
 * One smart collection.
 * @throws AppError `COLLECTIONS_SMART_NOT_FOUND`.
 */
export const getSmartCollection = operation(
  { type: "query", scope: "collections.read", input: GetSmartInput, output: SmartCollectionWithPartsSchema },
  async (ctx, { collectionId, with: parts }) =>
    await readSmart(ctx, { collectionId, parts, viewerId: findAccountId(ctx.identity) }),
);

/** Ids of the smart collections that the caller may see, by name. */
export const listSmartIdentifiers = operation(
  { type: "query", scope: "collections.read", input: NoInput, output: IdListSchema },
  async (ctx) => {
    const named = await listSmartNames(ctx.db, findAccountId(ctx.identity));
    return sortByName(named).map(({ id }) => id);
  },
);

/**
 * Makes a smart collection of the caller's.
 * @throws AppError `COLLECTIONS_FILTER_UNSUPPORTED`, `COLLECTIONS_CRITERIA_INVALID`, `COLLECTIONS_LIMIT`.
 */
export const createSmartCollection = operation(
  {
    type: "mutation",
    scope: "collections.write",
    input: CreateSmartInput,
    output: SmartCollectionWithPartsSchema,
  },
  async (ctx, { criteria, with: parts, ...fields }) => {
    const userId = requireAccountId(ctx);
    requireCriteria(criteria);
    return await inTransaction(ctx, async (inner) => {
      await lockOwner(inner.db, userId);
      if ((await countSmartOf(inner.db, userId)) >= SMART_PER_USER_MAX) throw tooManySmart();
      const now = ctx.ports.clock.now();
      const row = { ...fields, userId, filterCriteria: criteria, createdAt: now, updatedAt: now };
      const collectionId = await insertSmartRow(inner.db, row);
      return await readSmart(inner, { collectionId, parts, viewerId: userId });
    });
  },
);

/**
 * Changes a smart collection; what is left out stays.
 * @throws AppError `COLLECTIONS_SMART_NOT_FOUND`, `COLLECTIONS_FOREIGN`, and those of a new one.
 */
export const updateSmartCollection = operation(
  {
    type: "mutation",
    scope: "collections.write",
    input: UpdateSmartInput,
    output: SmartCollectionWithPartsSchema,
  },
  async (ctx, { collectionId, with: parts, criteria, ...fields }) => {
    return await inTransaction(ctx, async (inner) => {
      const row = await requireChangeable(inner, collectionId);
      if (criteria !== undefined) requireCriteria(criteria);
      const wished = { ...fields, filterCriteria: criteria };
      const changed = Object.entries(wished).filter(
        ([name, value]) => value !== undefined && !isDeepStrictEqual(row[name as keyof SmartRow], value),
      );
      if (changed.length > 0) {
        const updatedAt = nextChange(ctx.ports.clock.now(), row.updatedAt);
        await updateSmartRow(inner.db, collectionId, { ...Object.fromEntries(changed), updatedAt });
      }
      return await readSmart(inner, { collectionId, parts, viewerId: row.userId });
    });
  },
);

function requireCriteria(criteria: SmartCriteria): void {
  const { filter, unsupported } = readCriteria(criteria);
  checkCriteria(criteria, { unsupported, valueCount: filter === null ? null : countFilterValues(filter) });
}

/** The filter of stored criteria; null when they hold more than we evaluate. */
function findFilter(criteria: SmartCriteria): RomFilter | null {
  const { filter } = readCriteria(criteria);
  return filter !== null && countFilterValues(filter) <= SMART_VALUES_MAX ? filter : null;
}

async function requireChangeable(ctx: Context, collectionId: number): Promise<SmartRow> {
  const row = await lockSmartRow(ctx.db, collectionId, findAccountId(ctx.identity));
  if (row === null) throw smartNotFound(collectionId);
  try {
    await requireGrant(ctx, { entity: "collections", action: "write", ownerId: row.userId });
  } catch (error) {
    if (isAppError(error) && error.code === "PERMISSIONS_INSUFFICIENT")
      throw smartForeign(collectionId, error);
    throw error;
  }
  return row;
}

/**
 * Removes a smart collection. Others' need the grant to delete them.
 * @throws AppError `COLLECTIONS_SMART_NOT_FOUND`, `PERMISSIONS_INSUFFICIENT`.
 */
export const removeSmartCollection = operation(
  { type: "mutation", scope: "collections.write", input: SmartIdInput, output: Nothing },
  async (ctx, { collectionId }): Promise<null> => {
    await inTransaction(ctx, async (inner) => {
      const row = await lockSmartRow(inner.db, collectionId, findAccountId(ctx.identity));
      if (row === null) throw smartNotFound(collectionId);
      await requireGrant(inner, { entity: "collections", action: "delete", ownerId: row.userId });
      await deleteSmartRow(inner.db, collectionId);
    });
    return null;
  },
);

interface SmartSight {
  readonly collectionId: number;
  readonly parts: readonly CollectionPart[];
  readonly viewerId: number | null;
}

async function readSmart(
  ctx: Context,
  { collectionId, parts, viewerId }: SmartSight,
): Promise<SmartCollectionWithParts> {
  const rows = await listSmartRows(ctx.db, { userId: viewerId, collectionId });
  const [collection] = await evaluate(ctx, rows, parts);
  if (collection === undefined) throw smartNotFound(collectionId);
  return collection;
}

/**
 * Finds the roms of each, for the caller and as of now. One that came with an imported database and holds what we
 * cannot evaluate keeps the roms that were found there.
 */
async function evaluate(
  ctx: Context,
  rows: readonly (SmartRow & { readonly ownerUsername: string })[],
  parts: readonly CollectionPart[],
): Promise<readonly SmartCollectionWithParts[]> {
  const filters = rows.map((row) => findFilter(row.filterCriteria as SmartCriteria));
  const selections = rows.map((row, index) => filters[index] ?? { among: row.romIds });
  const isListed = parts.includes("romIds");
  const found = await listRomsOfFilters(ctx, selections, isListed ? undefined : ROM_COVERS_SOUGHT_MAX);
  const covers = await listCoversOf(
    ctx.db,
    found.map(({ romIds }) => romIds),
  );
  return rows.map((row, index) => {
    const { romIds = [], romCount = 0 } = found[index] ?? {};
    return {
      id: row.id,
      name: row.name,
      description: row.description,
      ownerId: row.userId,
      ownerUsername: row.ownerUsername,
      isPublic: row.isPublic,
      criteria: row.filterCriteria as SmartCriteria,
      filter: filters[index] ?? null,
      romCount,
      romCovers: covers[index] ?? [],
      ...(isListed ? { romIds } : {}),
      createdAt: toInstant(row.createdAt),
      updatedAt: toInstant(row.updatedAt),
    };
  });
}
