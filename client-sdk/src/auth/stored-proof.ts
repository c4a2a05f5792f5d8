import { isMultitapError } from "../errors.ts";
import { toClientError } from "../http/calls.ts";
import { REFRESH_EARLY_MS } from "../limits.ts";
import { type HeldCredentials, holdCredentials, withStore } from "./held-credentials.ts";
import { type Authorization, bearer, NO_HEADER, type Proof, type StateCell } from "./proof.ts";
import { createRefresh, endsWithin, type Refresh, type RefreshOptions } from "./refresh.ts";
import type { Credentials } from "./types.ts";

/** Credentials in a store: signed in to, renewed and forgotten by the client. */
export function storedProof(options: RefreshOptions, state: StateCell): Proof {
  const { store, endpoint } = options;
  const held = holdCredentials(store, state);
  const refresh = createRefresh(options, held);
  return {
    load: () => held.load(),
    async authorize() {
      await held.load();
      const current = await usable(held);
      if (current === null) return NO_HEADER;
      if (!endsWithin(current, REFRESH_EARLY_MS, endpoint.environment)) return bearer(current.accessToken);
      await renewEarly(current, refresh, options);
      return held.current === null ? NO_HEADER : bearer(held.current.accessToken);
    },
    async recover(refused) {
      const { current } = held;
      if (current === null) return false;
      // Unequal: another call has renewed them since this one was sent.
      if (isShown(current, refused)) await refresh(current);
      return true;
    },
    requireSignIn: () => undefined,
    async signIn(grant) {
      const credentials = await grant();
      await withStore(() => store.save(credentials));
      held.adopt(credentials);
      return credentials;
    },
    async signOut() {
      held.forget();
      await withStore(() => store.clear());
      state.set({ status: "anonymous" });
    },
  };
}

/** What is held, or what was stored since it ended; nothing else can help then. */
async function usable(held: HeldCredentials): Promise<Credentials | null> {
  if (held.expired === null) return held.current;
  const { expired } = held;
  const stored = await held.reload();
  if (stored === null) throw expired;
  return stored;
}

function isShown(credentials: Credentials, authorization: Authorization): boolean {
  return bearer(credentials.accessToken).header === authorization.header;
}

/** Renews credentials that are about to end; while they still work, a failure to do so can wait. */
async function renewEarly(
  current: Credentials,
  refresh: Refresh,
  { endpoint, onFailure }: RefreshOptions,
): Promise<void> {
  try {
    await refresh(current);
  } catch (thrown) {
    const hasEnded = endsWithin(current, 0, endpoint.environment);
    if (hasEnded || isMultitapError(thrown, "unauthenticated")) throw thrown;
    onFailure(toClientError(thrown));
  }
}
