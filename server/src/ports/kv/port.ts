/** Options of {@link Kv.set}. */
export interface KvSetOptions {
  /** Life from now by the store's clock; absent means the key never expires, also when it did before. */
  ttlMs?: number | undefined;
  /** Writes only when the key is absent (expired counts as absent) or only when it is present. */
  when?: "absent" | "present" | undefined;
}

/** Options of {@link Kv.increment}. */
export interface KvIncrementOptions {
  /** Length of the window. It starts with the first hit. */
  ttlMs: number;
  /** Whole number to add, 1 when absent; may be negative. */
  by?: number | undefined;
  /** Starts the window anew with every hit. */
  sliding?: boolean | undefined;
}

/** A counter after a hit. */
export interface KvCounter {
  value: number;
  /** What is left of the window, in whole milliseconds, rounded up. */
  ttlMs: number;
}

/** Options of {@link Kv.lock}. */
export interface KvLockOptions {
  /** The lock frees itself after this long unless it is extended. */
  ttlMs: number;
  /** How long to wait for another owner, 0 when absent. At most `KV_LOCK_WAIT_MS_MAX`. */
  waitMs?: number | undefined;
}

/** A lock held by this caller, told from later owners by a random text. */
export interface KvLock {
  /**
   * Makes the lock last `ttlMs` from now by the store's clock.
   * @returns False when the lock is no longer ours; the caller must then stop what it protects.
   */
  extend(ttlMs: number): Promise<boolean>;
  /** Frees the lock if it is still ours; harmless otherwise and when repeated. */
  release(): Promise<void>;
}

/**
 * Text that expires, shared by all processes: login sessions, one-time tokens, rate limits, room registry,
 * locks, messages. A restart of ours loses nothing.
 *
 * Time is the store's, never the caller's. A key holds either text or a set of members; using one as the
 * other is a bug (`AssertionError`). Text never contains U+0000 and is at most `KV_VALUE_BYTES_MAX` bytes,
 * keys, members and channels `KV_KEY_BYTES_MAX` (`KV_TEXT_INVALID`, `KV_TOO_LARGE`). Every call throws
 * `KV_UNAVAILABLE` when the store cannot be reached and `STORAGE_FULL` when it cannot write.
 */
export interface Kv {
  /** Reads the text of a key, byte for byte as it was set; null when absent or expired. */
  get(key: string): Promise<string | null>;

  /**
   * Writes the text of a key together with its life.
   * @returns False when `when` forbade it; nothing changed then.
   */
  set(key: string, value: string, options?: KvSetOptions): Promise<boolean>;

  /** Reads and deletes in one step: of any number of concurrent callers exactly one gets the text. */
  take(key: string): Promise<string | null>;

  /**
   * Deletes keys of either sort.
   * @param keys At most `KV_BATCH_MAX`.
   * @returns How many of them were there.
   */
  remove(keys: readonly string[]): Promise<number>;

  /**
   * Makes a key of either sort live `ttlMs` from now.
   * @returns False when the key is absent.
   */
  expire(key: string, ttlMs: number): Promise<boolean>;

  /** Adds to a counter, which starts at 0, in one step. The counter is readable by `get` as decimal text. */
  increment(key: string, options: KvIncrementOptions): Promise<KvCounter>;

  /**
   * Adds members to a set, creating it. Without `ttlMs` a new set never expires and an existing one keeps
   * its life; with it the whole set lives that long from now.
   * @param members At most `KV_BATCH_MAX`; none changes nothing.
   */
  addMembers(
    key: string,
    members: readonly string[],
    options?: { ttlMs?: number | undefined },
  ): Promise<void>;

  /** Takes members out of a set; a set without members is absent. */
  removeMembers(key: string, members: readonly string[]): Promise<void>;

  /** Lists the members of a set in no particular order; empty when absent. */
  members(key: string): Promise<readonly string[]>;

  /** Sends a message to everyone subscribed now, this process included. Nothing is stored. */
  publish(channel: string, message: string): Promise<void>;

  /**
   * Calls `listener` with every message published after the promise resolved, in the order of publishing.
   * Messages sent while the connection to the store is lost do not arrive; the subscription survives it.
   * @returns Ends this subscription.
   */
  subscribe(channel: string, listener: (message: string) => void): Promise<() => Promise<void>>;

  /**
   * Takes a lock, an ordinary key holding its owner's name.
   * @returns Null when somebody else held it for all of `waitMs`.
   */
  lock(key: string, options: KvLockOptions): Promise<KvLock | null>;

  /** Resolves when the store answers, else throws `KV_UNAVAILABLE`. */
  ping(): Promise<void>;

  /** Ends subscriptions, timers and the connections the driver opened itself. Harmless when repeated. */
  close(): Promise<void>;
}

/** Receives what went wrong in the background, where nobody awaits; the app writes it to the log. */
export type ReportProblem = (message: string, cause: unknown) => void;
