import { AppError } from "../../base/errors.ts";
import { NOTES_PER_USER_MAX } from "./limits.ts";

/** The one answer for a note that does not exist or that somebody else wrote. */
export function noteNotFound(noteId: number): AppError<"not_found"> {
  return new AppError("not_found", "NOTES_NOT_FOUND", { message: `Note with id '${noteId}' not found` });
}

/** What somebody is told who has a note of that title on the rom already. */
export function noteTitleTaken(title: string): AppError<"conflict"> {
  return new AppError("conflict", "NOTES_TITLE_TAKEN", {
    message: `Note with title '${title}' already exists for this rom`,
  });
}

/** What somebody is told who has as many notes on a rom as may be. */
export function tooManyNotes(): AppError<"conflict"> {
  return new AppError("conflict", "NOTES_LIMIT", {
    message: `One account can have at most ${NOTES_PER_USER_MAX} notes on one rom`,
  });
}

/** Sorts the newest first. */
export function sortNewestFirst<T extends { readonly createdAt: Date; readonly id: number }>(
  rows: readonly T[],
): readonly T[] {
  return rows.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || b.id - a.id);
}
