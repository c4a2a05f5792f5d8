/** Structured facts of a log line; never secrets. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the server says what happens; lines go to standard output only. */
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
}
