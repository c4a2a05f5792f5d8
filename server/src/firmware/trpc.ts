import { mutation, query } from "../rpc/procedures.ts";
import { removeFirmware } from "./changes/service.ts";
import { getFirmware, listFirmware, listFirmwareIdentifiers } from "./service.ts";

/** The firmware procedures of the typed door; files are sent and fetched at the other one. */
export const firmwareProcedures = {
  list: query(listFirmware),
  get: query(getFirmware),
  identifiers: query(listFirmwareIdentifiers),
  remove: mutation(removeFirmware),
};
