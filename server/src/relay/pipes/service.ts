import { LINGER_MS, PAUSE_ABOVE_BYTES, TAP_BYTES_MAX } from "../limits.ts";
import { judgePipe, judgeWaiting } from "./rules.ts";

/** What a socket can do. */
export interface Line {
  /** Gives how many of the bytes were taken; fewer when the other side does not read, and below zero when it is gone. */
  write(bytes: Uint8Array): number;
  /** Says goodbye behind what was written. */
  end(): void;
  /** Closes at once. */
  terminate(): void;
  /** Reads nothing more until `resume`. */
  pause(): void;
  resume(): void;
}

/** A socket with what waits for it, and the one it is linked with. */
export interface Outlet {
  readonly id: number;
  readonly line: Line;
  /** Counts what of its first bytes was shown to whoever listens for names. */
  tappedBytes: number;
  /** Its bytes go there as they are; null as long as it is not linked. */
  peer: Outlet | null;
  waiting: Uint8Array[];
  waitingBytes: number;
  /** Since when nothing of it was taken; null when nothing waits. */
  stuckAtMs: number | null;
  heardAtMs: number;
  isPaused: boolean;
  /** When its end began; null before. */
  closingAtMs: number | null;
}

/** A socket that was just opened. */
export function createOutlet(id: number, line: Line, nowMs: number): Outlet {
  return {
    id,
    line,
    tappedBytes: 0,
    peer: null,
    waiting: [],
    waitingBytes: 0,
    stuckAtMs: null,
    heardAtMs: nowMs,
    isPaused: false,
    closingAtMs: null,
  };
}

/** Sends bytes, now or when there is room; a reader for whom too much waits is closed. */
export function sendTo(outlet: Outlet, bytes: Uint8Array, nowMs: number): void {
  if (outlet.closingAtMs !== null) return;
  const taken = outlet.waitingBytes > 0 ? 0 : outlet.line.write(bytes);
  if (taken === bytes.length) return;
  // The owner of the bytes may use them again.
  outlet.waiting.push(bytes.slice(Math.max(0, taken)));
  outlet.waitingBytes += bytes.length - Math.max(0, taken);
  outlet.stuckAtMs ??= nowMs;
  const verdict = judgeWaiting(outlet.waitingBytes);
  if (verdict === "close") cut(outlet, nowMs);
  else if (verdict === "pause_sender") pause(outlet.peer);
}

/** Hands the bytes of a linked socket on. */
export function forward(from: Outlet, bytes: Uint8Array, nowMs: number): void {
  const { peer } = from;
  if (peer === null) return;
  from.heardAtMs = nowMs;
  peer.heardAtMs = nowMs;
  sendTo(peer, bytes, nowMs);
}

/** Links two sockets. */
export function joinOutlets(one: Outlet, other: Outlet, nowMs: number): void {
  one.peer = other;
  other.peer = one;
  one.heardAtMs = nowMs;
  other.heardAtMs = nowMs;
}

/** How many of these bytes are still to be shown to whoever listens for names. */
export function countTapped(outlet: Outlet, bytes: number): number {
  const wanted = Math.min(bytes, TAP_BYTES_MAX - outlet.tappedBytes);
  outlet.tappedBytes += wanted;
  return wanted;
}

/** Sends what waits, as there is room again. */
export function drain(outlet: Outlet, nowMs: number): void {
  while (outlet.waiting.length > 0) {
    const [first] = outlet.waiting;
    if (first === undefined) break;
    const taken = outlet.line.write(first);
    if (taken > 0) {
      outlet.waitingBytes -= taken;
      outlet.stuckAtMs = nowMs;
    }
    if (taken < first.length) {
      if (taken > 0) outlet.waiting[0] = first.subarray(taken);
      break;
    }
    outlet.waiting.shift();
  }
  if (outlet.waitingBytes === 0) outlet.stuckAtMs = null;
  if (outlet.waitingBytes <= PAUSE_ABOVE_BYTES / 2) resume(outlet.peer);
  if (outlet.closingAtMs !== null && outlet.waitingBytes === 0) outlet.line.end();
}

function pause(outlet: Outlet | null): void {
  if (outlet === null || outlet.isPaused) return;
  outlet.isPaused = true;
  outlet.line.pause();
}

function resume(outlet: Outlet | null): void {
  if (outlet === null || !outlet.isPaused) return;
  outlet.isPaused = false;
  outlet.line.resume();
}

/** Closes a socket once what waits for it is sent, and soon in any case. */
export function closeOutlet(outlet: Outlet, nowMs: number): void {
  if (outlet.closingAtMs !== null) return;
  outlet.closingAtMs = nowMs;
  // It would not hear of its own end otherwise.
  resume(outlet);
  if (outlet.waitingBytes === 0) outlet.line.end();
}

/** Closes a socket that does not read: what waits for it is lost. */
function cut(outlet: Outlet, nowMs: number): void {
  outlet.closingAtMs ??= nowMs;
  outlet.waiting = [];
  outlet.waitingBytes = 0;
  outlet.line.terminate();
}

/** Whoever is linked with a socket that is gone goes as well. */
export function onOutletClosed(outlet: Outlet, nowMs: number): void {
  const { peer } = outlet;
  outlet.closingAtMs ??= nowMs;
  outlet.waiting = [];
  outlet.peer = null;
  if (peer === null) return;
  peer.peer = null;
  closeOutlet(peer, nowMs);
}

/** Closes a socket that reads nothing, or whose pair has been silent for too long; to be called every second. */
export function sweepOutlet(outlet: Outlet, nowMs: number): void {
  const { closingAtMs, peer, stuckAtMs } = outlet;
  if (closingAtMs !== null) {
    if (nowMs - closingAtMs >= LINGER_MS) cut(outlet, nowMs);
    return;
  }
  // Sockets that are not linked have time-outs of their own.
  const verdict = judgePipe({ heardAtMs: peer === null ? nowMs : outlet.heardAtMs, stuckAtMs }, nowMs);
  if (verdict === "slow") cut(outlet, nowMs);
  else if (verdict === "idle") closeOutlet(outlet, nowMs);
}
