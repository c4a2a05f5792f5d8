import { mutation, query } from "../rpc/procedures.ts";
import { getState, listStateIds, listStates, removeStates, setStateVisibility } from "./service.ts";

/** The state procedures of the typed door; bytes go over the REST door. */
export const stateProcedures = {
  list: query(listStates),
  identifiers: query(listStateIds),
  get: query(getState),
  setVisibility: mutation(setStateVisibility),
  remove: mutation(removeStates),
};
