import { PAUSE_ABOVE_BYTES, PIPE_IDLE_MS, SLOW_READER_MS, WAITING_BYTES_MAX } from "../limits.ts";

/** What is to be done about bytes that wait for a reader. */
export type WaitingVerdict = "go_on" | "pause_sender" | "close";

/** Judges a reader by the bytes that wait for it. */
export function judgeWaiting(waitingBytes: number): WaitingVerdict {
  if (waitingBytes > WAITING_BYTES_MAX) return "close";
  return waitingBytes > PAUSE_ABOVE_BYTES ? "pause_sender" : "go_on";
}

/** When something last went on. */
export interface Progress {
  /** When either side was last heard. */
  readonly heardAtMs: number;
  /** Since when a reader takes nothing of what waits for it; null when nothing waits. */
  readonly stuckAtMs: number | null;
}

/** Tells why a linked pair is to be closed; null when it is not. */
export function judgePipe({ heardAtMs, stuckAtMs }: Progress, nowMs: number): "idle" | "slow" | null {
  if (stuckAtMs !== null && nowMs - stuckAtMs >= SLOW_READER_MS) return "slow";
  return nowMs - heardAtMs >= PIPE_IDLE_MS ? "idle" : null;
}
