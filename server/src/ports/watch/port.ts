/** Something appeared, vanished or changed in a watched folder. */
export interface WatchEvent {
  /** Where, relative to the watched folder with `/` between names; empty for the watched folder itself. */
  readonly folder: string;
  /** The entry directly in `folder`; null when only the folder is known, or anything in it may have changed. */
  readonly name: string | null;
}

/** What the operator or the caller should know. */
export interface WatchProblem {
  /**
   * `limit`: the system lets us watch no more, so polling took over, or there are too many folders for that as
   * well. `gone`: the watched folder is away, perhaps an absent mount; nothing is reported until `back`.
   * `failed`: a part cannot be read.
   */
  readonly kind: "limit" | "gone" | "back" | "failed";
  /** One sentence for the log. */
  readonly message: string;
  readonly cause: unknown;
}

/** How a folder is watched at the moment. */
export interface WatchState {
  /** `native`: the system tells us; `polling`: we look from time to time; `waiting`: the folder is away. */
  readonly mode: "native" | "polling" | "waiting";
  /** Folders that are looked at when polling, or that had to be announced to the system. */
  readonly folderCount: number;
}

/** What is watched, and who is told. */
export interface WatchOptions {
  /** Absolute path; it may be absent, which is reported as `gone`. */
  readonly folder: string;
  /** Look from time to time from the start, as network mounts need it: they announce nothing. */
  readonly isPolling: boolean;
  readonly pollIntervalMs: number;
  /**
   * Tells what is of no concern.
   * @param path Relative to the watched folder. @param isFolder Null when that is not known.
   */
  isIgnored(path: string, isFolder: boolean | null): boolean;
  /** Called for each change, repeats included; must not throw. */
  onChange(event: WatchEvent): void;
  /** Called once per problem; must not throw. */
  onProblem(problem: WatchProblem): void;
}

/** One watched folder. */
export interface FolderWatch {
  /** Resolves when every later change will be noticed; also when the folder is away, or after `close`. */
  readonly ready: Promise<void>;
  state(): WatchState;
  /** Ends it; nothing is called any more. Harmless when repeated. */
  close(): void;
}

/**
 * Tells which folders of a tree change, without holding names or reading files. Links to folders are followed:
 * all of them when polling, those in the upper `WATCH_LINK_DEPTH_MAX` levels otherwise.
 */
export interface Watch {
  /** Begins to watch; returns at once. */
  open(options: WatchOptions): FolderWatch;
}
