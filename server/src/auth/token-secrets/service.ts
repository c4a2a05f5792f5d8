import { toInstant, toInstantOrNull } from "../../base/clock.ts";
import type { Context, Ports } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { createExpiringCache, createThrottle } from "../../base/expiring-cache.ts";
import { createHexToken, sha256Hex } from "../../base/ids.ts";
import { perPorts } from "../../base/per-ports.ts";
import { isScope, type Scope } from "../../base/scopes.ts";
import { inTransaction } from "../../base/transaction.ts";
import {
  type ClientTokenRow,
  countTokensLocked,
  findTokenRowLocked,
  insertTokenRow,
  type NewClientTokenRow,
  removeDeviceTokenRows,
  replaceSecret,
} from "../client-tokens/queries.ts";
import type { ClientToken, NewClientToken } from "../contract.ts";
import {
  CLIENT_TOKEN_BYTES,
  CLIENT_TOKEN_TTL_MS,
  CLIENT_TOKEN_USE_INTERVAL_MS,
  CLIENT_TOKENS_PER_USER_MAX,
  PROOFS_CACHED_MAX,
} from "../limits.ts";

const SECRET_PREFIX = "rmm_";

/** What this process remembers of client tokens. */
export const tokenMemory = perPorts((ports) => ({
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

/**
 * Makes secrets useless in this process at once; other processes notice within `CLIENT_TOKEN_TTL_MS`. To be
 * called after the commit, or a call in between would remember the old state.
 */
export function forgetSecrets(ports: Ports, rows: readonly ClientTokenRow[]): void {
  const { tokens, uses } = tokenMemory(ports);
  for (const row of rows) {
    tokens.drop(row.hashedToken);
    uses.forget(row.id);
  }
}

/** A new secret and the only form in which it is stored. */
export function createSecret(): { readonly rawToken: string; readonly hashedToken: string } {
  const rawToken = `${SECRET_PREFIX}${createHexToken(CLIENT_TOKEN_BYTES)}`;
  return { rawToken, hashedToken: sha256Hex(rawToken) };
}

/** A token that is added, and those that it stands in for. */
export interface AddedToken {
  readonly row: ClientTokenRow;
  /** To be handed to `forgetSecrets` after the commit. */
  readonly replaced: readonly ClientTokenRow[];
}

/**
 * Adds a token in the running transaction. A token bound to a device takes the place of all earlier ones of that
 * device. Callers at the same time take turns, so the limit holds.
 * @throws AppError `CLIENT_TOKEN_LIMIT`.
 */
export async function addToken(ctx: Context, token: NewClientTokenRow): Promise<AddedToken> {
  const { db } = ctx;
  const { userId, deviceId } = token;
  const known = await countTokensLocked(db, userId);
  const replaced = deviceId === null ? [] : await removeDeviceTokenRows(db, userId, deviceId);
  if (known - replaced.length >= CLIENT_TOKENS_PER_USER_MAX) {
    throw new AppError("invalid", "CLIENT_TOKEN_LIMIT", {
      message: `Maximum of ${CLIENT_TOKENS_PER_USER_MAX} tokens per user reached`,
    });
  }
  return { row: await insertTokenRow(db, token), replaced };
}

/** Which token gets another secret, and under what conditions. */
export interface Renewal {
  readonly tokenId: number;
  readonly userId: number;
  /** Looks at the token as it is; false or an error leaves it so. */
  readonly accepts: (row: ClientTokenRow) => boolean;
  /** Done in the same transaction. */
  readonly note: (tx: Context, row: ClientTokenRow) => Promise<void>;
}

/**
 * Gives a token another secret; the one before it stops working here at once, in other processes within
 * `CLIENT_TOKEN_TTL_MS`.
 * @returns Null when the account has no such token, or it was not accepted.
 */
export async function renewSecret(ctx: Context, renewal: Renewal): Promise<NewClientToken | null> {
  const { rawToken, hashedToken } = createSecret();
  const rows = await inTransaction(ctx, async (tx) => {
    const old = await findTokenRowLocked(tx.db, renewal.tokenId);
    if (old === null || old.userId !== renewal.userId || !renewal.accepts(old)) return null;
    const row = await replaceSecret(tx.db, old.id, { hashedToken, at: ctx.ports.clock.now() });
    await renewal.note(tx, row);
    return { old, row };
  });
  if (rows === null) return null;
  forgetSecrets(ctx.ports, [rows.old]);
  return { ...toClientToken(rows.row), rawToken };
}

/** A stored token as everybody may see it. */
export function toClientToken(row: ClientTokenRow): ClientToken {
  return {
    id: row.id,
    userId: row.userId,
    name: row.name,
    scopes: listScopes(row),
    expiresAt: toInstantOrNull(row.expiresAt),
    lastUsedAt: toInstantOrNull(row.lastUsedAt),
    deviceId: row.deviceId,
    createdAt: toInstant(row.createdAt),
  };
}

/** What a stored token was made for, in the order that was asked for. */
export function listScopes(row: ClientTokenRow): readonly Scope[] {
  const known = listedScopes.get(row);
  if (known !== undefined) return known;
  const scopes = row.scopes.split(" ").filter(isScope);
  listedScopes.set(row, scopes);
  return scopes;
}

/** Of rows that stay in memory from call to call. */
const listedScopes = new WeakMap<ClientTokenRow, readonly Scope[]>();

/** Tells whether a token's time is over. */
export function isExpired(row: ClientTokenRow, now: Date): boolean {
  return row.expiresAt !== null && row.expiresAt.getTime() <= now.getTime();
}
