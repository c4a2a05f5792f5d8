import type { LogEntry } from "./contract.ts";

/** A line of the log in the compatible shape; `ts` in milliseconds since 1970. */
export function toLogEntryWire({ at, level, module, message }: LogEntry) {
  return { ts: Date.parse(at), level, module, message };
}
