import type { Authorization } from "../auth/proof.ts";
import type { Environment } from "../environment.ts";
import { inCall, isMultitapError, MultitapError } from "../errors.ts";
import { CALL_TIMEOUT_MS } from "../limits.ts";
import type { CallOptions, ClientEvent } from "../options.ts";
import { sleep, withDeadline } from "./deadline.ts";
import { delayBeforeRetry, type RetryPolicy } from "./retry.ts";

/** How a client proves itself, as far as calls are concerned. */
export interface Authorizer {
  authorize(): Promise<Authorization>;
  recover(refused: Authorization, error: MultitapError): Promise<boolean>;
}

/** What holds for every call of a client unless the call says otherwise. */
export interface CallDefaults {
  readonly environment: Environment;
  readonly timeoutMs: number | undefined;
  readonly retry: RetryPolicy | false | undefined;
  /** Aborts when the client is closed. */
  readonly lifetime: AbortSignal;
  readonly emit: (event: ClientEvent) => void;
}

/** One call of the app: its name, and what it accepts. */
export interface Call {
  readonly operation: string | null;
  readonly options: CallOptions | undefined;
}

/** Sends one try; the signal ends with the try. */
export type Try<T> = (signal: AbortSignal, authorization: Authorization) => Promise<T>;

/** Whether and how a failed piece of work is repeated; one per call. */
export interface Retries {
  /**
   * Waits until the next try.
   * @throws MultitapError the failure itself, when it is final.
   */
  waitAfter(thrown: unknown): Promise<void>;
  /** Something got through: later failures count from one again. */
  reset(): void;
}

/** Counts the tries of one call and waits between them. */
export function createRetries(defaults: CallDefaults, { operation, options }: Call): Retries {
  const { environment } = defaults;
  const policy = options?.retry ?? defaults.retry ?? {};
  let attempts = 0;
  return {
    reset() {
      attempts = 0;
    },
    async waitAfter(thrown) {
      attempts += 1;
      const error = inCall(toClientError(thrown), operation, attempts);
      const delayMs = delayBeforeRetry(error, attempts, { policy, environment });
      if (delayMs === null) throw error;
      defaults.emit({ type: "retry", operation, error, attempt: attempts, delayMs });
      await sleep(environment, delayMs, [options?.signal, defaults.lifetime]);
    },
  };
}

/**
 * Runs one call: each try within the time limit, repeated as the policy says.
 * @throws MultitapError with the call's name and the number of tries.
 */
export async function runCall<T>(
  defaults: CallDefaults,
  call: Call,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const retries = createRetries(defaults, call);
  for (;;) {
    try {
      return await runTry(defaults, call, attempt);
    } catch (thrown) {
      await retries.waitAfter(thrown);
    }
  }
}

/** Like `runCall`, with authorization: renewed and tried once more when the server refuses it. */
export async function runAuthorizedCall<T>(
  defaults: CallDefaults & { readonly authorizer: Authorizer },
  call: Call,
  attempt: Try<T>,
): Promise<T> {
  let hasRecovered = false;
  return await runCall(defaults, call, async (signal) => {
    const { authorizer } = defaults;
    const authorization = await authorizer.authorize();
    try {
      return await attempt(signal, authorization);
    } catch (thrown) {
      if (hasRecovered || !isMultitapError(thrown, "unauthenticated")) throw thrown;
      hasRecovered = true;
      if (!(await authorizer.recover(authorization, thrown))) throw thrown;
      return await attempt(signal, await authorizer.authorize());
    }
  });
}

async function runTry<T>(
  defaults: CallDefaults,
  { options }: Call,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { environment, lifetime } = defaults;
  const timeoutMs = options?.timeoutMs ?? defaults.timeoutMs ?? CALL_TIMEOUT_MS;
  return await withDeadline({ environment, signals: [options?.signal, lifetime], timeoutMs }, attempt);
}

/** What anything thrown inside a call becomes; errors of ours pass unchanged. */
export function toClientError(thrown: unknown): MultitapError {
  if (isMultitapError(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new MultitapError("internal", "INTERNAL", {
    message: `The client failed: ${message}`,
    cause: thrown,
  });
}
