import type { MultitapError } from "../errors.ts";
import type { AuthState, Credentials } from "./types.ts";

/** What one request proves itself with. */
export interface Authorization {
  /** Value of the header; null sends none. */
  readonly header: string | null;
}

/** The header value for a bearer token. */
export function bearer(token: string): Authorization {
  return { header: `Bearer ${token}` };
}

/** Nothing to show: an anonymous caller, or one whose cookie travels by itself. */
export const NO_HEADER: Authorization = { header: null };

/** One way of proving who the client speaks for. */
export interface Proof {
  /** Reads what is stored; afterwards the state is known, also when reading failed. */
  load(): Promise<void>;
  /**
   * What the next request shows, renewed first if it is about to end.
   * @throws MultitapError `unauthenticated` when it ended for good.
   */
  authorize(): Promise<Authorization>;
  /**
   * Told that the server refused what a request showed.
   * @returns Whether a repeat would show something else.
   * @throws MultitapError when renewing failed.
   */
  recover(refused: Authorization, error: MultitapError): Promise<boolean>;
  /**
   * Refuses when this proof cannot sign in.
   * @throws MultitapError `unsupported` (`AUTH_FIXED`).
   */
  requireSignIn(): void;
  /** Keeps what `grant` gets from the server, and speaks for that user from now on. */
  signIn(grant: () => Promise<Credentials>): Promise<Credentials>;
  signOut(signal: AbortSignal): Promise<void>;
}

/** Where a proof tells who is signed in. */
export interface StateCell {
  readonly value: AuthState;
  set(state: AuthState): void;
}
