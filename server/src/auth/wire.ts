import { toWireInstant, toWireInstantOrNull } from "../users/wire.ts";
import type { ClientToken, NewClientToken, SignedOut, TokenPair } from "./contract.ts";

/** Answered as plain text when a request lacks its CSRF pair; apps look for "CSRF" in it. */
export const CSRF_REFUSAL = "CSRF token verification failed";

/** The answer to a logout: nothing, or where the browser signs out at the identity provider. */
export function toSignedOutWire({ providerLogoutUrl }: SignedOut) {
  return providerLogoutUrl === null ? null : { oidc_logout_url: providerLogoutUrl };
}

/** A client token in the compatible shape. */
export function toClientTokenWire(token: ClientToken) {
  return {
    id: token.id,
    name: token.name,
    scopes: token.scopes,
    expires_at: toWireInstantOrNull(token.expiresAt),
    last_used_at: toWireInstantOrNull(token.lastUsedAt),
    created_at: toWireInstant(token.createdAt),
    user_id: token.userId,
    device_id: token.deviceId,
  };
}

/** A client token with its secret in the compatible shape. */
export function toNewClientTokenWire(token: NewClientToken) {
  return { ...toClientTokenWire(token), raw_token: token.rawToken };
}

/** Takes the fields of a new client token out of a JSON body; apps may send more, which is ignored. */
export function fromNewClientTokenWire(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const { name, scopes, expires_in } = body as Record<string, unknown>;
  return { name, scopes, expiresIn: expires_in };
}

/** A pair of bearer tokens in the compatible shape, which says `expires` where OAuth says `expires_in`. */
export function toTokenPairWire(pair: TokenPair) {
  return {
    access_token: pair.accessToken,
    refresh_token: pair.refreshToken,
    token_type: "bearer",
    expires: pair.accessExpiresInSeconds,
    expires_in: pair.accessExpiresInSeconds,
    refresh_expires: pair.refreshExpiresInSeconds,
    scope: pair.scopes.join(" "),
  };
}

/** Reads the token form; an empty field counts as absent, and most apps leave the grant type out. */
export function fromTokenForm(form: URLSearchParams): unknown {
  const text = (name: string) => form.get(name) ?? "";
  return {
    grantType: text("grant_type") || "password",
    username: text("username"),
    password: text("password"),
    refreshToken: text("refresh_token"),
    scopes: text("scope")
      .split(/\s+/)
      .filter((scope) => scope !== ""),
  };
}
