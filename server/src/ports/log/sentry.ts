import { createUuid } from "../../base/ids.ts";
import { formatEnvelope, type SentryTarget } from "./sentry-envelope.ts";

/** A failure that was logged. */
export interface LoggedFailure {
  readonly component: string | null;
  readonly message: string;
  readonly error: unknown;
}

/** Reports failures to the operator's own service. */
export interface FailureReporter {
  /** Queues a report; never fails, never waits. */
  report(failure: LoggedFailure): void;
  /** Waits for what is on its way, at most so long. */
  close(timeoutMs: number): Promise<void>;
}

export interface SentryOptions {
  readonly target: SentryTarget;
  /** Such as `multitap@0.1.0`. */
  readonly release: string;
  readonly send?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  readonly now?: (() => Date) | undefined;
}

/** Reports that wait; further ones are dropped, for they would all say the same. */
const WAITING_MAX = 20;
/** How long an equal failure is not reported again, in milliseconds. */
const QUIET_MS = 10 * 60_000;
/** Failures that are told apart. */
const KNOWN_MAX = 200;
/** Longest wait for an answer, in milliseconds. */
const SEND_TIMEOUT_MS = 5_000;
/** Pause after a refusal that names none, in milliseconds. */
const REFUSED_MS = 60_000;

/** Makes a reporter. Its own failures are nobody's: what is reported stands in the log already. */
export function createSentryReporter(options: SentryOptions): FailureReporter {
  const { target, release, send = fetch, now = () => new Date() } = options;
  const known = new Map<string, number>();
  const waiting: string[] = [];
  let sending: Promise<void> | null = null;
  let silentUntilMs = 0;
  const sendAll = async () => {
    for (let body = waiting.shift(); body !== undefined; body = waiting.shift()) {
      const pauseMs = await sendOne(body, target, send);
      if (pauseMs === 0) continue;
      silentUntilMs = now().getTime() + pauseMs;
      waiting.length = 0;
    }
    sending = null;
  };
  return {
    report(failure) {
      const at = now();
      if (at.getTime() < silentUntilMs || waiting.length >= WAITING_MAX) return;
      const key = keyOf(failure);
      if (at.getTime() - (known.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
      if (known.size >= KNOWN_MAX) known.clear();
      known.set(key, at.getTime());
      const id = createUuid().replaceAll("-", "");
      waiting.push(formatEnvelope({ id, at, release, level: "error", ...failure }));
      sending ??= sendAll();
    },
    async close(timeoutMs) {
      if (sending === null) return;
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, timeoutMs);
      await Promise.race([sending, late.promise]);
      clearTimeout(timer);
    },
  };
}

function keyOf({ component, message, error }: LoggedFailure): string {
  const stack = error instanceof Error ? (error.stack ?? error.name) : "";
  return `${component} ${message} ${stack.split("\n").slice(1, 4).join(" ")}`;
}

/** @returns Milliseconds for which nothing more is wanted; 0 when all is well. */
async function sendOne(
  body: string,
  { url, key }: SentryTarget,
  send: NonNullable<SentryOptions["send"]>,
): Promise<number> {
  try {
    const response = await send(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-sentry-envelope",
        "x-sentry-auth": `Sentry sentry_version=7, sentry_client=multitap/1, sentry_key=${key}`,
      },
      body,
      redirect: "error",
      signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (response.ok) return 0;
    return Number(response.headers.get("retry-after") ?? Number.NaN) * 1000 || REFUSED_MS;
  } catch {
    // It stands in the log; a service that is away is asked again after a while.
    return REFUSED_MS;
  }
}
