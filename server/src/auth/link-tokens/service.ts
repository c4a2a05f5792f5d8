import { createSecretKey } from "node:crypto";
import { errors, jwtVerify, SignJWT } from "jose";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { countAttempt, networkOf, type RateLimit } from "../../base/rate-limit.ts";
import { LINK_TOKEN_CHARS_MAX } from "./limits.ts";

const ALGORITHM = "HS256";

/** Claims of a token in a link, beside its life. The names are those of the server we replaced. */
export interface LinkClaims {
  readonly type: "invite" | "reset";
  /** Name of whoever it speaks for. */
  readonly sub: string;
  /** The same as an id, which survives a rename; tokens of the server we replaced have none. */
  readonly user_id: number;
  /** Names the token in the store of those that may still be used. */
  readonly jti: string;
  readonly role?: string | undefined;
  readonly email?: string | null | undefined;
}

/** When a token was made, and how long it counts. */
export interface LinkLife {
  readonly createdAt: Date;
  readonly lifeMs: number;
}

/** Signs a token that people open in a browser. */
export async function signLinkToken(
  secretKey: string,
  claims: LinkClaims,
  { createdAt, lifeMs }: LinkLife,
): Promise<string> {
  const issuedAt = Math.floor(createdAt.getTime() / 1000);
  return await new SignJWT({ ...claims })
    .setProtectedHeader({ typ: "JWT", alg: ALGORITHM })
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + Math.ceil(lifeMs / 1000))
    .sign(toKey(secretKey));
}

/** What became of reading a token; claims are as they came, for each kind of link to check. */
export type LinkReading =
  | {
      readonly kind: "read";
      readonly claims: Readonly<Record<string, unknown>>;
      readonly expiresAtMs: number;
    }
  /** Rightly signed, but too old. */
  | { readonly kind: "expired"; readonly claims: Readonly<Record<string, unknown>>; readonly cause: unknown }
  /** Damaged, without an end, or signed by somebody else. */
  | { readonly kind: "invalid"; readonly cause: unknown };

/** Reads a token and checks its signature and age. */
export async function readLinkToken(secretKey: string, token: string, now: Date): Promise<LinkReading> {
  if (token.length > LINK_TOKEN_CHARS_MAX) return { kind: "invalid", cause: "longer than any token of ours" };
  try {
    const options = { algorithms: [ALGORITHM], currentDate: now, requiredClaims: ["exp"] };
    const { payload } = await jwtVerify(token, toKey(secretKey), options);
    return { kind: "read", claims: payload, expiresAtMs: (payload.exp ?? 0) * 1000 };
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) return { kind: "expired", claims: cause.payload, cause };
    if (cause instanceof errors.JOSEError) return { kind: "invalid", cause };
    throw cause;
  }
}

function toKey(secretKey: string) {
  return createSecretKey(Buffer.from(secretKey));
}

/**
 * The address of a page of ours, for a link.
 * @returns A path alone when the operator named no public address.
 */
export function toLink(publicUrl: string | null, page: string, token: string): string {
  return `${publicUrl ?? ""}/${page}?token=${token}`;
}

/**
 * Counts an attempt of an address that nobody has identified.
 * @throws AppError `ACCOUNT_ATTEMPTS_LIMIT` with what was tried too often.
 */
export async function countOpenAttempt(ctx: Context, limit: RateLimit, what: string): Promise<void> {
  const verdict = await countAttempt(ctx, limit, networkOf(ctx));
  if (verdict.isAllowed) return;
  throw new AppError("rate_limited", "ACCOUNT_ATTEMPTS_LIMIT", {
    message: `Too many ${what} attempts. Try again later.`,
    retryAfterMs: verdict.retryAfterMs,
  });
}
