import { mutation, query } from "../rpc/procedures.ts";
import { createPlatform, removePlatform, updatePlatform } from "./changes/service.ts";
import {
  getPlatform,
  listPlatformCandidates,
  listPlatformIdentifiers,
  listPlatforms,
  listSupportedPlatforms,
} from "./service.ts";

/** The platform procedures of the typed door. */
export const platformProcedures = {
  list: query(listPlatforms),
  get: query(getPlatform),
  identifiers: query(listPlatformIdentifiers),
  supported: query(listSupportedPlatforms),
  listFolders: query(listPlatformCandidates),
  create: mutation(createPlatform),
  update: mutation(updatePlatform),
  remove: mutation(removePlatform),
};
