import { mutation, query } from "../rpc/procedures.ts";
import { cancelBackup, getBackupRun, listOwnBackups, startBackup } from "./service.ts";

/** The procedures of the typed door about backups. */
export const backupProcedures = {
  list: query(listOwnBackups),
  start: mutation(startBackup),
  getRun: query(getBackupRun),
  cancel: mutation(cancelBackup),
};
