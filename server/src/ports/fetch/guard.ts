import { AppError } from "../../base/errors.ts";

/** What may end one exchange early: its asker, our own end, and its time. */
export interface Guard {
  readonly signal: AbortSignal;
  /** Sets the time that is left from now, in place of an earlier limit. */
  limit(ms: number): void;
  /** Ends the exchange when it still runs. */
  stop(): void;
  /** Lets go of timers; what has not ended runs on. */
  end(): void;
}

export interface GuardOptions {
  readonly host: string;
  readonly asker: AbortSignal | undefined;
  readonly closing: AbortSignal;
}

/** Makes the guard of one exchange; `end` must be called. */
export function createGuard({ host, asker, closing }: GuardOptions): Guard {
  const own = new AbortController();
  const signals = [own.signal, closing, asker].filter((signal) => signal !== undefined);
  let timer: Timer | null = null;
  const end = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
  return {
    signal: AbortSignal.any(signals),
    limit(ms) {
      end();
      timer = setTimeout(() => own.abort(failed(`${host} did not answer within ${ms} ms`, host)), ms);
      timer.unref();
    },
    stop: () => own.abort(failed("the call was given up", host)),
    end,
  };
}

/** Nobody answers. */
export function failed(message: string, host: string | null, cause?: unknown): AppError<"unavailable"> {
  return new AppError("unavailable", "FETCH_FAILED", { message, details: { host }, cause });
}
