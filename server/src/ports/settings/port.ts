import type { LibraryConfig } from "../../base/library-config.ts";

/** Where a value stands in the file: the keys from its root. */
export type SettingsPath = readonly string[];

/** One change of the file; what it does not name stays as it is. */
export type SettingsEdit =
  | {
      readonly kind: "set";
      readonly path: SettingsPath;
      readonly value: string | boolean | readonly string[];
    }
  /** Takes a key away; one that is not there stays so. */
  | { readonly kind: "unset"; readonly path: SettingsPath }
  /** Puts an item at the end of a list. */
  | { readonly kind: "addItem"; readonly path: SettingsPath; readonly item: string }
  /** Takes an item out of a list, however often it is there. */
  | {
      readonly kind: "removeItem";
      readonly path: SettingsPath;
      readonly item: string;
      /** Spaces around an item and its case do not count. */
      readonly isFolded: boolean;
    };

/** Chooses edits by the settings in force. */
export type SettingsPlan = (config: LibraryConfig) => readonly SettingsEdit[];

/** What can be done with the file. */
export interface SettingsFile {
  /** There is a place where changes last. */
  readonly isMounted: boolean;
  readonly isWritable: boolean;
}

/** The operator's `config.yml`, which may change while we run. */
export interface Settings {
  /** The present settings; re-read when the file changed. Never throws: what is wrong falls to its default. */
  read(): Promise<LibraryConfig>;
  /** What is wrong with the file, for signed-in users; null when nothing is. */
  problem(): Promise<string | null>;
  /** Whether the file can be changed, as far as can be told without trying. */
  file(): Promise<SettingsFile>;
  /**
   * Changes the file, with its comments and everything that is not named kept; one change at a time in all
   * processes, and after a crash the file is the old or the new one. What it says then counts at once here, and
   * within a second in other processes.
   * @param plan Decides by what the file says at this moment; no edits leave it alone.
   * @throws AppError `CONFIG_NOT_WRITABLE`, and nothing was written, for a file that cannot be written, that
   *   holds an error, or that says something at the place of an edit which cannot be joined with it;
   *   `STORAGE_FULL`.
   */
  change(plan: SettingsPlan): Promise<void>;
}
