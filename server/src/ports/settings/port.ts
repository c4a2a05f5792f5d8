import type { LibraryConfig } from "../../base/library-config.ts";

/** The operator's `config.yml`, which may change while we run. */
export interface Settings {
  /** The present settings; re-read when the file changed. Never throws: what is wrong falls to its default. */
  read(): Promise<LibraryConfig>;
  /** What is wrong with the file, for signed-in users; null when nothing is. */
  problem(): Promise<string | null>;
}
