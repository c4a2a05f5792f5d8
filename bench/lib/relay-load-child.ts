/** Opens games on a relay and plays them, in a process of its own; told what to do by messages. */
import { type Game, INPUT_BYTES, openGame } from "./relay-game.ts";

/** What the parent wants. */
export type LoadOrder =
  | { readonly kind: "open"; readonly port: number; readonly count: number }
  /** As much as the relay delivers: so many games answer each message with the next. */
  | { readonly kind: "saturate"; readonly games: number; readonly forMs: number }
  /** So many messages a second, evenly over all games and both directions. */
  | { readonly kind: "play"; readonly perSecond: number; readonly forMs: number };

/** What came of it. */
export interface LoadOutcome {
  readonly delivered: number;
  readonly seconds: number;
}

/** Games that are opened at the same time; the relay's queue of new connections is longer. */
const OPENING = 50;

/** Messages that may be sent late. */
const BEHIND_MAX = 32;

const games: Game[] = [];
const message = new Uint8Array(INPUT_BYTES);

async function open(port: number, count: number): Promise<LoadOutcome> {
  const startedAtMs = performance.now();
  while (games.length < count) {
    const wanted = Math.min(OPENING, count - games.length);
    games.push(...(await Promise.all(Array.from({ length: wanted }, () => openGame(port)))));
  }
  return { delivered: 0, seconds: (performance.now() - startedAtMs) / 1_000 };
}

async function saturate(count: number, forMs: number): Promise<LoadOutcome> {
  let delivered = 0;
  let isOver = false;
  for (const { user, link } of games.slice(0, count)) {
    for (const [from, to] of [
      [user, link],
      [link, user],
    ] as const) {
      let bytes = 0;
      to.onBytes((chunk) => {
        bytes += chunk.length;
        for (; bytes >= INPUT_BYTES; bytes -= INPUT_BYTES) {
          delivered += 1;
          if (!isOver) from.write(message);
        }
      });
      from.write(message);
    }
  }
  const startedAtMs = performance.now();
  await Bun.sleep(forMs);
  isOver = true;
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const result = { delivered, seconds };
  await Bun.sleep(200);
  return result;
}

async function play(perSecond: number, forMs: number): Promise<LoadOutcome> {
  let delivered = 0;
  for (const { user, link } of games) {
    for (const wire of [user, link]) {
      wire.onBytes((chunk) => {
        delivered += chunk.length / INPUT_BYTES;
      });
    }
  }
  const startedAtMs = performance.now();
  let sent = 0;
  let turn = 0;
  while (performance.now() - startedAtMs < forMs) {
    const due = ((performance.now() - startedAtMs) / 1_000) * perSecond;
    // Whoever was not let run leaves out what he missed: at once it would be a flood that no players make.
    sent = Math.max(sent, Math.floor(due) - BEHIND_MAX);
    for (; sent < due; sent++) {
      const game = games[turn % games.length];
      // Both directions take turns.
      (Math.floor(turn / games.length) % 2 === 0 ? game?.user : game?.link)?.write(message);
      turn += 1;
    }
    // Not a timer: what comes at once would wait for itself, which players on clocks of their own do not.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = (performance.now() - startedAtMs) / 1_000;
  await Bun.sleep(200);
  return { delivered, seconds };
}

process.on("message", async (order: LoadOrder) => {
  const outcome =
    order.kind === "open"
      ? await open(order.port, order.count)
      : order.kind === "saturate"
        ? await saturate(order.games, order.forMs)
        : await play(order.perSecond, order.forMs);
  process.send?.(outcome);
});
