import { toInstant } from "../base/clock.ts";
import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import { operation } from "../base/operation.ts";
import type { LogLine } from "../ports/log/port.ts";
import { ListLogsInput, type LogEntry, LogEntryListSchema } from "./contract.ts";
import { DELIVERY_LINES_MAX, DELIVERY_MS } from "./limits.ts";

/**
 * The last lines that this process wrote, oldest first. Other processes of the same database keep their own.
 * @throws AppError `LOGS_DISABLED`.
 */
export const listLogs = operation(
  { type: "query", scope: "logs.read", input: ListLogsInput, output: LogEntryListSchema },
  async ({ ports, facts }, { limit }) => {
    if (facts.flags.disableLogsViewer) {
      throw new AppError("not_found", "LOGS_DISABLED", { message: "Logs viewer is disabled" });
    }
    return (ports.log.recent?.list(limit) ?? []).map(toEntry);
  },
);

const LEVELS = { debug: "DEBUG", info: "INFO", warn: "WARNING", error: "ERROR" } as const;

function toEntry({ atMs, level, component, text }: LogLine): LogEntry {
  return {
    at: toInstant(new Date(atMs)),
    level: LEVELS[level],
    module: (component ?? "multitap").toLowerCase(),
    message: text,
  };
}

/**
 * Tells new lines of this process, some at a time. What is logged while it tells them is left out, so that a
 * listener that logs cannot keep itself going.
 * @returns Ends it.
 */
export function followLogs(
  { ports, facts }: Pick<Context, "ports" | "facts">,
  listener: (entries: readonly LogEntry[]) => void,
): () => void {
  const { recent } = ports.log;
  if (facts.flags.disableLogsViewer || recent === undefined) return () => undefined;
  let waiting: LogLine[] = [];
  let isTelling = false;
  const tell = () => {
    if (waiting.length === 0) return;
    const entries = waiting.map(toEntry);
    waiting = [];
    isTelling = true;
    try {
      listener(entries);
    } finally {
      isTelling = false;
    }
  };
  const unfollow = recent.follow((line) => {
    if (isTelling) return;
    waiting.push(line);
    if (waiting.length > DELIVERY_LINES_MAX) waiting.shift();
  });
  const timer = setInterval(tell, DELIVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    unfollow();
  };
}
