/** Turns many equal lines into one that says how many they were. */
export interface LineFolding<T> {
  /** Takes a line: the first of its key is written at once, equal ones within the window are counted. */
  take(key: string, line: T): void;
  /** Writes what was counted and not told yet. */
  flush(): void;
}

export interface LineFoldingOptions<T> {
  /** Writes a line; `count` is 0 for one that was not folded. */
  readonly write: (line: T, count: number) => void;
  readonly windowMs?: number | undefined;
  /** Calls back after a while; a timer of the runtime unless a test has its own. */
  readonly schedule?: ((work: () => void, delayMs: number) => void) | undefined;
}

/** How long equal lines are counted, in milliseconds: a minute, as an operator reads. */
export const FOLD_WINDOW_MS = 60_000;
/** Different lines that are watched at once; further ones are written as they come. */
export const FOLDED_KEYS_MAX = 500;

/** Makes a folding that has seen nothing. */
export function createLineFolding<T>(options: LineFoldingOptions<T>): LineFolding<T> {
  const { write, windowMs = FOLD_WINDOW_MS, schedule = scheduleLoosely } = options;
  const windows = new Map<string, { line: T; count: number }>();
  const close = (key: string) => {
    const window = windows.get(key);
    if (window === undefined) return;
    if (window.count === 0) {
      windows.delete(key);
      return;
    }
    const { line, count } = window;
    window.count = 0;
    // Goes on counting: what comes every second is told once a minute.
    schedule(() => close(key), windowMs);
    write(line, count);
  };
  return {
    take(key, line) {
      const window = windows.get(key);
      if (window !== undefined) {
        window.line = line;
        window.count += 1;
        return;
      }
      if (windows.size < FOLDED_KEYS_MAX) {
        windows.set(key, { line, count: 0 });
        schedule(() => close(key), windowMs);
      }
      write(line, 0);
    },
    flush() {
      for (const window of windows.values()) {
        if (window.count > 0) write(window.line, window.count);
        window.count = 0;
      }
    },
  };
}

/** Nobody waits for the end of a window to end the process. */
function scheduleLoosely(work: () => void, delayMs: number): void {
  setTimeout(work, delayMs).unref();
}
