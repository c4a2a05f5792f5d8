import * as v from "valibot";
import { noteAudit } from "../../audit/service.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { createExpiringCache } from "../../base/expiring-cache.ts";
import { createUuid } from "../../base/ids.ts";
import { operation } from "../../base/operation.ts";
import { perPorts } from "../../base/per-ports.ts";
import { isScope, type Scope } from "../../base/scopes.ts";
import { KV_TTL_MS_MAX } from "../../ports/kv/limits.ts";
import { type Account, findAccount, findFreshAccount, findUserByName } from "../../users/accounts/service.ts";
import {
  PasswordGrantInput,
  RefreshGrantInput,
  TokenFormInput,
  type TokenPair,
  TokenPairSchema,
} from "../contract.ts";
import { provePassword } from "../credentials/service.ts";
import { readToken, signToken, type TokenClaims, type TokenReading } from "../jwt/service.ts";
import { ACCESS_TOKEN_TTL_MS, BEARER_CHARS_MAX, PROOFS_CACHED_MAX, REFRESH_GRACE_MS } from "../limits.ts";

type Scene = Pick<Context, "ports" | "db" | "facts">;

const readings = perPorts((ports) =>
  createExpiringCache<string, TokenReading>({
    ttlMs: ACCESS_TOKEN_TTL_MS,
    entriesMax: PROOFS_CACHED_MAX,
    clock: ports.clock,
  }),
);

/** A refresh token that may still be used; its text is the password mark of the account. */
const validKey = (tokenId: string) => `refresh-jti:${tokenId}`;
/** What a used refresh token was exchanged for. */
const rotationKey = (tokenId: string) => `refresh-rotation:${tokenId}`;

/** Signs in with a password and gives a pair of bearer tokens for the scopes asked for, which may be none. */
export const signInWithPassword = operation(
  {
    type: "mutation",
    scope: "public",
    input: PasswordGrantInput,
    output: TokenPairSchema,
    storesNoAnswer: true,
  },
  async (ctx, input): Promise<TokenPair> => {
    if (input.username === "" || input.password === "") {
      throw new AppError("invalid", "TOKEN_CREDENTIALS_MISSING", { message: "Missing username or password" });
    }
    const account = await provePassword(ctx, input);
    if (account === null) {
      throw new AppError("unauthenticated", "AUTH_PASSWORD_WRONG", {
        message: "Invalid username or password",
      });
    }
    if (!account.isEnabled) {
      throw new AppError("forbidden", "TOKEN_ACCOUNT_DISABLED", { message: "User account is disabled" });
    }
    const scopes = requireScopes(account, input.scopes);
    const tokenId = createUuid();
    await keepRefreshToken(ctx, tokenId, account);
    await noteAudit(ctx, {
      action: "login.succeeded",
      subject: account.username,
      actor: account,
      details: { method: "token" },
    });
    return await createPair(ctx, account, { scopes, tokenId, createdAtMs: ctx.ports.clock.now().getTime() });
  },
);

function requireScopes(account: Account, asked: readonly string[]): readonly Scope[] {
  const scopes = [...new Set(asked)].filter(isScope);
  if (asked.every((scope) => isScope(scope) && account.scopes.includes(scope))) return scopes;
  throw new AppError("forbidden", "TOKEN_SCOPES_EXCEEDED", {
    message: "Insufficient scope",
    details: { scopes: asked.filter((scope) => !account.scopes.some((held) => held === scope)) },
  });
}

/**
 * Exchanges a refresh token for a new pair with the same scopes. A token works once; used again within
 * `REFRESH_GRACE_MS` it gives the very same pair.
 */
export const refreshTokens = operation(
  {
    type: "mutation",
    scope: "public",
    input: RefreshGrantInput,
    output: TokenPairSchema,
    storesNoAnswer: true,
  },
  async (ctx, input): Promise<TokenPair> => {
    if (input.refreshToken === "") {
      throw new AppError("invalid", "TOKEN_REFRESH_MISSING", { message: "Missing refresh token" });
    }
    const { claims, tokenId } = await readRefreshToken(ctx, input.refreshToken);
    const account = await findOwner(ctx, claims, findFreshAccount);
    if (account === null) throw invalidToken(null);
    const rotation = await rotate(ctx, tokenId, account);
    return await createPair(ctx, account, { scopes: claims.scopes.filter(isScope), ...rotation });
  },
);

async function readRefreshToken(ctx: Scene, text: string): Promise<{ claims: TokenClaims; tokenId: string }> {
  const reading = await readBearer(ctx, text);
  if (reading.kind !== "read") throw invalidToken(reading.kind === "invalid" ? reading.cause : null);
  const { claims } = reading;
  if (claims.type !== "refresh" || claims.tokenId === null) throw invalidToken(null);
  return { claims, tokenId: claims.tokenId };
}

/** Everything a pair is made of besides its owner; the same parts always give the same texts. */
interface PairParts {
  readonly scopes: readonly Scope[];
  readonly tokenId: string;
  readonly createdAtMs: number;
}

async function createPair(ctx: Scene, account: Account, parts: PairParts): Promise<TokenPair> {
  const { accessTokenMs, secretKey } = ctx.facts;
  const refreshTokenMs = refreshMsOf(ctx);
  const { scopes, tokenId, createdAtMs } = parts;
  const owner = { username: account.username, userId: account.id, scopes };
  const access = {
    ...owner,
    type: "access" as const,
    tokenId: null,
    expiresAtMs: createdAtMs + accessTokenMs,
  };
  const refresh = { ...owner, type: "refresh" as const, tokenId, expiresAtMs: createdAtMs + refreshTokenMs };
  return {
    accessToken: await signToken(secretKey, access),
    refreshToken: await signToken(secretKey, refresh),
    accessExpiresInSeconds: Math.floor(accessTokenMs / 1000),
    refreshExpiresInSeconds: Math.floor(refreshTokenMs / 1000),
    scopes,
  };
}

