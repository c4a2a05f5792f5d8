import { maskSecrets } from "./masking.ts";
import type { LogLine, RecentLines } from "./port.ts";

/** Lines that are kept: about a megabyte at most usual lengths, and what clients ask for at once. */
export const RECENT_LINES_MAX = 1000;
/** Characters of a kept line; a stack with its causes has some thousand. */
export const LINE_CHARS_MAX = 8_000;
/** Listeners at once: one for the sockets, and room for tests. */
const LISTENERS_MAX = 16;

/** The last lines of a log, which adds to them. */
export interface LineBuffer extends RecentLines {
  /** Keeps a line, shortened and without secrets. */
  add(line: LogLine): void;
}

/** Makes an empty buffer of the newest lines. */
export function createRecentLines(linesMax: number = RECENT_LINES_MAX): LineBuffer {
  const lines: LogLine[] = [];
  const listeners = new Set<(line: LogLine) => void>();
  let next = 0;
  let isTelling = false;
  return {
    add(line) {
      const kept = { ...line, text: clean(line.text) };
      lines[next] = kept;
      next = (next + 1) % linesMax;
      if (isTelling) return;
      isTelling = true;
      try {
        for (const listener of listeners) listener(kept);
      } finally {
        isTelling = false;
      }
    },
    list(limit) {
      const ordered = [...lines.slice(next), ...lines.slice(0, next)];
      return ordered.slice(-Math.max(1, limit));
    },
    follow(listener) {
      if (listeners.size >= LISTENERS_MAX) return () => undefined;
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

// Terminals read these as commands, and so would whoever shows the line in one.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const CONTROL = /\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

function clean(text: string): string {
  const short = text.length > LINE_CHARS_MAX ? `${text.slice(0, LINE_CHARS_MAX)}…` : text;
  return maskSecrets(short.replaceAll(CONTROL, ""));
}
