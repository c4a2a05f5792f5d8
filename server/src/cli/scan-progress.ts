import type { ScanStep } from "@multitap/client";
import { PROGRESS_BAR_MS, PROGRESS_LINE_MS } from "./limits.ts";
import type { Terminal } from "./terminal.ts";

/** Characters of the bar itself, without its frame. */
const BAR_CHARS = 20;

/** What of a step the progress shows. */
export type ShownStep = Pick<
  ScanStep,
  | "status"
  | "phase"
  | "platformFsSlug"
  | "platformsTotal"
  | "platformsDone"
  | "romsTotal"
  | "romsDone"
  | "romsNew"
  | "romsMissing"
  | "filesHashed"
  | "bytesHashed"
  | "problems"
>;

/** Says in one line how far a scan is. */
export function formatStep(step: ShownStep): string {
  const place = step.platformFsSlug === null ? "" : ` ${step.platformFsSlug}`;
  const problems = step.problems === 0 ? "" : `, ${plural(step.problems, "problem")}`;
  switch (step.phase) {
    case "queued":
      return "waiting for its turn";
    case "discovering": {
      const platforms = `platform ${formatNumber(step.platformsDone)} of ${formatNumber(step.platformsTotal)}`;
      return `looking${place}: ${platforms}, ${plural(step.romsTotal, "game")}, ${formatNumber(step.romsNew)} new${problems}`;
    }
    case "hashing":
      return `hashing${place}: ${plural(step.filesHashed, "file")}, ${formatBytes(step.bytesHashed)}${problems}`;
    case "finishing":
      return `finishing${problems}`;
    case "ended":
      return step.status;
  }
}

/** Draws the same with a bar, cut to the width of the terminal. */
export function formatBar(step: ShownStep, columns: number): string {
  return `${drawBar(findShare(step))} ${formatStep(step)}`.slice(0, Math.max(1, columns - 1));
}

/** Draws a bar for a share from 0 to 1. */
export function drawBar(share: number): string {
  const filled = Math.round(share * BAR_CHARS);
  return `[${"#".repeat(filled)}${"-".repeat(BAR_CHARS - filled)}]`;
}

/** How much of the present phase is done, from 0 to 1; files to hash are known only of games found just now. */
function findShare({ phase, platformsDone, platformsTotal, filesHashed, romsNew }: ShownStep): number {
  switch (phase) {
    case "queued":
      return 0;
    case "discovering":
      return platformsTotal === 0 ? 0 : Math.min(1, platformsDone / platformsTotal);
    case "hashing":
      return Math.min(1, filesHashed / Math.max(1, romsNew, filesHashed));
    case "finishing":
    case "ended":
      return 1;
  }
}

/** Sums a scan up that went through. */
export function formatSummary(step: ShownStep, durationMs: number): string {
  const parts = [
    plural(step.platformsDone, "platform"),
    plural(step.romsTotal, "game"),
    `${formatNumber(step.romsNew)} new`,
    `${formatNumber(step.romsMissing)} missing`,
    `${plural(step.filesHashed, "file")} hashed (${formatBytes(step.bytesHashed)})`,
  ];
  return `${parts.join(", ")} in ${formatDuration(durationMs)}`;
}

/** A number with commas between its thousands. */
export function formatNumber(value: number): string {
  return value.toLocaleString("en-US");
}

function plural(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? "" : "s"}`;
}

const BYTE_UNITS = ["bytes", "KB", "MB", "GB", "TB"] as const;

/** A size the way people read it, in steps of 1024. */
export function formatBytes(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && value < 10 ? 1 : 0;
  return `${formatNumber(Number(value.toFixed(digits)))} ${BYTE_UNITS[unit]}`;
}

/** A span the way people read it: `0.4 s`, `12 s`, `3 min 5 s`. */
export function formatDuration(durationMs: number): string {
  const seconds = durationMs / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Shows steps as they come. */
export interface ProgressView {
  show(step: ShownStep): void;
  end(): void;
}

/** Makes the view that fits: a bar on a terminal, else a line per phase and every few seconds. */
export function createProgressView(terminal: Terminal, now: () => number): ProgressView {
  let shownAtMs = Number.NEGATIVE_INFINITY;
  let shownPhase = "";
  const intervalMs = terminal.isInteractive ? PROGRESS_BAR_MS : PROGRESS_LINE_MS;
  return {
    show(step) {
      const isDue = step.phase !== shownPhase || now() - shownAtMs >= intervalMs;
      if (!isDue || step.phase === "ended") return;
      shownAtMs = now();
      shownPhase = step.phase;
      if (terminal.isInteractive) terminal.showStatus(formatBar(step, terminal.columns));
      else terminal.note(formatStep(step));
    },
    end: () => terminal.showStatus(null),
  };
}
