import type { Context } from "../base/context.ts";
import { isAppError } from "../base/errors.ts";
import { findAccountId } from "../base/identity.ts";
import { operation } from "../base/operation.ts";
import { NoInput } from "../base/schemas.ts";
import { requireGrant } from "../permissions/checks/service.ts";
import { getHidden } from "../permissions/hidden/service.ts";
import {
  CollectionListSchema,
  type CollectionPart,
  type CollectionWithParts,
  CollectionWithPartsSchema,
  GetCollectionInput,
  IdListSchema,
  ListCollectionsInput,
} from "./contract.ts";
import { type CollectionRow, findCollectionRow, listCollectionNames, listCollectionRows } from "./queries.ts";
import { collectionForeign, collectionNotFound, sortByName } from "./rules.ts";

/** The caller's collections and those that others made public, by name. */
export const listCollections = operation(
  { type: "query", scope: "collections.read", input: ListCollectionsInput, output: CollectionListSchema },
  async (ctx, { updatedAfter, with: parts }) => {
    const rows = await listCollectionRows(ctx.db, {
      userId: findAccountId(ctx.identity),
      hidden: await getHidden(ctx),
      updatedAfter: updatedAfter === undefined ? undefined : new Date(updatedAfter),
      withRomIds: parts.includes("romIds"),
    });
    return sortByName(rows);
  },
);

/**
 * One collection.
 * @throws AppError `COLLECTIONS_NOT_FOUND`.
 */
export const getCollection = operation(
  { type: "query", scope: "collections.read", input: GetCollectionInput, output: CollectionWithPartsSchema },
  async (ctx, { collectionId, with: parts }) =>
    await readCollection(ctx, { collectionId, parts, viewerId: findAccountId(ctx.identity) }),
);

/** Ids of the collections that the caller may see, by name. */
export const listCollectionIdentifiers = operation(
  { type: "query", scope: "collections.read", input: NoInput, output: IdListSchema },
  async (ctx) => {
    const rows = await listCollectionNames(ctx.db, findAccountId(ctx.identity));
    return sortByName(rows).map(({ id }) => id);
  },
);

/** Which collection to read, how much of it, and for whom. */
export interface CollectionSight {
  readonly collectionId: number;
  readonly parts: readonly CollectionPart[];
  /** Who may see it: the caller, or its owner when the caller has just changed it. Null sees what is public. */
  readonly viewerId: number | null;
}

/**
 * Reads a collection with those of its roms that the caller may see.
 * @throws AppError `COLLECTIONS_NOT_FOUND`.
 */
export async function readCollection(
  ctx: Context,
  { collectionId, parts, viewerId }: CollectionSight,
): Promise<CollectionWithParts> {
  const [collection] = await listCollectionRows(ctx.db, {
    userId: viewerId,
    hidden: await getHidden(ctx),
    collectionId,
    withRomIds: parts.includes("romIds"),
  });
  if (collection === undefined) throw collectionNotFound(collectionId);
  return collection;
}

/**
 * Gives a collection that the caller may change: their own, or one that they may see as an administrator or by a
 * grant that is not for own objects only.
 * @throws AppError `COLLECTIONS_NOT_FOUND`, `COLLECTIONS_FOREIGN`.
 */
export async function requireChangeable(ctx: Context, collectionId: number): Promise<CollectionRow> {
  const row = await findCollectionRow(ctx.db, collectionId, findAccountId(ctx.identity));
  if (row === null) throw collectionNotFound(collectionId);
  try {
    await requireGrant(ctx, { entity: "collections", action: "write", ownerId: row.userId });
  } catch (error) {
    if (isAppError(error) && error.code === "PERMISSIONS_INSUFFICIENT") {
      throw collectionForeign(collectionId, error);
    }
    throw error;
  }
  return row;
}
