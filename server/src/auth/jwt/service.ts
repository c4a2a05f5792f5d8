import { createSecretKey } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import * as v from "valibot";
import { Id } from "../../base/schemas.ts";

const ISSUER = "romm:oauth";
const ALGORITHM = "HS256";

/** What a bearer token of ours says. */
export interface TokenClaims {
  readonly type: "access" | "refresh";
  readonly username: string;
  /** Null in a token of the server we replaced, which knows accounts by name only. */
  readonly userId: number | null;
  /** As granted; what the account may do now is asked at use. */
  readonly scopes: readonly string[];
  readonly expiresAtMs: number;
  /** Names a refresh token in the store; null for access tokens. */
  readonly tokenId: string | null;
}

/** What became of reading a token. */
export type TokenReading =
  | { readonly kind: "read"; readonly claims: TokenClaims }
  /** Rightly signed, but not a bearer token. */
  | { readonly kind: "foreign" }
  /** Damaged, expired, or signed by somebody else. */
  | { readonly kind: "invalid"; readonly cause: unknown };

const Payload = v.object({
  iss: v.literal(ISSUER),
  sub: v.string(),
  user_id: v.optional(Id),
  scopes: v.optional(v.string(), ""),
  type: v.picklist(["access", "refresh"]),
  exp: v.pipe(v.number(), v.safeInteger()),
  jti: v.optional(v.string()),
});

/** Signs claims; the same claims always give the same text. */
export async function signToken(secretKey: string, claims: TokenClaims): Promise<string> {
  const payload = {
    sub: claims.username,
    ...(claims.userId === null ? {} : { user_id: claims.userId }),
    iss: ISSUER,
    scopes: claims.scopes.join(" "),
    ...(claims.tokenId === null ? {} : { jti: claims.tokenId }),
    type: claims.type,
    exp: Math.floor(claims.expiresAtMs / 1000),
  };
  return await new SignJWT(payload).setProtectedHeader({ typ: "JWT", alg: ALGORITHM }).sign(toKey(secretKey));
}

/** Reads a token and checks its signature and age. */
export async function readToken(secretKey: string, token: string, now: Date): Promise<TokenReading> {
  try {
    const { payload } = await jwtVerify(token, toKey(secretKey), {
      algorithms: [ALGORITHM],
      currentDate: now,
    });
    const parsed = v.safeParse(Payload, payload);
    return parsed.success ? { kind: "read", claims: toClaims(parsed.output) } : { kind: "foreign" };
  } catch (cause) {
    if (cause instanceof errors.JOSEError) return { kind: "invalid", cause };
    throw cause;
  }
}

function toClaims(payload: v.InferOutput<typeof Payload>): TokenClaims {
  return {
    type: payload.type,
    username: payload.sub,
    userId: payload.user_id ?? null,
    scopes: payload.scopes.split(" ").filter((scope) => scope !== ""),
    expiresAtMs: payload.exp * 1000,
    tokenId: payload.jti ?? null,
  };
}

function toKey(secretKey: string) {
  return createSecretKey(Buffer.from(secretKey));
}
