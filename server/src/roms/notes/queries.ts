import type { Executor } from "@multitap/db";
import { isUniqueViolation } from "@multitap/db/errors";
import { romNotes } from "@multitap/db/schema/roms";
import { users } from "@multitap/db/schema/users";
import { and, arrayContains, count, desc, eq, or, type SQL, sql } from "drizzle-orm";
import { toInstant } from "../../base/clock.ts";
import { perExecutor } from "../../base/per-executor.ts";
import type { RomNote } from "./contract.ts";
import { NOTES_LISTED_MAX } from "./limits.ts";
import { sortNewestFirst } from "./rules.ts";

/** A note as stored. */
export type NoteRow = typeof romNotes.$inferSelect;
/** What of it a caller can change. */
export type NotePatch = Partial<Pick<NoteRow, "title" | "content" | "isPublic" | "tags">>;

/** First of the two numbers of the lock on how many notes an account has; the second is the account's. */
const NOTE_LOCKS = 0x6e_6f_74;

/** Which notes of a rom to list, and for whom. */
export interface NotesQuery {
  readonly romId: number;
  /** Null for callers without an account: they read what is public. */
  readonly viewerId: number | null;
  readonly isPublicOnly?: boolean | undefined;
  readonly search?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly noteId?: number | undefined;
}

/** Stands for callers without an account, which has no row of this id. */
const NO_ACCOUNT = 0;

function isOwn(viewerId: number | null): SQL {
  return eq(romNotes.userId, viewerId ?? NO_ACCOUNT);
}

function toConditions({ romId, viewerId, isPublicOnly, search, tags, noteId }: NotesQuery) {
  const isPublic = eq(romNotes.isPublic, true);
  const holds = (column: typeof romNotes.title | typeof romNotes.content) =>
    sql`position(${search} in ${column}) > 0`;
  return and(
    eq(romNotes.romId, romId),
    isPublicOnly === true ? isPublic : or(isPublic, isOwn(viewerId)),
    noteId === undefined ? undefined : eq(romNotes.id, noteId),
    search === undefined || search === "" ? undefined : or(holds(romNotes.title), holds(romNotes.content)),
    tags === undefined || tags.length === 0 ? undefined : arrayContains(romNotes.tags, [...tags]),
  );
}

/** Of too many the viewer's own stay, then the newest. */
const toOrder = ({ viewerId }: NotesQuery) => [
  desc(isOwn(viewerId)),
  desc(romNotes.createdAt),
  desc(romNotes.id),
];

const selectNotes = (db: Executor) =>
  db
    .select({
      row: romNotes,
      id: romNotes.id,
      createdAt: romNotes.createdAt,
      ownerUsername: users.username,
      ownerAvatarPath: users.avatarPath,
      ownerUpdatedAt: users.updatedAt,
    })
    .from(romNotes)
    .innerJoin(users, eq(users.id, romNotes.userId));

const prepared = perExecutor((db) => {
  const romId = sql`${sql.placeholder("romId")}::int4`;
  const isOwnNote = sql`${romNotes.userId} = ${sql.placeholder("viewerId")}::int4`;
  return {
    notesOfRom: selectNotes(db)
      .where(and(sql`${romNotes.romId} = ${romId}`, or(sql`${romNotes.isPublic}`, isOwnNote)))
      .orderBy(desc(isOwnNote), desc(romNotes.createdAt), desc(romNotes.id))
      .limit(NOTES_LISTED_MAX)
      .prepare("notes_of_rom"),
  };
});

/** All notes of a rom that a viewer may read, the newest first. */
export async function listNotesOfRom(
  db: Executor,
  romId: number,
  viewerId: number | null,
): Promise<readonly RomNote[]> {
  const rows = await prepared(db).notesOfRom.execute({ romId, viewerId: viewerId ?? NO_ACCOUNT });
  return sortNewestFirst(rows).map(toRomNote);
}

/** Notes of a rom that a viewer may read, the newest first. */
export async function listNotes(db: Executor, query: NotesQuery): Promise<readonly RomNote[]> {
  const rows = await selectNotes(db)
    .where(toConditions(query))
    .orderBy(...toOrder(query))
    .limit(NOTES_LISTED_MAX);
  return sortNewestFirst(rows).map(toRomNote);
}

type ListedNote = Awaited<ReturnType<typeof selectNotes>>[number];

function toRomNote({ row, ownerUsername, ownerAvatarPath, ownerUpdatedAt }: ListedNote): RomNote {
  return {
    id: row.id,
    romId: row.romId,
    title: row.title,
    content: row.content,
    isPublic: row.isPublic,
    tags: row.tags,
    ownerId: row.userId,
    ownerUsername,
    ownerAvatarPath,
    ownerUpdatedAt: toInstant(ownerUpdatedAt),
    createdAt: toInstant(row.createdAt),
    updatedAt: toInstant(row.updatedAt),
  };
}

/** Ids of the same notes in the same order. */
export async function listNoteIds(db: Executor, query: NotesQuery): Promise<readonly number[]> {
  const rows = await db
    .select({ id: romNotes.id, createdAt: romNotes.createdAt })
    .from(romNotes)
    .where(toConditions(query))
    .orderBy(...toOrder(query))
    .limit(NOTES_LISTED_MAX);
  return sortNewestFirst(rows).map(({ id }) => id);
}

/** Whose note on which rom. */
export interface NoteKey {
  readonly noteId: number;
  readonly romId: number;
  readonly userId: number;
}

const isNote = ({ noteId, romId, userId }: NoteKey) =>
  and(eq(romNotes.id, noteId), eq(romNotes.romId, romId), eq(romNotes.userId, userId));

/** An account's own note, which nobody else changes until the transaction ends; null for none. */
export async function lockNoteRow(db: Executor, key: NoteKey): Promise<NoteRow | null> {
  const [row] = await db.select().from(romNotes).where(isNote(key)).for("update");
  return row ?? null;
}

/** Waits until no other transaction adds a note of an account; the lock ends with the transaction. */
export async function lockNotesOf(db: Executor, userId: number): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${NOTE_LOCKS}, ${userId})`);
}

/** Counts an account's notes on a rom. */
export async function countNotes(db: Executor, { romId, userId }: Omit<NoteKey, "noteId">): Promise<number> {
  const [row] = await db
    .select({ total: count() })
    .from(romNotes)
    .where(and(eq(romNotes.romId, romId), eq(romNotes.userId, userId)));
  return row?.total ?? 0;
}

/** Adds a note; gives its id, or null when the account has one of that title on the rom. */
export async function insertNoteRow(db: Executor, row: typeof romNotes.$inferInsert): Promise<number | null> {
  const [added] = await db.insert(romNotes).values(row).onConflictDoNothing().returning({ id: romNotes.id });
  return added?.id ?? null;
}

/** Changes a note; false, and the transaction is lost, when the account has another of that title on the rom. */
export async function updateNoteRow(
  db: Executor,
  noteId: number,
  patch: NotePatch & { readonly updatedAt: Date },
): Promise<boolean> {
  try {
    await db.update(romNotes).set(patch).where(eq(romNotes.id, noteId));
    return true;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return false;
  }
}

/** Removes an account's own note; false when there is none. */
export async function deleteNoteRow(db: Executor, key: NoteKey): Promise<boolean> {
  const rows = await db.delete(romNotes).where(isNote(key)).returning({ id: romNotes.id });
  return rows.length > 0;
}
