import { query } from "../rpc/procedures.ts";
import { getPlatform, listPlatformIdentifiers, listPlatforms, listSupportedPlatforms } from "./service.ts";

/** The platform procedures of the typed door. */
export const platformProcedures = {
  list: query(listPlatforms),
  get: query(getPlatform),
  identifiers: query(listPlatformIdentifiers),
  supported: query(listSupportedPlatforms),
};
