import type { Log } from "../log/port.ts";
import type { Files } from "./port.ts";

/** What a removal beside the point needs. */
export interface RemovalPorts {
  readonly files: Pick<Files, "remove">;
  readonly log: Pick<Log, "warn">;
}

/** Options of {@link removeQuietly}. */
export interface QuietRemoval {
  /** What the log says when it stays. */
  readonly said: string;
  readonly recursive?: boolean | undefined;
}

/**
 * Removes what nobody needs any more. A failure is only logged: what was to be done is done without it, or has failed
 * already, and that is what the caller has to hear.
 */
export async function removeQuietly(
  { files, log }: RemovalPorts,
  path: string,
  { said, recursive = false }: QuietRemoval,
): Promise<void> {
  try {
    await files.remove(path, { recursive });
  } catch (error) {
    log.warn(said, { path, error });
  }
}
