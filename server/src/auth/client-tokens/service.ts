import { toInstant, toInstantOrNull } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { createExpiringCache, createThrottle } from "../../base/expiring-cache.ts";
import { findAccountId, hasScope } from "../../base/identity.ts";
import { createHexToken, sha256Hex } from "../../base/ids.ts";
import { operation } from "../../base/operation.ts";
import { perPorts } from "../../base/per-ports.ts";
import { NoInput, Nothing } from "../../base/schemas.ts";
import { isScope, type Scope } from "../../base/scopes.ts";
import { inTransaction } from "../../base/transaction.ts";
import { noteSighting } from "../../devices/service.ts";
import { type Account, findAccount } from "../../users/accounts/service.ts";
import {
  type ClientToken,
  ClientTokenIdInput,
  ClientTokenListSchema,
  CreateClientTokenInput,
  type NewClientToken,
  NewClientTokenSchema,
} from "../contract.ts";
import {
  CLIENT_TOKEN_BYTES,
  CLIENT_TOKEN_TTL_MS,
  CLIENT_TOKEN_USE_INTERVAL_MS,
  CLIENT_TOKENS_PER_USER_MAX,
  PROOFS_CACHED_MAX,
} from "../limits.ts";
import {
  type ClientTokenRow,
  countTokensLocked,
  findTokenRowByHash,
  insertTokenRow,
  listTokenRows,
  removeTokenRow,
  setLastUsed,
} from "./queries.ts";
import { parseExpiry } from "./rules.ts";

type Scene = Pick<Context, "ports" | "db">;

const SECRET_PREFIX = "rmm_";

/** Lists the caller's client tokens, newest first; their secrets are not stored. */
export const listClientTokens = operation(
  { type: "query", scope: "me.read", input: NoInput, output: ClientTokenListSchema },
  async (ctx): Promise<readonly ClientToken[]> => {
    const userId = findAccountId(ctx.identity);
    return userId === null ? [] : (await listTokenRows(ctx.db, userId)).map(toClientToken);
  },
);

/** Makes a client token for scopes the caller holds in this call; the answer shows the secret for the only time. */
export const createClientToken = operation(
  {
    type: "mutation",
    scope: "me.write",
    input: CreateClientTokenInput,
    output: NewClientTokenSchema,
    storesNoAnswer: true,
  },
  async (ctx, input): Promise<NewClientToken> => {
    const userId = requireAccountId(ctx);
    requireHeldScopes(ctx, input.scopes);
    const createdAt = ctx.ports.clock.now();
    const expiresAt = parseExpiry(input.expiresIn, createdAt);
    const rawToken = `${SECRET_PREFIX}${createHexToken(CLIENT_TOKEN_BYTES)}`;
    const row = await inTransaction(ctx, async ({ db }) => {
      if ((await countTokensLocked(db, userId)) >= CLIENT_TOKENS_PER_USER_MAX) throw tooManyTokens();
      const facts = { userId, name: input.name, expiresAt, createdAt };
      return await insertTokenRow(db, {
        ...facts,
        hashedToken: sha256Hex(rawToken),
        scopes: [...new Set(input.scopes)].join(" "),
      });
    });
    return { ...toClientToken(row), rawToken };
  },
);

/** Removes one of the caller's client tokens; its secret stops working. */
export const removeClientToken = operation(
  { type: "mutation", scope: "me.write", input: ClientTokenIdInput, output: Nothing },
  async (ctx, { tokenId }): Promise<null> => {
    const userId = requireAccountId(ctx);
    const row = await removeTokenRow(ctx.db, userId, tokenId);
    if (row === null)
      throw new AppError("not_found", "CLIENT_TOKEN_NOT_FOUND", { message: "Token not found" });
    processState(ctx.ports).tokens.drop(row.hashedToken);
    return null;
  },
);

function requireAccountId(ctx: Context): number {
  const userId = findAccountId(ctx.identity);
  if (userId !== null) return userId;
  throw new AppError("forbidden", "AUTH_ACCOUNT_REQUIRED", { message: "Forbidden" });
}

function requireHeldScopes(ctx: Context, asked: readonly string[]): void {
  const missing = asked.filter((scope) => !isScope(scope) || !hasScope(ctx.identity, scope));
  if (missing.length === 0) return;
  throw new AppError("forbidden", "CLIENT_TOKEN_SCOPES_EXCEEDED", {
    message: `Requested scopes exceed your permissions: ${[...new Set(missing)].sort().join(", ")}`,
  });
}

function tooManyTokens(): AppError<"invalid"> {
  return new AppError("invalid", "CLIENT_TOKEN_LIMIT", {
    message: `Maximum of ${CLIENT_TOKENS_PER_USER_MAX} tokens per user reached`,
  });
}

function toClientToken(row: ClientTokenRow): ClientToken {
  return {
    id: row.id,
    userId: row.userId,
    name: row.name,
    scopes: scopesOf(row),
    expiresAt: toInstantOrNull(row.expiresAt),
    lastUsedAt: toInstantOrNull(row.lastUsedAt),
    deviceId: row.deviceId,
    createdAt: toInstant(row.createdAt),
  };
}

function scopesOf(row: ClientTokenRow): readonly Scope[] {
  return row.scopes.split(" ").filter(isScope);
}

const processState = perPorts((ports) => ({
  tokens: createExpiringCache<string, ClientTokenRow | null>({
    ttlMs: CLIENT_TOKEN_TTL_MS,
    entriesMax: PROOFS_CACHED_MAX,
    clock: ports.clock,
  }),
  uses: createThrottle<number>({
    intervalMs: CLIENT_TOKEN_USE_INTERVAL_MS,
    entriesMax: PROOFS_CACHED_MAX,
    clock: ports.clock,
  }),
}));

/** Whom a client token speaks for. */
export interface ClientTokenProof {
  readonly account: Account;
  readonly scopes: readonly Scope[];
  readonly deviceId: string | null;
}

/**
 * Finds out whom a client token speaks for, and notes its use and its device's.
 * @returns Null when the token is unknown or expired, or its owner disabled.
 */
export async function proveClientToken(ctx: Scene, rawToken: string): Promise<ClientTokenProof | null> {
  const { tokens } = processState(ctx.ports);
  // Looked up by its hash: no comparison of secrets whose time could tell anything.
  const hashedToken = sha256Hex(rawToken);
  const row = await tokens.load(hashedToken, () => findTokenRowByHash(ctx.db, hashedToken));
  if (row === null || isExpired(row, ctx.ports.clock.now())) return null;
  const account = await findAccount(ctx, row.userId);
  if (account === null || !account.isEnabled) return null;
  await noteUse(ctx, row);
  return { account, scopes: scopesOf(row), deviceId: row.deviceId };
}

function isExpired(row: ClientTokenRow, now: Date): boolean {
  return row.expiresAt !== null && row.expiresAt.getTime() <= now.getTime();
}

/** A failure is logged only: reading must go on when the disk is full. */
async function noteUse(ctx: Scene, row: ClientTokenRow): Promise<void> {
  if (row.deviceId !== null) await noteSighting(ctx, row.deviceId);
  if (!processState(ctx.ports).uses.isDue(row.id)) return;
  const at = ctx.ports.clock.now();
  try {
    await setLastUsed(ctx.db, row.id, {
      at,
      notedBefore: new Date(at.getTime() - CLIENT_TOKEN_USE_INTERVAL_MS),
    });
  } catch (error) {
    ctx.ports.log.warn("could not note the use of a client token", { tokenId: row.id, error });
  }
}
