import type { CredentialStore, Credentials, SessionCookie } from "./types.ts";

/**
 * A store that forgets everything when the program ends.
 * @example
 * const client = createClient({ url, auth: memoryCredentials() });
 */
export function memoryCredentials(): CredentialStore {
  let kept: Credentials | null = null;
  return {
    load: async () => kept,
    save: async (credentials) => {
      kept = credentials;
    },
    clear: async () => {
      kept = null;
    },
  };
}

/**
 * The proof of pages that the server itself delivers: its login cookie, with the token against forged
 * requests on every change.
 * @example
 * const client = createClient({ url: location.origin, auth: sessionCookie() });
 */
export function sessionCookie(): SessionCookie {
  return { kind: "session_cookie" };
}
