import { mutation, query } from "../rpc/procedures.ts";
import { ingestSessions, listPlaySessions, removePlaySession } from "./service.ts";

/** Procedures about spans of play. */
export const playSessionProcedures = {
  ingest: mutation(ingestSessions),
  list: query(listPlaySessions),
  remove: mutation(removePlaySession),
};
