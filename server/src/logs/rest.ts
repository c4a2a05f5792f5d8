import { get, type RestRoute } from "../http/route.ts";
import type { LogEntry } from "./contract.ts";
import { listLogs } from "./service.ts";
import { toLogEntryWire } from "./wire.ts";

/** Compatible route of the server's log. */
export const logRoutes: readonly RestRoute[] = [
  get("/api/logs", listLogs, {
    summary: "The last lines of the log",
    read: (reader) => ({ limit: reader.queryInt("limit") }),
    write: (entries: readonly LogEntry[]) => entries.map(toLogEntryWire),
  }),
];
