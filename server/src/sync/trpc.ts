import { mutation, query } from "../rpc/procedures.ts";
import { listVersionChanges } from "./changes/service.ts";
import { listConflicts, resolveConflict } from "./conflicts/service.ts";
import { planSync } from "./plans/service.ts";
import { completeSyncSession, getSyncSession, listSyncSessions } from "./sessions/service.ts";
import {
  acknowledgeVersions,
  listHistory,
  removeSyncVersions,
  restoreVersion,
  storeKnown,
} from "./versions/service.ts";

/** The sync procedures of the typed door. */
export const syncProcedures = {
  plan: mutation(planSync),
  changes: query(listVersionChanges),
  storeKnown: mutation(storeKnown),
  acknowledge: mutation(acknowledgeVersions),
  history: query(listHistory),
  restore: mutation(restoreVersion),
  removeVersions: mutation(removeSyncVersions),
  conflicts: query(listConflicts),
  resolveConflict: mutation(resolveConflict),
  sessions: query(listSyncSessions),
  session: query(getSyncSession),
  complete: mutation(completeSyncSession),
};
