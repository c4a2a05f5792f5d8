import { isDeepStrictEqual } from "node:util";
import { nextChange } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { findAccountId, requireAccountId } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { Id, list, Nothing } from "../../base/schemas.ts";
import { inTransaction } from "../../base/transaction.ts";
import { getHidden } from "../../permissions/hidden/service.ts";
import { keepVisibleRom, raiseOwnChange } from "../access/service.ts";
import { requireVisibleRom } from "../service.ts";
import {
  CreateRomNoteInput,
  ListRomNotesInput,
  type RomNote,
  RomNoteInput,
  RomNoteListSchema,
  RomNoteSchema,
  RomNotesInput,
  UpdateRomNoteInput,
} from "./contract.ts";
import { NOTES_PER_USER_MAX } from "./limits.ts";
import {
  countNotes,
  deleteNoteRow,
  insertNoteRow,
  listNoteIds,
  listNotes,
  lockNoteRow,
  lockNotesOf,
  type NoteKey,
  type NotePatch,
  type NoteRow,
  updateNoteRow,
} from "./queries.ts";
import { noteNotFound, noteTitleTaken, tooManyNotes } from "./rules.ts";

/**
 * The caller's own notes on a rom and those that others made public, the newest first.
 * @throws AppError `ROMS_NOT_FOUND`.
 */
export const listRomNotes = operation(
  { type: "query", scope: "roms.read", input: ListRomNotesInput, output: RomNoteListSchema },
  async (ctx, query) => {
    await requireVisibleRom(ctx, query.romId);
    return await listNotes(ctx.db, { ...query, viewerId: findAccountId(ctx.identity) });
  },
);

/**
 * Ids of the same notes.
 * @throws AppError `ROMS_NOT_FOUND`.
 */
export const listRomNoteIdentifiers = operation(
  { type: "query", scope: "roms.read", input: RomNotesInput, output: list(Id) },
  async (ctx, { romId }) => {
    await requireVisibleRom(ctx, romId);
    return await listNoteIds(ctx.db, { romId, viewerId: findAccountId(ctx.identity) });
  },
);

/**
 * Adds a note of the caller's to a rom.
 * @throws AppError `ROMS_NOT_FOUND`, `NOTES_TITLE_TAKEN`, `NOTES_LIMIT`; `AUTH_ACCOUNT_REQUIRED` for callers without
 *   an account.
 */
export const createRomNote = operation(
  { type: "mutation", scope: "roms.user.write", input: CreateRomNoteInput, output: RomNoteSchema },
  async (ctx, { tags, ...fields }) =>
    await change(ctx, fields.romId, async (inner, userId) => {
      const { romId, title } = fields;
      await lockNotesOf(inner.db, userId);
      if ((await countNotes(inner.db, { romId, userId })) >= NOTES_PER_USER_MAX) throw tooManyNotes();
      const now = ctx.ports.clock.now();
      const row = { ...fields, tags: [...tags], userId, createdAt: now, updatedAt: now };
      const noteId = await insertNoteRow(inner.db, row);
      if (noteId === null) throw noteTitleTaken(title);
      raiseOwnChange(inner, userId, [romId]);
      return await readOwn(inner, { noteId, romId, userId });
    }),
);

/**
 * Changes a note of the caller's; what is left out stays.
 * @throws AppError `ROMS_NOT_FOUND`; `NOTES_NOT_FOUND`, also for another's; `NOTES_TITLE_TAKEN`;
 *   `AUTH_ACCOUNT_REQUIRED` for callers without an account.
 */
export const updateRomNote = operation(
  { type: "mutation", scope: "roms.user.write", input: UpdateRomNoteInput, output: RomNoteSchema },
  async (ctx, { romId, noteId, ...wished }) =>
    await change(ctx, romId, async (inner, userId) => {
      const key = { noteId, romId, userId };
      const row = await lockNoteRow(inner.db, key);
      if (row === null) throw noteNotFound(noteId);
      const patch = toPatch(row, wished);
      if (Object.keys(patch).length > 0) {
        const updatedAt = nextChange(ctx.ports.clock.now(), row.updatedAt);
        const isStored = await updateNoteRow(inner.db, noteId, { ...patch, updatedAt });
        if (!isStored) throw noteTitleTaken(patch.title ?? row.title);
        raiseOwnChange(inner, userId, [romId]);
      }
      return await readOwn(inner, key);
    }),
);

/**
 * Removes a note of the caller's.
 * @throws AppError `ROMS_NOT_FOUND`; `NOTES_NOT_FOUND`, also for another's; `AUTH_ACCOUNT_REQUIRED` for callers
 *   without an account.
 */
export const removeRomNote = operation(
  { type: "mutation", scope: "roms.user.write", input: RomNoteInput, output: Nothing },
  async (ctx, { romId, noteId }): Promise<null> =>
    await change(ctx, romId, async (inner, userId) => {
      if (!(await deleteNoteRow(inner.db, { noteId, romId, userId }))) throw noteNotFound(noteId);
      raiseOwnChange(inner, userId, [romId]);
      return null;
    }),
);

async function change<T>(
  ctx: Context,
  romId: number,
  work: (inner: Context, userId: number) => Promise<T>,
): Promise<T> {
  const userId = requireAccountId(ctx);
  const hidden = await getHidden(ctx);
  return await inTransaction(ctx, async (inner) => {
    await keepVisibleRom(inner, romId, hidden);
    return await work(inner, userId);
  });
}

async function readOwn(ctx: Context, { noteId, romId, userId }: NoteKey): Promise<RomNote> {
  const [note] = await listNotes(ctx.db, { romId, noteId, viewerId: userId });
  if (note === undefined) throw noteNotFound(noteId);
  return note;
}

interface Wishes {
  readonly title?: string | undefined;
  readonly content?: string | undefined;
  readonly isPublic?: boolean | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** Only what differs from the stored note, so that its change date tells the truth. */
function toPatch(row: NoteRow, { title, content, isPublic, tags }: Wishes): NotePatch {
  return {
    ...(title === undefined || title === row.title ? {} : { title }),
    ...(content === undefined || content === row.content ? {} : { content }),
    ...(isPublic === undefined || isPublic === row.isPublic ? {} : { isPublic }),
    ...(tags === undefined || isDeepStrictEqual(tags, row.tags) ? {} : { tags: [...tags] }),
  };
}
