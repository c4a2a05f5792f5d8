import type { RomNote } from "@multitap/server/contract/roms/notes";
import type { CallOptions, WriteOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** What a new note is made of. */
export interface CreateNote {
  /** Other than those of one's other notes on the rom. */
  readonly title: string;
  /** Empty unless said. */
  readonly content?: string | undefined;
  /** Read by oneself only unless said. */
  readonly isPublic?: boolean | undefined;
  /** None unless said. */
  readonly tags?: readonly string[] | undefined;
}

/** What changes of a note; what is left out stays. */
export type UpdateNote = Partial<CreateNote>;

/** Which notes of a rom to read. */
export interface NotesFilter {
  /** Leaves out one's own that nobody else may read. */
  readonly isPublicOnly?: boolean | undefined;
  /** Occurs in the title or the content, upper and lower case told apart. */
  readonly search?: string | undefined;
  /** All must be among a note's tags. */
  readonly tags?: readonly string[] | undefined;
}

/** Which note: one that was read, or its two ids. */
export type NoteKey = Pick<RomNote, "romId" | "id">;

/** What people write about roms. */
export interface Notes {
  /**
   * Gives one's own notes on a rom and those that others made public, the newest first.
   * @throws MultitapError `not_found` without such a rom.
   * @example
   * for (const note of await client.notes.list(42, { tags: ["help"] })) show(note.ownerUsername, note.title);
   */
  list(romId: number, filter?: NotesFilter, options?: CallOptions): Promise<readonly RomNote[]>;
  /**
   * Adds a note to a rom.
   * @throws MultitapError `not_found`; `conflict`: `NOTES_TITLE_TAKEN`, `NOTES_LIMIT`.
   * @example
   * const { id } = await client.notes.create(42, { title: "Tip", content: "Hold **up**.", isPublic: true });
   */
  create(romId: number, input: CreateNote, options?: WriteOptions): Promise<RomNote>;
  /**
   * Changes a note of one's own.
   * @throws MultitapError `not_found`, also for another's; `conflict` (`NOTES_TITLE_TAKEN`).
   * @example
   * await client.notes.update(note, { tags: [] });
   */
  update(note: NoteKey, changes: UpdateNote, options?: WriteOptions): Promise<RomNote>;
  /**
   * Removes a note of one's own.
   * @throws MultitapError `not_found`, also for another's.
   * @example
   * await client.notes.remove(note);
   */
  remove(note: NoteKey, options?: WriteOptions): Promise<void>;
}

/** Builds the calls of this domain. */
export function createNotes(rpc: Rpc): Notes {
  return {
    list: (romId, filter = {}, options) => rpc.query("notes.list", { romId, ...filter }, options),
    create: (romId, input, options) => rpc.mutate("notes.create", { romId, ...input }, options),
    update: ({ romId, id: noteId }, changes, options) =>
      rpc.mutate("notes.update", { romId, noteId, ...changes }, options),
    async remove({ romId, id: noteId }, options) {
      await rpc.mutate("notes.remove", { romId, noteId }, options);
    },
  };
}
