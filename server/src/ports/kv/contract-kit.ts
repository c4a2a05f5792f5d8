import { AppError } from "../../base/errors.ts";
import type { Kv } from "./port.ts";

/** A store under test with two independent clients, as two processes would have. */
export interface KvFixture {
  readonly first: Kv;
  readonly second: Kv;
  /** Cuts every connection of the first client, perhaps of the second too, from the server's side. */
  cutConnections(): Promise<void>;
  /** Closes both clients and removes what they left. */
  dispose(): Promise<void>;
}

/** A client that exists only once the suite has begun. */
export type GetKv = () => Kv;

let keyCount = 0;
/** A key no other test uses. */
export const freshKey = (name = "key") => {
  keyCount += 1;
  return `${name}:${process.pid}:${keyCount}`;
};

/** Longer than any life used below, with room for a slow machine. */
export const SHORT_TTL_MS = 60;
/** Waits until a life of `SHORT_TTL_MS` is over. */
export const afterShortTtl = () => Bun.sleep(SHORT_TTL_MS + 40);

/** Stands for a long text, so that a failure prints numbers and not megabytes. */
export const digest = (text: string) => Bun.hash(text);

/** The code of the expected failure, the name of any other, or `no failure`. */
export const codeOf = (run: Promise<unknown>) =>
  run.then(
    () => "no failure",
    (error: unknown) => (error instanceof AppError ? error.code : (error as Error).name),
  );
