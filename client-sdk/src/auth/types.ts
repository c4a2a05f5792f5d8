import type { CurrentUser } from "@multitap/server/contract/users";
import type { MultitapError } from "../errors.ts";
import type { Unsubscribe } from "../listeners.ts";
import type { CallOptions } from "../options.ts";

/** A moment as text: ISO 8601, UTC, with offset. */
export type Instant = string;

/** One permission string, such as `"roms.read"`. */
export type Scope = CurrentUser["scopes"][number];

/** What a client needs to speak for a user. */
export interface Credentials {
  readonly accessToken: string;
  /** Null: cannot be renewed. */
  readonly refreshToken: string | null;
  /** When the access token ends by this machine's clock; null: never. */
  readonly expiresAt: Instant | null;
  readonly scopes: readonly Scope[];
  /** The device that the token is bound to. */
  readonly deviceId: string | null;
}

/**
 * Where credentials live between calls and between starts of the app.
 * @example
 * const keychain: CredentialStore = {
 *   load: async () => JSON.parse((await secrets.get("multitap")) ?? "null"),
 *   save: (credentials) => secrets.set("multitap", JSON.stringify(credentials)),
 *   clear: () => secrets.remove("multitap"),
 * };
 */
export interface CredentialStore {
  /** Null: nobody is signed in. */
  load(): Promise<Credentials | null>;
  save(credentials: Credentials): Promise<void>;
  clear(): Promise<void>;
  /**
   * Runs `work` while no other tab or process does. Waits at most `timeoutMs` for that, then rejects without
   * having run it; the client goes on without the lock.
   */
  exclusively?<T>(work: () => Promise<T>, timeoutMs: number): Promise<T>;
}

/** Says that the page's own login cookie is the proof; made by `sessionCookie()`. */
export interface SessionCookie {
  readonly kind: "session_cookie";
}

/**
 * How a client proves who it speaks for: a fixed token, a function that gives the current one, a store of
 * credentials that the client signs in to and renews, or the cookie of the page.
 */
export type AuthInput = string | (() => string | Promise<string>) | CredentialStore | SessionCookie;

/** Who the client speaks for. `scopes` is empty when they are not known, as with a fixed token. */
export type AuthState =
  | { readonly status: "anonymous" }
  | { readonly status: "signed_in"; readonly scopes: readonly Scope[]; readonly deviceId: string | null }
  | { readonly status: "expired"; readonly error: MultitapError };

/** What to sign in with. */
export interface PasswordSignIn {
  readonly username: string;
  readonly password: string;
  /** What the app may do; everything the account may do unless said. */
  readonly scopes?: readonly Scope[] | undefined;
}

/** Signing in and out, and who is signed in. */
export interface Auth {
  /** Who the client speaks for, as far as is known now; `anonymous` until the store was read. */
  readonly state: AuthState;
  /**
   * The state once the store was read; reading this begins it.
   * @example
   * if ((await client.auth.ready).status === "anonymous") showSignIn();
   */
  readonly ready: Promise<AuthState>;
  /**
   * Calls `listener` after each change of `state`.
   * @example
   * client.auth.onChange((state) => state.status === "expired" && showSignIn());
   */
  onChange(listener: (state: AuthState) => void): Unsubscribe;
  /**
   * Signs in and keeps the credentials in the client's store.
   * @throws MultitapError `unauthenticated` for a wrong name or password, `forbidden` for a disabled account
   * or a scope that it lacks, `unsupported` (`AUTH_FIXED`) for a client that was given a token.
   * @example
   * await client.auth.signInWithPassword({ username: "ana", password, scopes: ["roms.read"] });
   */
  signInWithPassword(input: PasswordSignIn, options?: CallOptions): Promise<Credentials>;
  /**
   * Forgets the credentials; with a cookie, ends the login session on the server.
   * @example
   * await client.auth.signOut();
   */
  signOut(options?: CallOptions): Promise<void>;
}
