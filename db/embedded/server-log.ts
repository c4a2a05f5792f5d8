/** Turns PostgreSQL's standard error into entries of the caller's log. */
import type { DbLog, DbLogEntry } from "../log.ts";
import { LOG_LINE_CHARS_MAX, LOG_TAIL_LINES_MAX } from "./limits.ts";

export interface ServerLine {
  /** What wrote it, e.g. `client backend`; null for lines from before the settings are read. */
  backend: string | null;
  sqlState: string | null;
  /** Null for the continuation of a message. */
  severity: string | null;
  message: string;
}

const LINE =
  /^(?:([a-z /]+)\|([0-9A-Z]{5})\|)?(DEBUG\d?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION): +(.*)$/;

/** One line of the server's output, written with the prefix of `LOG_LINE_PREFIX`. */
export function parseServerLine(line: string): ServerLine {
  // Before the settings are read, the program's own name or a date stands in front.
  const bare = line.replace(/^(postgres: |\d{4}-\d\d-\d\d \S+ \S+ \[\d+\] )/, "");
  const [, backend, sqlState, severity, message] = LINE.exec(bare) ?? [];
  return {
    backend: backend ?? null,
    sqlState: sqlState ?? null,
    severity: severity ?? null,
    message: message ?? bare.trim(),
  };
}

/** Sent to clients that come too early, that an administrator ends, or that are connected while the server stops. */
const ROUTINE_FATAL: readonly string[] = ["57P01", "57P03"];

/** Classes of trouble with the machine: resources, system error, internal error or damaged data. */
const MACHINE_CLASSES: readonly string[] = ["53", "58", "XX"];

/**
 * How loud a line is for an operator. A failed statement of a client is quiet, for the caller of that statement gets
 * the same error; the same from a background process, or with the machine at fault, is not.
 */
export function chooseLevel(line: ServerLine): DbLogEntry["level"] {
  switch (line.severity) {
    case "PANIC":
      return "error";
    case "FATAL":
      return ROUTINE_FATAL.includes(line.sqlState ?? "") ? "debug" : "error";
    case "WARNING":
      return "warn";
    case "ERROR":
      if (MACHINE_CLASSES.includes(line.sqlState?.slice(0, 2) ?? "")) return "error";
      return line.backend === "client backend" ? "debug" : "warn";
    case null:
      return "warn";
    default:
      return "debug";
  }
}

/** Whether a program's words tell that a disk is full; the same words about shared memory mean something else. */
export function isDiskFullText(text: string): boolean {
  const lines = text.split("\n").filter((line) => !line.includes("shared memory"));
  return lines.some((line) => /No space left on device|Disk quota exceeded/.test(line));
}

const SUCCESS = "00000";

const EXPLANATIONS: readonly string[] = ["DETAIL", "HINT", "CONTEXT", "STATEMENT", "QUERY", "LOCATION"];

export interface ServerLogReader {
  push(chunk: Buffer): void;
  /** The last loud lines in one, for the message of a failed start. */
  summary(): string;
  /** Whether a line told that the disk is full. */
  sawDiskFull(): boolean;
}

/** Collects chunks into lines and re-emits them as `component: "postgres"`. */
export function createServerLogReader(log: DbLog): ServerLogReader {
  const decoder = new TextDecoder();
  let rest = "";
  let level: DbLogEntry["level"] = "debug";
  let isDiskFull = false;
  const tail: string[] = [];

  function take(text: string): void {
    if (text.trim() === "") return;
    const line = parseServerLine(text);
    const isContinued = text.startsWith("\t") || EXPLANATIONS.includes(line.severity ?? "");
    if (!isContinued) level = chooseLevel(line);
    if (line.sqlState === "53100" || /No space left on device|Disk quota exceeded/.test(text))
      isDiskFull = true;
    const message = isContinued && line.severity ? `${line.severity}: ${line.message}` : line.message;
    // Errors in the configuration file come as LOG, but with a state of their own.
    if (level !== "debug" || (line.sqlState ?? SUCCESS) !== SUCCESS) tail.push(message);
    if (tail.length > LOG_TAIL_LINES_MAX) tail.shift();
    log({ level, message, component: "postgres" });
  }

  return {
    push(chunk) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = (lines.pop() ?? "").slice(0, LOG_LINE_CHARS_MAX);
      for (const line of lines) take(line.slice(0, LOG_LINE_CHARS_MAX));
    },
    summary: () => tail.join(" ").replace(/\s+/g, " ").trim(),
    sawDiskFull: () => isDiskFull,
  };
}
