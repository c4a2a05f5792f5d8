import type { Context, IdempotencyMark } from "../base/context.ts";
import type { Identity } from "../base/identity.ts";

/** What stands between the network and the operations; the app builds it from the auth domain. */
export interface Gate {
  /**
   * Finds out who calls, before any parsing.
   * @returns The identity, cookies to set on the answer, and a ready refusal when the request must not go on.
   */
  enter(request: Request): Promise<Entry>;
}

export interface Entry {
  readonly identity: Identity;
  readonly setCookies: readonly string[];
  readonly refusal: Response | null;
  /** Finds out again who the same credentials speak for, for calls that last; absent when they cannot change. */
  readonly recheck?: Context["recheck"];
}

/** What a kit needs to make a context for one call. */
export interface CallFacts {
  readonly identity: Identity;
  readonly requestId: string;
  readonly signal: AbortSignal;
  readonly clientAddress: string | null;
  /** The address of the server as the caller wrote it; see the context. */
  readonly baseUrl?: string | null | undefined;
  /** The caller may send this call again; null or absent when it said nothing. */
  readonly idempotency?: IdempotencyMark | null | undefined;
  readonly recheck?: Context["recheck"];
}

export type CreateContext = (call: CallFacts) => Context;