function refreshMsOf(ctx: Scene): number {
  return Math.min(ctx.facts.refreshTokenMs, KV_TTL_MS_MAX);
}

async function keepRefreshToken(ctx: Scene, tokenId: string, account: Account): Promise<void> {
  await ctx.ports.kv.set(validKey(tokenId), account.passwordMark, { ttlMs: refreshMsOf(ctx) });
}

const Rotation = v.object({ tokenId: v.string(), createdAtMs: v.number() });
type Rotation = v.InferOutput<typeof Rotation>;

/**
 * Uses a refresh token up. Only the successor's name and birth are stored, from which the same pair can be
 * signed again. Every step may be the last one before a crash: the token then still works.
 */
async function rotate(ctx: Scene, tokenId: string, account: Account): Promise<Rotation> {
  const { kv, clock } = ctx.ports;
  const mark = await kv.get(validKey(tokenId));
  const known = mark === null ? await findRotation(ctx, tokenId) : null;
  if (mark === null && known === null) throw invalidToken(null);
  if (!account.isEnabled) {
    throw new AppError("unauthenticated", "AUTH_ACCOUNT_DISABLED", { message: "Disabled user" });
  }
  if (known !== null) return known;
  // A token issued under another password has ended with it.
  if (mark !== account.passwordMark) throw invalidToken(null);
  const fresh = { tokenId: createUuid(), createdAtMs: clock.now().getTime() };
  await keepRefreshToken(ctx, fresh.tokenId, account);
  const options = { ttlMs: REFRESH_GRACE_MS, when: "absent" as const };
  const isFirst = await kv.set(rotationKey(tokenId), JSON.stringify(fresh), options);
  if (isFirst && (await kv.take(validKey(tokenId))) !== null) return fresh;
  await kv.remove([validKey(fresh.tokenId), ...(isFirst ? [rotationKey(tokenId)] : [])]);
  const others = isFirst ? null : await findRotation(ctx, tokenId);
  if (others === null) throw invalidToken(null);
  return others;
}

async function findRotation(ctx: Scene, tokenId: string): Promise<Rotation | null> {
  const text = await ctx.ports.kv.get(rotationKey(tokenId));
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Rotation), text);
  if (!parsed.success) return null;
  const ageMs = ctx.ports.clock.now().getTime() - parsed.output.createdAtMs;
  return ageMs <= REFRESH_GRACE_MS ? parsed.output : null;
}

/** The compatible token endpoint: one form for every grant. */
export const grantToken = operation(
  { type: "mutation", scope: "public", input: TokenFormInput, output: TokenPairSchema, storesNoAnswer: true },
  async (ctx, { grantType, username, password, refreshToken, scopes }): Promise<TokenPair> => {
    switch (grantType) {
      case "password":
        return await signInWithPassword.run(ctx, { username, password, scopes });
      case "refresh_token":
        return await refreshTokens.run(ctx, { refreshToken });
      default:
        throw new AppError("invalid", "TOKEN_GRANT_UNSUPPORTED", {
          message:
            grantType === "client_credentials"
              ? "Client credentials are not yet supported"
              : "Invalid or unsupported grant type",
        });
    }
  },
);

/** Whom an access token speaks for. */
export type AccessTokenReading =
  | { readonly kind: "proved"; readonly account: Account; readonly scopes: readonly string[] }
  /** It proves nothing, but nothing is wrong with it either: another sort of token, an account that is gone. */
  | { readonly kind: "nobody" }
  | { readonly kind: "invalid"; readonly error: AppError<"unauthenticated"> };

/** Finds out whom an access token speaks for. A signature that was right is not checked again for a while. */
export async function readAccessToken(ctx: Scene, token: string): Promise<AccessTokenReading> {
  const reading = await readBearer(ctx, token);
  if (reading.kind === "invalid") return { kind: "invalid", error: invalidToken(reading.cause) };
  if (reading.kind === "foreign" || reading.claims.type !== "access") return { kind: "nobody" };
  const account = await findOwner(ctx, reading.claims, findAccount);
  if (account === null || !account.isEnabled) return { kind: "nobody" };
  return { kind: "proved", account, scopes: reading.claims.scopes };
}

async function readBearer(ctx: Scene, token: string): Promise<TokenReading> {
  if (token.length > BEARER_CHARS_MAX) return { kind: "invalid", cause: "longer than any token of ours" };
  const now = ctx.ports.clock.now();
  const reading = await readings(ctx.ports).load(token, () => readToken(ctx.facts.secretKey, token, now));
  if (reading.kind !== "read" || reading.claims.expiresAtMs > now.getTime()) return reading;
  return { kind: "invalid", cause: "expired since its signature was checked" };
}

/** By id, which survives a rename; tokens of the server we replaced hold the name only. */
async function findOwner(
  ctx: Scene,
  claims: TokenClaims,
  findById: typeof findAccount,
): Promise<Account | null> {
  if (claims.userId !== null) return await findById(ctx, claims.userId);
  return await findUserByName(ctx, claims.username);
}

function invalidToken(cause: unknown): AppError<"unauthenticated"> {
  return new AppError("unauthenticated", "AUTH_TOKEN_INVALID", {
    message: "Could not validate credentials",
    cause: cause ?? undefined,
  });
}
