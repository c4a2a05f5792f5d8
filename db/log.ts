/** One line for the caller's logger; the database floor has no logger of its own. */
export interface DbLogEntry {
  level: "debug" | "info" | "warn" | "error";
  message: string;
  /** The part that speaks, e.g. `postgres` for the server's own output. */
  component?: string | undefined;
}

export type DbLog = (entry: DbLogEntry) => void;
