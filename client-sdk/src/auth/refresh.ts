import type { Environment } from "../environment.ts";
import { isMultitapError, type MultitapError, toStorageError } from "../errors.ts";
import { withDeadline } from "../http/deadline.ts";
import { CALL_TIMEOUT_MS, REFRESH_LOCK_GRACE_MS, REFRESH_LOCK_MS } from "../limits.ts";
import { type HeldCredentials, withStore } from "./held-credentials.ts";
import { expiredError, grantByRefresh, type TokenEndpoint } from "./tokens.ts";
import type { CredentialStore, Credentials } from "./types.ts";

/** What renewing credentials needs of the client. */
export interface RefreshOptions {
  readonly store: CredentialStore;
  readonly endpoint: TokenEndpoint;
  /** Told when the new credentials work but could not be stored. */
  readonly onFailure: (error: MultitapError) => void;
}

/** Renews the given credentials; while one renewal runs, everybody waits for that one. */
export type Refresh = (used: Credentials) => Promise<void>;

/**
 * Makes the function that renews credentials.
 * @throws MultitapError (the made function) `unauthenticated` when the server refuses for good, which also
 * ends the sign-in; anything else leaves it as it is.
 */
export function createRefresh(options: RefreshOptions, held: HeldCredentials): Refresh {
  let running: Promise<void> | null = null;
  const renew = async (used: Credentials): Promise<void> => {
    const { epoch } = held;
    try {
      const fresh = await inStoreLock(options, () => renewInLock(options, { used, held, epoch }));
      // Listeners hear of it here, after the lock is free again.
      if (fresh !== null && held.epoch === epoch) held.replace(fresh);
    } catch (thrown) {
      if (held.epoch === epoch && isMultitapError(thrown, "unauthenticated")) held.expire(thrown);
      throw thrown;
    } finally {
      running = null;
    }
  };
  return (used) => {
    running ??= renew(used);
    return running;
  };
}

interface Renewal {
  readonly used: Credentials;
  readonly held: HeldCredentials;
  readonly epoch: number;
}

/** Null: somebody signed in or out meanwhile, and that stands. */
async function renewInLock(
  { store, endpoint, onFailure }: RefreshOptions,
  { used, held, epoch }: Renewal,
): Promise<Credentials | null> {
  const { environment } = endpoint;
  const stored = await withStore(() => store.load());
  if (held.epoch !== epoch) return null;
  if (stored === null) throw expiredError();
  // Another tab or process was faster.
  if (stored.accessToken !== used.accessToken && !endsWithin(stored, 0, environment)) return stored;
  const { refreshToken } = stored;
  if (refreshToken === null) throw expiredError();
  const fresh = await withDeadline({ environment, signals: [], timeoutMs: CALL_TIMEOUT_MS }, (signal) =>
    grantByRefresh(endpoint, { ...stored, refreshToken }, signal),
  );
  if (held.epoch !== epoch) return null;
  try {
    await store.save(fresh);
  } catch (thrown) {
    // The new tokens work without being stored, and the old ones are used up either way.
    onFailure(toStorageError(thrown, "The credential store"));
  }
  return fresh;
}

/** Runs `work` under the store's lock, or without it when the lock cannot be had in time. */
async function inStoreLock<T>({ store, endpoint }: RefreshOptions, work: () => Promise<T>): Promise<T> {
  if (store.exclusively === undefined) return await work();
  let begun: Promise<T> | null = null;
  const begin = (): Promise<T> => {
    begun ??= work();
    return begun;
  };
  const lock = async (): Promise<T> => (await store.exclusively?.(begin, REFRESH_LOCK_MS)) ?? (await begin());
  return await new Promise<T>((resolve, reject) => {
    const goOn = () => begin().then(resolve, reject);
    const stop = endpoint.environment.startTimer(goOn, REFRESH_LOCK_MS + REFRESH_LOCK_GRACE_MS);
    const finish = (settle: () => void) => {
      stop();
      settle();
    };
    // A lock that was refused must keep nobody signed out. When it was the work that failed, `begin` gives
    // that same failure again.
    lock().then(
      (fresh) => finish(() => resolve(fresh)),
      () => finish(goOn),
    );
  });
}

/** Tells whether credentials end within a span of milliseconds from now. */
export function endsWithin(credentials: Credentials, spanMs: number, environment: Environment): boolean {
  return credentials.expiresAt !== null && Date.parse(credentials.expiresAt) - environment.now() <= spanMs;
}
