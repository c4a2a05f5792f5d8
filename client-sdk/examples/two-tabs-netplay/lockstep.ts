/**
 * Lockstep: a frame is played when the inputs of everybody who plays are there, so nothing is ever taken back. Inputs are
 * sent some frames ahead, which hides the way they travel.
 */
import type { Room } from "@multitap/client/netplay";
import { type Game, GUEST_IN, NEW_GAME, needsSeat, packGame, step, unpackGame } from "./game.ts";

/** Frames between pressing a button and what it does: 50 ms, which hides as long a way. */
const INPUT_DELAY = 3;
/** Frames that one turn plays at most, for who has to catch up. */
const STEPS_MAX = 30;

/** A game that is played in a room. */
export interface Lockstep {
  readonly game: Game;
  /** Plays what can be played; called about 60 times a second. */
  turn(buttons: number): void;
  stop(): void;
}

/** Plays in a room; `onStep` gets each frame's game. Who joins waits for the host's. */
export function playIn(room: Room, onStep: (game: Game) => void): Lockstep {
  // The host begins; everybody else needs the game as it stands.
  let game: Game | null = room.isOwner ? NEW_GAME : null;
  let sent = 0;
  const hasGuest = () => room.players.some(({ seat }) => seat === 1);
  const share = (now: Game, isForEveryone: boolean) => {
    const sending = room.sendSnapshot(now.frame, packGame(now), { isForEveryone });
    // Whoever waits for it asks again.
    sending.catch((error: unknown) => console.warn(String(error)));
  };
  const stops = [
    room.on("snapshotWanted", () => game !== null && room.isOwner && share(game, false)),
    room.on("snapshot", ({ bytes }) => {
      const received = unpackGame(bytes);
      if (received !== null && received.frame >= (game?.frame ?? 0)) game = received;
    }),
    room.on("players", () => {
      if (game === null || !room.isOwner || game.guestFrom === 0 || hasGuest()) return;
      // The guest's next input will never come: from here on the game goes on without.
      game = { ...game, guestFrom: 0 };
      share(game, true);
    }),
  ];

  /** The own input of a frame, with the host's word about the guest. */
  const inputOf = (buttons: number, { guestFrom }: Game): Uint8Array => {
    const letsIn = room.seat === 0 && guestFrom === 0 && hasGuest();
    return new Uint8Array([letsIn ? buttons | GUEST_IN : buttons]);
  };
  const send = (buttons: number, now: Game) => {
    if (room.seat === null || (room.seat === 1 && now.guestFrom === 0)) return;
    const from = room.seat === 0 ? now.frame : Math.max(now.frame, now.guestFrom);
    for (sent = Math.max(sent, from); sent <= now.frame + INPUT_DELAY; sent++) {
      // Full, or away for a moment: the same frame again next time.
      if (!room.sendInput(sent, inputOf(buttons, now))) return;
    }
  };
  const play = (now: Game): Game | null => {
    const host = room.inputAt(now.frame, 0);
    const guest = needsSeat(now, 1) ? room.inputAt(now.frame, 1) : new Uint8Array(1);
    if (host === null || guest === null) return null;
    return step(now, host[0] ?? 0, guest[0] ?? 0);
  };
  /** Whether others are further than the delay allows: then this page has fallen behind. */
  const isBehind = ({ frame }: Game) =>
    [0, 1].some((seat) => seat !== room.seat && room.inputAt(frame + INPUT_DELAY + 1, seat) !== null);

  return {
    get game() {
      return game ?? NEW_GAME;
    },
    turn(buttons) {
      for (let count = 0; count < STEPS_MAX && game !== null; count++) {
        if (count > 0 && !isBehind(game)) return;
        send(buttons, game);
        const next = play(game);
        if (next === null) return;
        game = next;
        onStep(game);
      }
    },
    stop() {
      for (const stop of stops) stop();
    },
  };
}
