import { mutation, query } from "../rpc/procedures.ts";
import {
  addExclusion,
  bindPlatform,
  bindVersion,
  getLibrarySettings,
  removeExclusion,
  unbindPlatform,
  unbindVersion,
  updateScanSettings,
} from "./service.ts";

/** The procedures of the typed door about the operator's `config.yml`. */
export const configProcedures = {
  get: query(getLibrarySettings),
  bindPlatform: mutation(bindPlatform),
  unbindPlatform: mutation(unbindPlatform),
  bindVersion: mutation(bindVersion),
  unbindVersion: mutation(unbindVersion),
  addExclusion: mutation(addExclusion),
  removeExclusion: mutation(removeExclusion),
  updateScan: mutation(updateScanSettings),
};
