import type { LogEntry } from "@multitap/server/contract/logs";
import type { CallOptions } from "../options.ts";
import type { Rpc } from "../rpc/rpc.ts";

/** The log of the server. For those who may read logs. */
export interface Logs {
  /**
   * Gives the last lines, oldest first and without secrets.
   * @param input `limit`: how many of the newest; 1000 unless said, which are all that are kept.
   * @throws MultitapError `not_found` (`LOGS_DISABLED`) where the operator wants no viewer.
   * @example
   * for (const { at, level, message } of await client.logs.list({ limit: 50 })) show(at, level, message);
   */
  list(input?: { readonly limit?: number | undefined }, options?: CallOptions): Promise<readonly LogEntry[]>;
}

/** Builds the calls of this domain. */
export function createLogs(rpc: Rpc): Logs {
  return { list: (input = {}, options) => rpc.query("logs.list", input, options) };
}
