import { CLOSE, type CloseName } from "../relay-messages/close-codes.data.ts";
import { formatMissed } from "../relay-messages/rules.ts";
import {
  CLOSE_ABOVE_BYTES,
  LINGER_MS,
  PACE_ABOVE_BYTES,
  SKIP_ABOVE_BYTES,
  STUCK_MS,
} from "../relay-rooms/limits.ts";

/** What a websocket of the runtime can do, as far as it is used here. */
export type Line = Pick<
  Bun.ServerWebSocket<object>,
  "send" | "publish" | "subscribe" | "unsubscribe" | "getBufferedAmount" | "close" | "terminate"
>;

/** One connection, and how fast it reads. A class, so that it can be told from those of other endpoints. */
export class Link {
  line: Line | null = null;
  phase: "greeting" | "asking" | "member" | "closed" = "greeting";
  /** Empty as long as it is in none. */
  roomId = "";
  isPlayer = false;
  /** Inputs are left out for it, because it is behind. */
  isBehind = false;
  missed = 0;
  /** Something is to be sent piece by piece, once it has read more. */
  isPaused = false;
  closedAtMs = 0;
  private waitedBytes = 0;
  private waitsSinceMs: number | null = null;

  constructor(
    readonly id: number,
    readonly network: string,
    readonly openedAtMs: number,
  ) {}

  /** Bytes that it has yet to read. */
  get waitingBytes(): number {
    return this.line?.getBufferedAmount() ?? 0;
  }

  /** Tells whether another piece can be sent. */
  get canTakePiece(): boolean {
    return this.waitingBytes <= PACE_ABOVE_BYTES;
  }

  /** Sends what cannot be left out; who leaves too much of that unread is let go. */
  send(bytes: Uint8Array, nowMs: number): void {
    if (this.phase === "closed" || this.line === null) return;
    if (this.waitingBytes > CLOSE_ABOVE_BYTES) this.close("tooSlow", nowMs);
    else this.line.send(bytes as Uint8Array<ArrayBuffer>);
  }

  close(why: CloseName, nowMs: number): void {
    if (this.phase === "closed") return;
    this.phase = "closed";
    this.closedAtMs = nowMs;
    const [code, reason] = CLOSE[why];
    this.line?.close(code, reason);
  }

  /** Looks whether it may get inputs: one that is far behind gets none, and none of them later. */
  judge(): boolean {
    if (!this.isBehind && this.waitingBytes > SKIP_ABOVE_BYTES) {
      this.isBehind = true;
      this.line?.unsubscribe(topicOf(this.roomId));
    }
    if (this.isBehind) this.missed += 1;
    return !this.isBehind;
  }

  /** It has read something: when it has caught up it gets inputs again, and is told how many it missed. */
  onRead(nowMs: number): void {
    this.waitsSinceMs = null;
    if (!this.isBehind || this.waitingBytes > PACE_ABOVE_BYTES || this.phase !== "member") return;
    this.isBehind = false;
    this.line?.subscribe(topicOf(this.roomId));
    const { missed } = this;
    this.missed = 0;
    if (missed > 0) this.send(formatMissed(missed), nowMs);
  }

  /** Tells whether it has taken nothing of what waits for too long, or does not go although it was closed. */
  isStuck(nowMs: number): boolean {
    if (this.phase === "closed") return nowMs - this.closedAtMs > LINGER_MS;
    const { waitingBytes } = this;
    const hasRead = waitingBytes === 0 || waitingBytes < this.waitedBytes;
    this.waitedBytes = waitingBytes;
    if (hasRead) this.onRead(nowMs);
    if (waitingBytes === 0) return false;
    this.waitsSinceMs ??= nowMs;
    return nowMs - this.waitsSinceMs > STUCK_MS;
  }
}

/** What the players of a room are subscribed to. */
export function topicOf(roomId: string): string {
  return `netplay-relay:${roomId}`;
}
