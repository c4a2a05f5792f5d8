/** Players of a server, in a process of their own: told what to do by messages, and timed. */
import { percentile } from "../lib/statistics.ts";

/** What the parent wants. */
export type LoadOrder =
  | { readonly kind: "open"; readonly url: string; readonly rooms: number }
  | { readonly kind: "paced"; readonly perSecond: number; readonly forMs: number }
  | { readonly kind: "saturated"; readonly inFlight: number; readonly forMs: number }
  | { readonly kind: "close" };

/** What came of it. */
export interface LoadOutcome {
  readonly sent: number;
  readonly delivered: number;
  /** Milliseconds on the way, of a part of the deliveries: median and 99 of 100. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Of one room. */
export const PLAYERS = 4;
const FRAMES_KEPT = 1_024;
/** Every so many deliveries one is timed. */
const TIMED = 7;
const SETTLE_MS = 300;

/** What every player has, whatever it speaks. */
export interface Player {
  readonly socket: WebSocket;
  readonly number: number;
  frame: number;
  /** Deliveries of its inputs that are still to come. */
  due: number;
  readonly sentAtMs: Float64Array;
}

/** A player that has sent nothing. */
export function createPlayer(socket: WebSocket, number: number): Player {
  return { socket, number, frame: 0, due: 0, sentAtMs: new Float64Array(FRAMES_KEPT) };
}

/** How a kind of player speaks. */
export interface Speech<P extends Player> {
  /** Connects one, who is in the room once this is done. */
  connect(url: string, number: number, room: number): Promise<P>;
  /** Sends its next input, whose frame is set already. */
  write(player: P): void;
}

/** Counts inputs that arrive. */
export interface Desk {
  /** @param playerNumber Whose input it is. @param readFrame Asked for a part of them only. */
  arrived(playerNumber: number, readFrame: () => number): void;
}

function sumUp(times: readonly number[]): Pick<LoadOutcome, "p50Ms" | "p99Ms"> {
  const sorted = Float64Array.from(times).sort();
  return { p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) };
}

/** Calls so often a second, catching up after each pause. */
async function takeTurns(
  { perSecond, forMs }: { readonly perSecond: number; readonly forMs: number },
  take: (turn: number) => void,
): Promise<void> {
  const startedAtMs = performance.now();
  const gapMs = 1_000 / perSecond;
  for (let turn = 0; ; ) {
    const passedMs = performance.now() - startedAtMs;
    if (passedMs >= forMs) return;
    for (const due = Math.floor(passedMs / gapMs); turn < due; turn += 1) take(turn);
    await Bun.sleep(1);
  }
}

/** Answers the orders of the parent. */
export function serveLoad<P extends Player>({ connect, write }: Speech<P>): Desk {
  const players: P[] = [];
  const times: number[] = [];
  let [sent, delivered] = [0, 0];
  let onDelivered: (from: P) => void = () => undefined;

  function send(player: P): void {
    player.frame += 1;
    player.sentAtMs[player.frame % FRAMES_KEPT] = performance.now();
    write(player);
    player.due += PLAYERS - 1;
    sent += 1;
  }

  async function open(url: string, rooms: number): Promise<void> {
    for (let room = 0; room < rooms; room += 1) {
      for (let seat = 0; seat < PLAYERS; seat += 1) players.push(await connect(url, players.length, room));
    }
  }

  /** Every player sends so often a second, evenly spread over all of them. */
  async function playPaced(perSecond: number, forMs: number): Promise<void> {
    await takeTurns({ perSecond: perSecond * players.length, forMs }, (turn) => {
      const player = players[turn % players.length];
      if (player !== undefined) send(player);
    });
  }

  /** Every player has so many inputs on the way at any time. */
  async function playSaturated(inFlight: number, forMs: number): Promise<void> {
    let isOver = false;
    onDelivered = (from) => {
      from.due -= 1;
      if (!isOver && from.due % (PLAYERS - 1) === 0) send(from);
    };
    for (const player of players) {
      player.due = 0;
      for (let at = 0; at < inFlight; at += 1) send(player);
    }
    await Bun.sleep(forMs);
    isOver = true;
  }

  process.on("message", async (order: LoadOrder) => {
    [sent, delivered] = [0, 0];
    times.length = 0;
    onDelivered = () => undefined;
    if (order.kind === "open") await open(order.url, order.rooms);
    if (order.kind === "paced") await playPaced(order.perSecond, order.forMs);
    if (order.kind === "saturated") await playSaturated(order.inFlight, order.forMs);
    await Bun.sleep(order.kind === "close" ? 0 : SETTLE_MS);
    const outcome: LoadOutcome = { sent, delivered, ...sumUp(times) };
    if (order.kind === "close") for (const { socket } of players.splice(0)) socket.close();
    process.send?.(outcome);
  });

  return {
    arrived(playerNumber, readFrame) {
      delivered += 1;
      const from = players[playerNumber];
      if (from === undefined) return;
      if (delivered % TIMED === 0) {
        times.push(performance.now() - (from.sentAtMs[readFrame() % FRAMES_KEPT] ?? 0));
      }
      onDelivered(from);
    },
  };
}
