import { type MultitapError, toStorageError } from "../errors.ts";
import type { StateCell } from "./proof.ts";
import type { CredentialStore, Credentials } from "./types.ts";

/** The credentials in hand, and what is known of their end. */
export interface HeldCredentials {
  readonly current: Credentials | null;
  /** Why they ended for good; null while they work. */
  readonly expired: MultitapError | null;
  /** Grows with every sign-in and sign-out: what began before one must not undo it. */
  readonly epoch: number;
  /** Reads the store once; again after a failure. */
  load(): Promise<void>;
  /** Takes up what another tab or process stored after ours ended; null when there is nothing new. */
  reload(): Promise<Credentials | null>;
  /** Another sign-in. */
  adopt(credentials: Credentials): void;
  /** The same sign-in with other tokens. */
  replace(credentials: Credentials): void;
  expire(error: MultitapError): void;
  forget(): void;
}

/** Holds credentials in memory as the store and the server last gave them. */
export function holdCredentials(store: CredentialStore, state: StateCell): HeldCredentials {
  let current: Credentials | null = null;
  let expired: MultitapError | null = null;
  let epoch = 0;
  let loading: Promise<void> | null = null;

  const replace = (credentials: Credentials) => {
    current = credentials;
    expired = null;
    state.set({ status: "signed_in", scopes: credentials.scopes, deviceId: credentials.deviceId });
  };
  const read = async (): Promise<void> => {
    const begun = epoch;
    try {
      const stored = await withStore(() => store.load());
      if (epoch !== begun) return;
      if (stored !== null) replace(stored);
      else state.set({ status: "anonymous" });
    } catch (thrown) {
      loading = null;
      const error = toStorageError(thrown, STORE);
      state.set({ status: "expired", error });
      throw error;
    }
  };
  const reset = () => {
    epoch += 1;
    current = null;
    expired = null;
    loading = Promise.resolve();
  };
  return {
    get current() {
      return current;
    },
    get expired() {
      return expired;
    },
    get epoch() {
      return epoch;
    },
    load() {
      loading ??= read();
      return loading;
    },
    async reload() {
      const stored = await withStore(() => store.load());
      if (stored === null || stored.accessToken === current?.accessToken) return null;
      replace(stored);
      return stored;
    },
    adopt(credentials) {
      reset();
      replace(credentials);
    },
    replace,
    expire(error) {
      expired = error;
      state.set({ status: "expired", error });
    },
    forget: reset,
  };
}

/** How errors name the store. */
const STORE = "The credential store";

/**
 * Asks the store for something.
 * @throws MultitapError `storage` with the store's own error as cause.
 */
export async function withStore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw toStorageError(thrown, STORE);
  }
}
