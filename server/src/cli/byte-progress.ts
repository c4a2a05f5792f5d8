import { PROGRESS_BAR_MS, PROGRESS_LINE_MS } from "./limits.ts";
import { drawBar, formatBytes } from "./scan-progress.ts";
import type { Terminal } from "./terminal.ts";

/** How far work on bytes is. */
export interface ByteStep {
  /** What is done, such as `hashing game.iso`. */
  readonly label: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** Shows how far work is. */
export interface ByteProgress {
  show(step: ByteStep): void;
  end(): void;
}

/** Draws a step with a bar, cut to the width of the terminal. */
export function formatByteBar(step: ByteStep, columns: number): string {
  const share = step.totalBytes === 0 ? 1 : Math.min(1, step.doneBytes / step.totalBytes);
  return `${drawBar(share)} ${formatByteStep(step)}`.slice(0, Math.max(1, columns - 1));
}

function formatByteStep({ label, doneBytes, totalBytes }: ByteStep): string {
  return `${label}: ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`;
}

/** Makes the view that fits: a bar on a terminal, else a line every few seconds; nothing where `isQuiet`. */
export function createByteProgress(
  terminal: Terminal,
  options: { readonly isQuiet: boolean; readonly now: () => number },
): ByteProgress {
  const { isQuiet, now } = options;
  const intervalMs = terminal.isInteractive ? PROGRESS_BAR_MS : PROGRESS_LINE_MS;
  // Work that is over within the first interval shows nothing.
  let shownAtMs = now();
  return {
    show(step) {
      if (isQuiet || now() - shownAtMs < intervalMs) return;
      shownAtMs = now();
      if (terminal.isInteractive) terminal.showStatus(formatByteBar(step, terminal.columns));
      else terminal.note(formatByteStep(step));
    },
    end: () => terminal.showStatus(null),
  };
}
