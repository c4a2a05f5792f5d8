/** Structured facts of a log line; never secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One line as it was written, without secrets. */
export interface LogLine {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly level: "debug" | "info" | "warn" | "error";
  /** Who wrote it; null for the server itself. */
  readonly component: string | null;
  /** Message and facts, without colours; perhaps of several lines. */
  readonly text: string;
}

/** The last lines of this process. */
export interface RecentLines {
  /** At most so many of the newest, oldest first. */
  list(limit: number): readonly LogLine[];
  /**
   * Tells each new line from now on. What the listener itself logs meanwhile is not told.
   * @returns Ends it.
   */
  follow(listener: (line: LogLine) => void): () => void;
}

/** Where the server says what happens; lines go to standard output, and some stay in memory. */
export interface Log {
  /** Facts for whoever debugs; off by default. */
  debug(message: string, fields?: LogFields): void;
  /** What an operator wants to read. */
  info(message: string, fields?: LogFields): void;
  /** Something an operator may have to act on. */
  warn(message: string, fields?: LogFields): void;
  /** Something failed that should not have; `fields.error` holds the cause. */
  error(message: string, fields?: LogFields): void;
  /** The same log with a component name on every line. */
  child(component: string): Log;
  /** What was written of late, whatever the component; absent where nothing is kept. */
  readonly recent?: RecentLines | undefined;
  /** Writes what was counted and not told yet, before the process ends; absent where nothing is counted. */
  readonly flush?: (() => void) | undefined;
}
