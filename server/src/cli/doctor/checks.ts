import { backupCheck } from "./backups.ts";
import type { Check } from "./check.ts";
import { databaseCheck } from "./database.ts";
import { baseFolderCheck, configFileCheck, libraryCheck, ownFoldersCheck } from "./folders.ts";
import { portCheck, redisCheck, serverCheck, sevenZipCheck } from "./services.ts";

/** In the order in which they are shown; one after the other, for some open the same folder. */
export const CHECKS: readonly Check[] = [
  serverCheck,
  baseFolderCheck,
  ownFoldersCheck,
  configFileCheck,
  libraryCheck,
  databaseCheck,
  backupCheck,
  redisCheck,
  portCheck,
  sevenZipCheck,
];
