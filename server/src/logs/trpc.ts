import { query } from "../rpc/procedures.ts";
import { listLogs } from "./service.ts";

/** The procedures of the typed door about the server's log. */
export const logProcedures = { list: query(listLogs) };
