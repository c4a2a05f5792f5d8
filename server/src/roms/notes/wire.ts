import type { RomNote } from "./contract.ts";

/** A note in the compatible shape. */
export function toRomNoteWire(note: RomNote) {
  return {
    id: note.id,
    title: note.title,
    content: note.content,
    is_public: note.isPublic,
    tags: note.tags,
    created_at: note.createdAt,
    updated_at: note.updatedAt,
    user_id: note.ownerId,
    username: note.ownerUsername,
    user_avatar_path: note.ownerAvatarPath,
    user_updated_at: note.ownerUpdatedAt,
  };
}

/** What a removal answers in the compatible API. */
export const REMOVED = { message: "Note deleted successfully" };

/**
 * Takes the fields of a note out of a JSON body; apps may send more, which is ignored, and null for none.
 * @returns Null for what is no object.
 */
export function fromRomNoteWire(body: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return null;
  const { title, content, is_public, tags } = body as Record<string, unknown>;
  return {
    title: title ?? undefined,
    content: content ?? undefined,
    isPublic: is_public ?? undefined,
    // Apps that read null for no tags send it back.
    tags: tags === null ? [] : tags,
  };
}
