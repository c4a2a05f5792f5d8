import { query } from "../rpc/procedures.ts";
import { listRomIdentifiers } from "./details/service.ts";
import { findRom, getRom, listRoms } from "./service.ts";

/** The rom procedures of the typed door. */
export const romProcedures = {
  list: query(listRoms),
  get: query(getRom),
  find: query(findRom),
  identifiers: query(listRomIdentifiers),
};
