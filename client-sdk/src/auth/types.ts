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
  /** Keeps them in place of those that were kept. */
  save(credentials: Credentials): Promise<void>;
  /** Forgets them: somebody signed out, or they are worth nothing any more. */
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

/** What the user is asked to let in. */
export interface StartDeviceFlow {
  /** By which the app recognises this device; the same one is always the same device of a user. */
  readonly deviceIdentifier: string;
  /** What the user will read; they may change it. */
  readonly deviceName: string;
  /** What the app wants to do; the user may grant less. */
  readonly scopes: readonly Scope[];
  /** The device's system, such as `"linux"`. */
  readonly platform?: string | undefined;
}

/** A device that waits for its user to let it in. */
export interface DeviceFlow {
  /** What the user types at `verificationUrl`. */
  readonly userCode: string;
  readonly verificationUrl: string;
  /** The same page with the code in it, for a QR code. */
  readonly verificationUrlComplete: string;
  /** When the code ends by this machine's clock. */
  readonly expiresAt: Instant;
  /**
   * Waits until the user has decided, signs in and keeps the credentials in the client's store. Asks at the pace
   * the server wants and outlives lost connections. Aborted, it can be called again, and goes on.
   * @throws MultitapError `forbidden` (`DEVICE_FLOW_DENIED`), `not_found` (`DEVICE_FLOW_EXPIRED`), `aborted`, or
   * `storage` when the store failed; a later call then tries the store again.
   * @example
   * await flow.approved({ signal: AbortSignal.timeout(600_000) });
   */
  approved(options?: CallOptions): Promise<Credentials>;
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
   * Signs in with the short code that a user made for one of their tokens, in any case and with or without a
   * dash. Every earlier copy of that token stops working.
   * @throws MultitapError `not_found` for a wrong, used or expired code, `forbidden` for a disabled account,
   * `rate_limited` after too many tries.
   * @example
   * await client.auth.signInWithPairingCode("H26Q-KDTH");
   */
  signInWithPairingCode(code: string, options?: CallOptions): Promise<Credentials>;
  /**
   * Begins to sign in without a password: the user approves on another device.
   * @throws MultitapError `rate_limited` after too many tries, `unsupported` (`AUTH_FIXED`) for a client that was
   * given a token.
   * @example
   * const flow = await client.auth.startDeviceFlow({
   *   deviceIdentifier: "deck-1",
   *   deviceName: "Deck",
   *   scopes: ["roms.read"],
   * });
   * show(`Enter ${flow.userCode} at ${flow.verificationUrl}`);
   * await flow.approved();
   */
  startDeviceFlow(input: StartDeviceFlow, options?: CallOptions): Promise<DeviceFlow>;
  /**
   * Forgets the credentials; with a cookie, ends the login session on the server.
   * @example
   * await client.auth.signOut();
   */
  signOut(options?: CallOptions): Promise<void>;
}
