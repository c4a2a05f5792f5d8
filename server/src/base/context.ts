import type { Database, Executor } from "@multitap/db";
import type { Compute } from "../ports/compute/port.ts";
import type { Events } from "../ports/events/port.ts";
import type { Fetch } from "../ports/fetch/port.ts";
import type { Files } from "../ports/files/port.ts";
import type { SpaceGuard } from "../ports/files/space-guard.ts";
import type { Kv } from "../ports/kv/port.ts";
import type { Log } from "../ports/log/port.ts";
import type { Mail } from "../ports/mail/port.ts";
import type { Queue } from "../ports/queue/port.ts";
import type { Settings } from "../ports/settings/port.ts";
import type { Clock } from "./clock.ts";
import type { Facts } from "./facts.ts";
import type { Identity } from "./identity.ts";
import type { KeptValues } from "./kept-values.ts";

/** The outside world, opened once per process. */
export interface Ports {
  readonly database: Database;
  readonly kv: Kv;
  readonly files: Files;
  /** Room on the file systems we write to; asked before anything large is stored. */
  readonly space: SpaceGuard;
  readonly queue: Queue;
  readonly compute: Compute;
  readonly events: Events;
  readonly settings: Settings;
  readonly mail: Mail;
  readonly fetch: Fetch;
  readonly log: Log;
  readonly clock: Clock;
  /** What is kept of the library until it changes; see `recall`. Null or absent keeps nothing. */
  readonly kept?: KeptValues | null | undefined;
}

/** How a caller marks a write that it may send again: the same key with the same target and input is one write. */
export interface IdempotencyMark {
  readonly key: string;
  /** Method and path of the request, since one key names one call. */
  readonly target: string;
}

/** What one call of an operation knows. */
export interface Context {
  readonly ports: Ports;
  /** Where queries go: the database, or the transaction of the outermost operation. */
  readonly db: Executor;
  readonly identity: Identity;
  readonly requestId: string;
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
  /** The network address of the caller as seen through trusted proxies; null inside the server. */
  readonly clientAddress: string | null;
  /**
   * The address of the server as the caller wrote it, with the path prefix and without a slash at the end; null or
   * absent inside the server.
   */
  readonly baseUrl?: string | null | undefined;
  /** Names what is fixed for the life of the process. */
  readonly facts: Facts;
  /** Present when the caller marked the call as one that it may send again. */
  readonly idempotency?: IdempotencyMark | null | undefined;
  /** Finds out again who the caller's credentials speak for, for calls that last; absent when they cannot change. */
  readonly recheck?: (() => Promise<Identity>) | undefined;
  /** Says that something was written: kept answers are forgotten. */
  readonly noteWrite: () => void;
  /** Queues an event for delivery after the commit (at once when there is no transaction). */
  readonly raise: Events["raise"];
}
