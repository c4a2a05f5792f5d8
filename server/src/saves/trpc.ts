import { mutation, query } from "../rpc/procedures.ts";
import {
  acknowledgeSave,
  getSave,
  listSaveIds,
  listSaves,
  removeSaves,
  setSaveVisibility,
  summarizeSaves,
  trackSave,
  untrackSave,
} from "./service.ts";

/** The save procedures of the typed door. */
export const saveProcedures = {
  list: query(listSaves),
  identifiers: query(listSaveIds),
  summary: query(summarizeSaves),
  get: query(getSave),
  setVisibility: mutation(setSaveVisibility),
  remove: mutation(removeSaves),
  acknowledge: mutation(acknowledgeSave),
  track: mutation(trackSave),
  untrack: mutation(untrackSave),
};
