import { mutation, query } from "../rpc/procedures.ts";
import { createPlatformFolders, getSetupLibrary } from "./service.ts";

/** The procedures of the typed door for the first steps of a new server. */
export const setupProcedures = {
  library: query(getSetupLibrary),
  createFolders: mutation(createPlatformFolders),
};
