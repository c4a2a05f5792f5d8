import { mutation, query } from "../rpc/procedures.ts";
import { heartbeatActivity, listActivity, stopActivity } from "./service.ts";

/** Procedures about who plays what now. */
export const activityProcedures = {
  heartbeat: mutation(heartbeatActivity),
  list: query(listActivity),
  stop: mutation(stopActivity),
};
