import * as v from "valibot";
import type { Instant } from "../base/clock.ts";
import { Id, InstantText, list, ScopeName } from "../base/schemas.ts";
import type { Scope } from "../base/scopes.ts";
import { CONTENT_LINK_MS, CONTENT_LINK_MS_MAX, CONTENT_LINK_MS_MIN } from "./limits.ts";

/** Scopes in one request; there are fewer scopes than this. */
const SCOPES_MAX = 64;
/** Characters of a token's name, as the column of the reference had. */
const TOKEN_NAME_CHARS_MAX = 255;

/** An API token of an app; the secret itself is shown once, at creation. */
export interface ClientToken {
  readonly id: number;
  readonly userId: number;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Null: never. */
  readonly expiresAt: Instant | null;
  readonly lastUsedAt: Instant | null;
  readonly deviceId: string | null;
  readonly createdAt: Instant;
}

const tokenEntries = {
  id: Id,
  userId: Id,
  name: v.string(),
  scopes: list(ScopeName),
  expiresAt: v.nullable(InstantText),
  lastUsedAt: v.nullable(InstantText),
  deviceId: v.nullable(v.string()),
  createdAt: InstantText,
};

export const ClientTokenSchema = v.object(tokenEntries);
export const ClientTokenListSchema = list(ClientTokenSchema);

/** A token with its secret. */
export interface NewClientToken extends ClientToken {
  readonly rawToken: string;
}

export const NewClientTokenSchema = v.object({ ...tokenEntries, rawToken: v.string() });

export const CreateClientTokenInput = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(TOKEN_NAME_CHARS_MAX)),
  scopes: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(SCOPES_MAX)),
  /** `30d`, `90d`, `1y`, `never` or null. */
  expiresIn: v.optional(v.nullable(v.string()), null),
});
export const ClientTokenIdInput = v.strictObject({ tokenId: Id });

/** A pair of bearer tokens. */
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly accessExpiresInSeconds: number;
  readonly refreshExpiresInSeconds: number;
  readonly scopes: readonly Scope[];
}

export const TokenPairSchema = v.object({
  accessToken: v.string(),
  refreshToken: v.string(),
  accessExpiresInSeconds: v.number(),
  refreshExpiresInSeconds: v.number(),
  scopes: list(ScopeName),
});

export const PasswordGrantInput = v.strictObject({
  username: v.string(),
  password: v.string(),
  scopes: v.pipe(v.array(v.string()), v.maxLength(SCOPES_MAX)),
});
export const RefreshGrantInput = v.strictObject({ refreshToken: v.string() });

/** The form of the compatible token endpoint, which serves several grants. */
export const TokenFormInput = v.strictObject({
  grantType: v.string(),
  username: v.string(),
  password: v.string(),
  refreshToken: v.string(),
  scopes: v.pipe(v.array(v.string()), v.maxLength(SCOPES_MAX)),
});

/** What a browser sends to sign in, and what it may have kept from earlier. */
export const LoginInput = v.strictObject({
  /** The Authorization header, which must be Basic. */
  authorization: v.nullable(v.string()),
  /** The session in use until now, which ends. */
  sessionId: v.nullable(v.string()),
  browserId: v.nullable(v.string()),
  /** The browser brought some cookie of ours, so it would have brought its id if it had one. */
  keepsCookies: v.boolean(),
  userAgent: v.nullable(v.string()),
});

/** How the cookies go over the wire. */
const cookieEntries = {
  /** To be sent over HTTPS only. */
  isSecure: v.boolean(),
  sameSite: v.picklist(["strict", "lax"]),
};

/** What a browser that signed in has to remember. */
export const SignedInSchema = v.object({
  sessionId: v.string(),
  csrfToken: v.string(),
  browserId: v.string(),
  maxAgeSeconds: v.number(),
  ...cookieEntries,
});
export type SignedIn = v.InferOutput<typeof SignedInSchema>;

/** What a browser that signed out has to remember. */
export const SignedOutSchema = v.object({
  csrfToken: v.string(),
  ...cookieEntries,
  /** Where the browser signs out at the identity provider too; null when it need not. */
  providerLogoutUrl: v.nullable(v.string()),
});
export type SignedOut = v.InferOutput<typeof SignedOutSchema>;

export const ContentLinkInput = v.strictObject({
  romId: Id,
  /** The one file wanted of a rom that has several. */
  fileId: v.optional(Id),
  expiresInMs: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(CONTENT_LINK_MS_MIN), v.maxValue(CONTENT_LINK_MS_MAX)),
    CONTENT_LINK_MS,
  ),
});

/** A link to bytes that opens by itself. */
export interface ContentLink {
  /** Path and query, to be put behind the address of the server. It holds a secret while it lives. */
  readonly path: string;
  readonly expiresAt: Instant;
}

export const ContentLinkSchema = v.object({ path: v.string(), expiresAt: InstantText });
