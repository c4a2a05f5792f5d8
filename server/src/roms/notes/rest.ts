import type { RequestReader } from "../../http/reader.ts";
import { del, get, post, put, type RestRoute } from "../../http/route.ts";
import {
  createRomNote,
  listRomNoteIdentifiers,
  listRomNotes,
  removeRomNote,
  updateRomNote,
} from "./service.ts";
import { fromRomNoteWire, REMOVED, toRomNoteWire } from "./wire.ts";

const readRom = (reader: RequestReader) => ({ romId: reader.pathInt("id") });
const readNote = (reader: RequestReader) => ({ ...readRom(reader), noteId: reader.pathInt("note_id") });

async function withBody(reader: RequestReader, path: object): Promise<unknown> {
  const fields = fromRomNoteWire(await reader.json());
  return fields === null ? null : { ...path, ...fields };
}

/** Routes about notes on roms. */
export const romNoteRoutes: readonly RestRoute[] = [
  get("/api/roms/{id}/notes", listRomNotes, {
    summary: "The caller's notes on a rom and public ones",
    read: (reader) => ({
      ...readRom(reader),
      isPublicOnly: reader.queryBool("public_only"),
      search: reader.queryText("search"),
      tags: reader.queryTexts("tags"),
    }),
    names: { isPublicOnly: "public_only" },
    write: (notes) => notes.map(toRomNoteWire),
  }),
  post("/api/roms/{id}/notes", createRomNote, {
    summary: "Add a note to a rom",
    read: (reader) => withBody(reader, readRom(reader)),
    write: toRomNoteWire,
  }),
  get("/api/roms/{id}/notes/identifiers", listRomNoteIdentifiers, {
    summary: "Ids of the caller's notes on a rom and of public ones",
    read: readRom,
  }),
  put("/api/roms/{id}/notes/{note_id}", updateRomNote, {
    summary: "Change a note of the caller's",
    read: (reader) => withBody(reader, readNote(reader)),
    write: toRomNoteWire,
  }),
  del("/api/roms/{id}/notes/{note_id}", removeRomNote, {
    summary: "Remove a note of the caller's",
    read: readNote,
    write: () => REMOVED,
  }),
];
