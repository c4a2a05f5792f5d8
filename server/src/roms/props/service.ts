import { nextChange } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { requireAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { inTransaction } from "../../base/transaction.ts";
import { getHidden } from "../../permissions/hidden/service.ts";
import { keepVisibleRom, raiseOwnChange } from "../access/service.ts";
import { romNotFound } from "../rules.ts";
import { StoredRomPropsSchema, UpdateRomPropsInput } from "./contract.ts";
import {
  clearMainOfSiblings,
  insertPropsRow,
  lockMainSiblings,
  lockPropsRow,
  type PropsPatch,
  type RomUserRow,
  type RowKey,
  toStoredProps,
  updatePropsRow,
} from "./queries.ts";

type Changes = Omit<UpdateRomPropsInput, "romId">;

/**
 * Changes what the caller keeps about a rom; the first change makes the row. One rom among siblings is the main one:
 * choosing another takes the mark from those before.
 * @throws AppError `ROMS_NOT_FOUND`; `AUTH_ACCOUNT_REQUIRED` for callers without an account.
 */
export const updateRomProps = operation(
  {
    type: "mutation",
    scope: "roms.user.write",
    input: UpdateRomPropsInput,
    output: StoredRomPropsSchema,
  },
  async (ctx, { romId, ...changes }) => {
    const key = { romId, userId: requireAccountId(ctx) };
    const hidden = await getHidden(ctx);
    return await inTransaction(ctx, async (inner) => {
      await keepVisibleRom(inner, romId, hidden);
      const isMainChosen = changes.isMainSibling === true;
      if (isMainChosen) await lockMainSiblings(inner.db, key.userId);
      const { row, isChanged } = await storeChanges(inner, key, changes);
      const cleared = isMainChosen ? await clearMainOfSiblings(inner.db, key, ctx.ports.clock.now()) : [];
      if (isChanged || cleared.length > 0) raiseOwnChange(inner, key.userId, [romId, ...cleared]);
      return toStoredProps(row);
    });
  },
);

async function storeChanges(
  ctx: Context,
  key: RowKey,
  changes: Changes,
): Promise<{ readonly row: RomUserRow; readonly isChanged: boolean }> {
  const now = ctx.ports.clock.now();
  const wished = toPatch(changes, now);
  const found = await lockPropsRow(ctx.db, key);
  if (found === null) {
    const added = await insertPropsRow(ctx.db, { ...key, ...wished, createdAt: now, updatedAt: now });
    if (added !== null) return { row: added, isChanged: true };
  }
  // Somebody else was first, and has committed by now. Rows go with their rom only, and that one is kept.
  const row = found ?? (await lockPropsRow(ctx.db, key));
  if (row === null) throw romNotFound(key.romId);
  if (!isOther(row, wished)) return { row, isChanged: false };
  const patch = { ...wished, updatedAt: nextChange(now, row.updatedAt) };
  await updatePropsRow(ctx.db, row.id, patch);
  return { row: { ...row, ...patch }, isChanged: true };
}

function toPatch(changes: Changes, now: Date): PropsPatch {
  const { isMainSibling, isBacklogged, isNowPlaying, isHidden, lastPlayed } = changes;
  const wished = {
    isMainSibling,
    backlogged: isBacklogged,
    nowPlaying: isNowPlaying,
    hidden: isHidden,
    lastPlayed: lastPlayed === undefined ? undefined : lastPlayed === "now" ? now : null,
    rating: changes.rating,
    difficulty: changes.difficulty,
    completion: changes.completion,
    status: changes.status,
  };
  return Object.fromEntries(Object.entries(wished).filter(([, value]) => value !== undefined));
}

/** Nothing is written where everything is so already: the change date tells the truth. */
function isOther(row: RomUserRow, wished: PropsPatch): boolean {
  return Object.entries(wished).some(([name, value]) => {
    const stored = row[name as keyof PropsPatch];
    return value instanceof Date && stored instanceof Date
      ? value.getTime() !== stored.getTime()
      : value !== stored;
  });
}
