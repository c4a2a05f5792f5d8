import { nextChange } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { findAccountId, requireAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { Nothing } from "../../base/schemas.ts";
import { inTransaction } from "../../base/transaction.ts";
import { requireGrant } from "../../permissions/checks/service.ts";
import {
  CollectionFormInput,
  CollectionIdInput,
  type CollectionWithParts,
  CollectionWithPartsSchema,
  CreateCollectionInput,
  UpdateCollectionFormInput,
  UpdateCollectionInput,
} from "../contract.ts";
import {
  coverPathsOf,
  fetchCover,
  type PreparedCover,
  prepareCover,
  removeCollectionFiles,
  removeOldCovers,
  storeCover,
} from "../covers/service.ts";
import { COLLECTIONS_PER_USER_MAX } from "../limits.ts";
import { replaceMembers } from "../members/service.ts";
import {
  type CollectionRow,
  countCollectionsOf,
  deleteCollectionRow,
  findCollectionRow,
  insertCollectionRow,
  lockCollectionRow,
  lockOwner,
  type Taken,
  updateCollectionRow,
} from "../queries.ts";
import {
  collectionNameTaken,
  collectionNotFound,
  favoriteTaken,
  isFavoriteName,
  tooManyCollections,
} from "../rules.ts";
import { readCollection, requireChangeable } from "../service.ts";

/**
 * Makes a collection of the caller's, without roms.
 * @throws AppError `COLLECTIONS_NAME_TAKEN`, `COLLECTIONS_FAVORITE_TAKEN`, `COLLECTIONS_LIMIT`, and those of covers.
 */
export const createCollection = operation(
  {
    type: "mutation",
    scope: "collections.write",
    input: CreateCollectionInput,
    output: CollectionWithPartsSchema,
  },
  async (ctx, input) => await create(ctx, { ...input, isFavorite: input.isFavorite ?? false }, null),
);

/**
 * Does the same from the fields of a compatible form, perhaps with the bytes of a cover. Without a word about it a
 * collection of that name holds favourites.
 */
export const createCollectionByForm = operation(
  {
    type: "mutation",
    scope: "collections.write",
    input: CollectionFormInput,
    output: CollectionWithPartsSchema,
  },
  async (ctx, { artwork, ...input }) => {
    const isFavorite = input.isFavorite ?? isFavoriteName(input.name);
    return await create(ctx, { ...input, isFavorite }, artwork ?? null);
  },
);

type NewCollection = CreateCollectionInput & { readonly isFavorite: boolean };

async function create(
  ctx: Context,
  { with: parts, ...fields }: NewCollection,
  artwork: Uint8Array | null,
): Promise<CollectionWithParts> {
  const userId = requireAccountId(ctx);
  const cover = await readCover(ctx, artwork, fields.urlCover === "" ? null : fields.urlCover);
  return await inTransaction(ctx, async (inner) => {
    await lockOwner(inner.db, userId);
    if ((await countCollectionsOf(inner.db, userId)) >= COLLECTIONS_PER_USER_MAX) throw tooManyCollections();
    const now = ctx.ports.clock.now();
    const stored = await insertCollectionRow(inner.db, { ...fields, userId, createdAt: now, updatedAt: now });
    const collectionId = requireFree(stored, fields.name);
    if (cover !== null) {
      await updateCollectionRow(inner.db, collectionId, coverPathsOf(collectionId, cover));
      await storeCover(inner, collectionId, cover);
    }
    return await readCollection(inner, { collectionId, parts, viewerId: userId });
  });
}

async function readCover(
  ctx: Context,
  artwork: Uint8Array | null,
  url: string | null,
): Promise<PreparedCover | null> {
  if (artwork !== null) return await prepareCover(ctx, artwork);
  return url === null ? null : await fetchCover(ctx, url);
}

function requireFree(stored: number | Taken, name: string): number {
  if (stored === "name") throw collectionNameTaken(name);
  if (stored === "favorite") throw favoriteTaken();
  return stored;
}

/**
 * Changes a collection; what is left out stays, and the roms named become all that are in it.
 * @throws AppError `COLLECTIONS_NOT_FOUND`, `COLLECTIONS_FOREIGN`, `COLLECTIONS_NAME_TAKEN`, `COLLECTIONS_ROMS_LIMIT`, and
 *   those of covers.
 */
export const updateCollection = operation(
  {
    type: "mutation",
    scope: "collections.write",
    input: UpdateCollectionInput,
    output: CollectionWithPartsSchema,
  },
  async (ctx, input) => await update(ctx, input, null),
);

/** Does the same from the fields of a compatible form, perhaps with the bytes of a cover. */
export const updateCollectionByForm = operation(
  {
    type: "mutation",
    scope: "collections.write",
    input: UpdateCollectionFormInput,
    output: CollectionWithPartsSchema,
  },
  async (ctx, { artwork, ...input }) => await update(ctx, input, artwork ?? null),
);

async function update(
  ctx: Context,
  input: UpdateCollectionInput,
  artwork: Uint8Array | null,
): Promise<CollectionWithParts> {
  const { collectionId, with: parts } = input;
  const before = await requireChangeable(ctx, collectionId);
  const cover = input.removeCover ? null : await readCover(ctx, artwork, findNewUrl(before, input));
  const collection = await inTransaction(ctx, async (inner) => {
    const row = await lockCollectionRow(inner.db, collectionId, findAccountId(ctx.identity));
    if (row === null) throw collectionNotFound(collectionId);
    const isChanged =
      input.romIds !== undefined && (await replaceMembers(inner, { collectionId, romIds: input.romIds }));
    const patch = toPatch(row, input, cover);
    if (isChanged || Object.keys(patch).length > 0) {
      const updatedAt = nextChange(ctx.ports.clock.now(), row.updatedAt);
      requireFree(
        await updateCollectionRow(inner.db, collectionId, { ...patch, updatedAt }),
        input.name ?? row.name,
      );
    }
    // Last of what may fail, for it cannot be taken back; and under the lock of the row.
    if (cover !== null) await storeCover(inner, collectionId, cover);
    return await readCollection(inner, { collectionId, parts, viewerId: row.userId });
  });
  if (cover !== null || input.removeCover) await removeOldCovers(ctx, before);
  return collection;
}

/** The address of a cover that is not the present one's; null when there is nothing to fetch. */
function findNewUrl(row: CollectionRow, { urlCover = "" }: UpdateCollectionInput): string | null {
  const isPresent = urlCover === row.urlCover && row.pathCoverLarge !== "";
  return urlCover === "" || isPresent ? null : urlCover;
}

/** Only what differs from the stored collection, so that its change date tells the truth. */
function toPatch(
  row: CollectionRow,
  { name, description, isPublic, urlCover, removeCover }: UpdateCollectionInput,
  cover: PreparedCover | null,
): Partial<CollectionRow> {
  const wished: Partial<CollectionRow> = {
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(isPublic === undefined ? {} : { isPublic }),
    ...(urlCover === undefined ? {} : { urlCover }),
    ...(removeCover ? { urlCover: "", pathCoverLarge: "", pathCoverSmall: "" } : {}),
  };
  const changed = Object.entries(wished).filter(
    ([field, value]) => row[field as keyof CollectionRow] !== value,
  );
  // Another picture may lie under the same path.
  return { ...Object.fromEntries(changed), ...(cover === null ? {} : coverPathsOf(row.id, cover)) };
}

/**
 * Removes a collection; its roms stay in the library. Others' collections need the grant to delete them.
 * @throws AppError `COLLECTIONS_NOT_FOUND`, `PERMISSIONS_INSUFFICIENT`.
 */
export const removeCollection = operation(
  { type: "mutation", scope: "collections.write", input: CollectionIdInput, output: Nothing },
  async (ctx, { collectionId }): Promise<null> => {
    const viewerId = findAccountId(ctx.identity);
    const row = await findCollectionRow(ctx.db, collectionId, viewerId);
    if (row === null) throw collectionNotFound(collectionId);
    await requireGrant(ctx, { entity: "collections", action: "delete", ownerId: row.userId });
    await inTransaction(ctx, async ({ db }) => {
      if ((await lockCollectionRow(db, collectionId, viewerId)) === null)
        throw collectionNotFound(collectionId);
      await deleteCollectionRow(db, collectionId);
    });
    await removeCollectionFiles(ctx, collectionId);
    return null;
  },
);
