import { mutation, query } from "../../rpc/procedures.ts";
import {
  createRomNote,
  listRomNoteIdentifiers,
  listRomNotes,
  removeRomNote,
  updateRomNote,
} from "./service.ts";

/** Procedures about notes on roms. */
export const noteProcedures = {
  create: mutation(createRomNote),
  identifiers: query(listRomNoteIdentifiers),
  list: query(listRomNotes),
  remove: mutation(removeRomNote),
  update: mutation(updateRomNote),
};
