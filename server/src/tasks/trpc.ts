import { mutation, query } from "../rpc/procedures.ts";
import { getTaskRun, listTaskRuns, listTasks, runTask } from "./service.ts";

/** The procedures of the typed door about background work. */
export const taskProcedures = {
  list: query(listTasks),
  run: mutation(runTask),
  listRuns: query(listTaskRuns),
  getRun: query(getTaskRun),
};
