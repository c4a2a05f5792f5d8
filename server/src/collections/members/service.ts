import { nextChange } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { findAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { inTransaction } from "../../base/transaction.ts";
import { getHidden } from "../../permissions/hidden/service.ts";
import { CollectionRomsInput, type CollectionWithParts, CollectionWithPartsSchema } from "../contract.ts";
import { COLLECTION_ROMS_MAX } from "../limits.ts";
import {
  addMembers,
  countMembers,
  lockCollectionRow,
  type MembersChange,
  removeMembers,
  removeOtherMembers,
  updateCollectionRow,
} from "../queries.ts";
import { collectionNotFound, tooManyRoms } from "../rules.ts";
import { readCollection, requireChangeable } from "../service.ts";

/**
 * Adds roms to a collection; those that are in it stay, unknown ones are left out. Additions at the same time all
 * count.
 * @throws AppError `COLLECTIONS_NOT_FOUND`, `COLLECTIONS_FOREIGN`, `COLLECTIONS_ROMS_LIMIT`.
 */
export const addCollectionRoms = operation(
  {
    type: "mutation",
    scope: "collections.write",
    input: CollectionRomsInput,
    output: CollectionWithPartsSchema,
  },
  async (ctx, input) =>
    await change(ctx, input, async (inner, members) => {
      const added = await addMembers(inner.db, members);
      if (added > 0) await requireRoom(inner, members.collectionId);
      return added > 0;
    }),
);

/**
 * Takes roms out of a collection; those that are not in it do not matter.
 * @throws AppError `COLLECTIONS_NOT_FOUND`, `COLLECTIONS_FOREIGN`.
 */
export const removeCollectionRoms = operation(
  {
    type: "mutation",
    scope: "collections.write",
    input: CollectionRomsInput,
    output: CollectionWithPartsSchema,
  },
  async (ctx, input) =>
    await change(ctx, input, async (inner, members) => (await removeMembers(inner.db, members)) > 0),
);

type Wish = Pick<MembersChange, "collectionId" | "romIds">;

async function change(
  ctx: Context,
  { collectionId, romIds, with: parts }: Wish & { readonly with: readonly "romIds"[] },
  work: (inner: Context, members: MembersChange) => Promise<boolean>,
): Promise<CollectionWithParts> {
  await requireChangeable(ctx, collectionId);
  return await inTransaction(ctx, async (inner) => {
    const row = await lockCollectionRow(inner.db, collectionId, findAccountId(ctx.identity));
    if (row === null) throw collectionNotFound(collectionId);
    if (await work(inner, { collectionId, romIds, hidden: await getHidden(inner) })) {
      const updatedAt = nextChange(ctx.ports.clock.now(), row.updatedAt);
      await updateCollectionRow(inner.db, collectionId, { updatedAt });
    }
    return await readCollection(inner, { collectionId, parts, viewerId: row.userId });
  });
}

/**
 * Makes some roms all that a collection holds, apart from those that the caller may not see. The collection is
 * locked by the caller.
 * @returns Whether anything changed.
 * @throws AppError `COLLECTIONS_ROMS_LIMIT`.
 */
export async function replaceMembers(ctx: Context, wish: Wish): Promise<boolean> {
  const members = { ...wish, hidden: await getHidden(ctx) };
  const removed = await removeOtherMembers(ctx.db, members);
  const added = await addMembers(ctx.db, members);
  if (added > 0) await requireRoom(ctx, wish.collectionId);
  return removed + added > 0;
}

async function requireRoom(ctx: Context, collectionId: number): Promise<void> {
  if ((await countMembers(ctx.db, collectionId)) > COLLECTION_ROMS_MAX) throw tooManyRoms();
}
