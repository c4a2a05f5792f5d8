import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { Id, InstantText, list } from "../../base/schemas.ts";
import { SoughtText } from "../filters/contract.ts";
import { SEARCH_CHARS_MAX } from "../limits.ts";
import { NOTE_CONTENT_CHARS_MAX, NOTE_TAG_CHARS_MAX, NOTE_TAGS_MAX, NOTE_TITLE_CHARS_MAX } from "./limits.ts";

/** What somebody wrote about a rom. */
export interface RomNote {
  readonly id: number;
  readonly romId: number;
  /** Other than those of its owner's other notes on the rom. */
  readonly title: string;
  readonly content: string;
  /** Others may read it. */
  readonly isPublic: boolean;
  readonly tags: readonly string[];
  readonly ownerId: number;
  readonly ownerUsername: string;
  /** Picture of the owner below the assets folder; "" for none. */
  readonly ownerAvatarPath: string;
  /** When the owner's account changed last; apps take it for the version of the picture. */
  readonly ownerUpdatedAt: Instant;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export const RomNoteSchema = v.object({
  id: Id,
  romId: Id,
  title: v.string(),
  content: v.string(),
  isPublic: v.boolean(),
  tags: list(v.string()),
  ownerId: Id,
  ownerUsername: v.string(),
  ownerAvatarPath: v.string(),
  ownerUpdatedAt: InstantText,
  createdAt: InstantText,
  updatedAt: InstantText,
});
export const RomNoteListSchema = list(RomNoteSchema);

const Title = v.pipe(
  SoughtText,
  v.check((text) => text.trim() !== "", "Title cannot be empty"),
  v.maxLength(NOTE_TITLE_CHARS_MAX),
);
const Content = v.pipe(SoughtText, v.maxLength(NOTE_CONTENT_CHARS_MAX));
const Tags = v.pipe(
  v.array(v.pipe(SoughtText, v.maxLength(NOTE_TAG_CHARS_MAX))),
  v.maxLength(NOTE_TAGS_MAX),
  v.readonly(),
);

export const ListRomNotesInput = v.strictObject({
  romId: Id,
  /** Leaves out the caller's own that nobody else may read. */
  isPublicOnly: v.optional(v.boolean(), false),
  /** Occurs in the title or the content, upper and lower case told apart. */
  search: v.optional(v.pipe(SoughtText, v.maxLength(SEARCH_CHARS_MAX))),
  /** All must be among a note's tags. */
  tags: v.optional(Tags),
});

export const RomNotesInput = v.strictObject({ romId: Id });
export const RomNoteInput = v.strictObject({ romId: Id, noteId: Id });

export const CreateRomNoteInput = v.strictObject({
  romId: Id,
  title: Title,
  content: v.optional(Content, ""),
  isPublic: v.optional(v.boolean(), false),
  tags: v.optional(Tags, []),
});

/** What changes of a note; what is left out stays. */
export const UpdateRomNoteInput = v.strictObject({
  romId: Id,
  noteId: Id,
  title: v.optional(Title),
  content: v.optional(Content),
  isPublic: v.optional(v.boolean()),
  tags: v.optional(Tags),
});
