import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { countAttempt, type RateLimit, takeBackAttempt } from "../../base/rate-limit.ts";
import {
  FAILURES_WINDOW_MS,
  HASH_COST,
  HASHES_AT_ONCE_MAX,
  PASSWORD_FAILURES_MAX,
  PASSWORD_FAILURES_PER_ADDRESS_MAX,
} from "../limits.ts";

const PER_ROOM: RateLimit = {
  name: "netplay-password",
  attemptsMax: PASSWORD_FAILURES_MAX,
  windowMs: FAILURES_WINDOW_MS,
};
const PER_ADDRESS: RateLimit = {
  name: "netplay-passwords",
  attemptsMax: PASSWORD_FAILURES_PER_ADDRESS_MAX,
  windowMs: FAILURES_WINDOW_MS,
};

type Scene = Pick<Context, "ports">;

/** Passwords of rooms, hashed by threads of the runtime so that inputs go on meanwhile. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /**
   * Tells whether a password is right; wrong ones are counted, whichever process is asked.
   * @throws AppError `NETPLAY_TRIES` after too many wrong ones.
   */
  isRight(guess: PasswordGuess): Promise<boolean>;
}

/** Somebody says a password. */
export interface PasswordGuess {
  readonly password: string;
  readonly hash: string;
  readonly roomId: string;
  readonly network: string;
}

/** Makes the keeper of passwords of a process; only so many are worked on at once. */
export function createPasswords(scene: Scene): Passwords {
  let running = 0;
  const waiting: (() => void)[] = [];
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= HASHES_AT_ONCE_MAX) await new Promise<void>((resolve) => waiting.push(resolve));
    running += 1;
    try {
      return await work();
    } finally {
      running -= 1;
      waiting.shift()?.();
    }
  };
  return {
    hash: (password) => inTurn(() => Bun.password.hash(password, HASH_COST)),
    async isRight({ password, hash, roomId, network }) {
      const perRoom = `${network}:${Bun.hash(roomId).toString(36)}`;
      // Counted before, and taken back when right, so that guesses made at once count as well.
      await count(scene, PER_ADDRESS, network);
      await count(scene, PER_ROOM, perRoom);
      const isRight = await inTurn(() => Bun.password.verify(password, hash));
      if (isRight) {
        await takeBackAttempt(scene, PER_ROOM, perRoom);
        await takeBackAttempt(scene, PER_ADDRESS, network);
      }
      return isRight;
    },
  };
}

async function count(scene: Scene, limit: RateLimit, who: string): Promise<void> {
  const { isAllowed, retryAfterMs } = await countAttempt(scene, limit, who);
  if (isAllowed) return;
  const message = `Too many wrong passwords, try again in ${Math.ceil(retryAfterMs / 1_000)} s`;
  throw new AppError("rate_limited", "NETPLAY_TRIES", { message, retryAfterMs });
}
