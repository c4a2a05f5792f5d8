import { AppError } from "./errors.ts";
import { FULL_SCOPES, type Scope } from "./scopes.ts";

/** How a caller proved who they are; `control`: the operator, from a command line on this machine. */
export type Proof = "session" | "basic" | "client_token" | "access_token" | "content_ticket" | "control";

export interface AnonymousIdentity {
  readonly kind: "anonymous";
  /** Why the credentials that came count for nothing, for whoever asks for a caller; absent when none came. */
  readonly refusal?: AppError | undefined;
}

export interface UserIdentity {
  readonly kind: "user";
  readonly userId: number;
  readonly username: string;
  readonly isAdmin: boolean;
  /** What this call may do: the proof's scopes within the account's own. */
  readonly scopes: ReadonlySet<Scope>;
  readonly proof: Proof;
  /** The device a client token is bound to, or the login session's web device. */
  readonly deviceId: string | null;
  /** Present for a login session only. */
  readonly sessionId: string | null;
}

/** The visitor of a kiosk: may read, owns nothing, has no row. */
export interface KioskIdentity {
  readonly kind: "kiosk";
  readonly scopes: ReadonlySet<Scope>;
}

export type Identity = AnonymousIdentity | UserIdentity | KioskIdentity;

export const ANONYMOUS: AnonymousIdentity = { kind: "anonymous" };

/** The operator of this machine: an administrator without an account, so no row may name this user id. */
export const OPERATOR: UserIdentity = {
  kind: "user",
  userId: 0,
  username: "operator",
  isAdmin: true,
  scopes: new Set(FULL_SCOPES),
  proof: "control",
  deviceId: null,
  sessionId: null,
};

/** The id of the caller's account, as rows may name it; null for callers without one. */
export function findAccountId(identity: Identity): number | null {
  return identity.kind === "user" && identity.proof !== "control" ? identity.userId : null;
}

/**
 * The id of the caller's account, for what an account keeps.
 * @throws AppError `AUTH_ACCOUNT_REQUIRED` for a kiosk's visitor and the operator.
 */
export function requireAccountId({ identity }: { readonly identity: Identity }): number {
  const userId = findAccountId(identity);
  if (userId !== null) return userId;
  throw new AppError("forbidden", "AUTH_ACCOUNT_REQUIRED", { message: "This needs an account" });
}

/** Tells whether the caller holds a scope. */
export function hasScope(identity: Identity, scope: Scope): boolean {
  return identity.kind !== "anonymous" && identity.scopes.has(scope);
}
