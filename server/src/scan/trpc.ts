import { mutation, query } from "../rpc/procedures.ts";
import { cancelScan, getScan, listScanProblems, listScans, startScan } from "./service.ts";

/** The scan procedures of the typed door. */
export const scanProcedures = {
  start: mutation(startScan),
  get: query(getScan),
  list: query(listScans),
  problems: query(listScanProblems),
  cancel: mutation(cancelScan),
};
