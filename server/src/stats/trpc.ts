import { query } from "../rpc/procedures.ts";
import { getStats } from "./service.ts";

/** The statistics of the typed door. */
export const statsProcedures = { get: query(getStats) };
