import type { MultitapError } from "./errors.ts";
import type { RetryPolicy } from "./http/retry.ts";

/**
 * What every call accepts.
 * @example
 * await client.roms.get(42, {}, { signal: AbortSignal.timeout(5_000), retry: false });
 */
export interface CallOptions {
  /** Ends the call; it then throws an error of kind `aborted` with the signal's reason as cause. */
  signal?: AbortSignal | undefined;
  /** Time of one try until the server answers; the client's own limit unless said. */
  timeoutMs?: number | undefined;
  /** `false`: one try only. */
  retry?: RetryPolicy | false | undefined;
}

/**
 * What every call that changes something accepts.
 * @example
 * await client.scan.start({}, { idempotencyKey: "nightly-2030-01-01" });
 */
export interface WriteOptions extends CallOptions {
  /** Names the change: the server makes it once, however often it is asked. A new one per call unless said. */
  idempotencyKey?: string | undefined;
}

/**
 * Things that happen inside a client and reach nobody as an error of a call.
 * @example
 * createClient({ url, onEvent: (event) => log(event.type, event.error.message) });
 */
export type ClientEvent =
  /** A try failed and the call will be tried again. */
  | {
      readonly type: "retry";
      readonly operation: string | null;
      readonly error: MultitapError;
      readonly attempt: number;
      readonly delayMs: number;
    }
  /** Something beside a call failed: credentials could not be stored, a partial file could not be kept. */
  | { readonly type: "failure"; readonly error: MultitapError };
