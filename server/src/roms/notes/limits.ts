/** Characters of a note's title, as in the compatible API. */
export const NOTE_TITLE_CHARS_MAX = 400;
/** Characters of a note: some fifty pages; apps keep small files of their own in notes as well. */
export const NOTE_CONTENT_CHARS_MAX = 100_000;
/** Tags of one note. */
export const NOTE_TAGS_MAX = 50;
/** Characters of one tag. */
export const NOTE_TAG_CHARS_MAX = 100;
/** Notes of one account on one rom; more are a mistake of some app, and each is read with the rom. */
export const NOTES_PER_USER_MAX = 50;
/** Notes of one rom that one answer lists, others' included; of more the caller's own, then the newest. */
export const NOTES_LISTED_MAX = 200;
