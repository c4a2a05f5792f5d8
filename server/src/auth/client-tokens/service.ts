import { noteAudit } from "../../audit/service.ts";
import { toInstant } from "../../base/clock.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { findAccountId, hasScope, type Proof, requireAccountId } from "../../base/identity.ts";
import { sha256Hex } from "../../base/ids.ts";
import { operation } from "../../base/operation.ts";
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
import { CLIENT_TOKEN_USE_INTERVAL_MS } from "../limits.ts";
import {
  addToken,
  createSecret,
  forgetSecrets,
  isExpired,
  listScopes,
  renewSecret,
  toClientToken,
  tokenMemory,
} from "../token-secrets/service.ts";
import { type OwnedClientToken, OwnedClientTokenListSchema } from "./contract.ts";
import {
  type ClientTokenRow,
  findTokenRowByHash,
  listAllTokenRows,
  listTokenRows,
  type OwnedTokenRow,
  removeAnyTokenRow,
  removeTokenRow,
  setLastUsed,
} from "./queries.ts";
import { parseExpiry } from "./rules.ts";

type Scene = Pick<Context, "ports" | "db">;

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
    const { rawToken, hashedToken } = createSecret();
    const row = await inTransaction(ctx, async (tx) => {
      const scopes = [...new Set(input.scopes)].join(" ");
      const facts = { userId, name: input.name, deviceId: null, expiresAt, createdAt };
      const added = await addToken(tx, { ...facts, hashedToken, scopes });
      await noteToken(tx, "token.created", added.row);
      return added.row;
    });
    return { ...toClientToken(row), rawToken };
  },
);

/** Removes one of the caller's client tokens; its secret stops working. */
export const removeClientToken = operation(
  { type: "mutation", scope: "me.write", input: ClientTokenIdInput, output: Nothing },
  async (ctx, { tokenId }): Promise<null> => {
    const userId = requireAccountId(ctx);
    return await removeToken(ctx, (tx) => removeTokenRow(tx.db, userId, tokenId));
  },
);

/**
 * Gives one of the caller's client tokens another secret, shown for the only time; the old one stops working.
 * A caller who came with a token of few scopes cannot get at the secret of one with more.
 */
export const regenerateClientToken = operation(
  {
    type: "mutation",
    scope: "me.write",
    input: ClientTokenIdInput,
    output: NewClientTokenSchema,
    storesNoAnswer: true,
  },
  async (ctx, { tokenId }): Promise<NewClientToken> => {
    const userId = requireAccountId(ctx);
    const accepts = (row: ClientTokenRow) => {
      requireReach(ctx, row);
      return true;
    };
    const note = (tx: Context, row: ClientTokenRow) => noteToken(tx, "token.regenerated", row);
    const token = await renewSecret(ctx, { tokenId, userId, accepts, note });
    if (token === null) throw tokenNotFound();
    return token;
  },
);

/** Lists the client tokens of all accounts with their owners, newest first. */
export const listAllClientTokens = operation(
  { type: "query", scope: "users.read", input: NoInput, output: OwnedClientTokenListSchema },
  async (ctx): Promise<readonly OwnedClientToken[]> =>
    (await listAllTokenRows(ctx.db)).map(toOwnedClientToken),
);

/** Removes a client token, whoever owns it; its secret stops working. */
export const removeAnyClientToken = operation(
  { type: "mutation", scope: "users.write", input: ClientTokenIdInput, output: Nothing },
  async (ctx, { tokenId }): Promise<null> => removeToken(ctx, (tx) => removeAnyTokenRow(tx.db, tokenId)),
);

async function removeToken(
  ctx: Context,
  remove: (tx: Context) => Promise<ClientTokenRow | null>,
): Promise<null> {
  const row = await inTransaction(ctx, async (tx) => {
    const removed = await remove(tx);
    if (removed === null) throw tokenNotFound();
    await noteToken(tx, "token.removed", removed);
    return removed;
  });
  forgetSecrets(ctx.ports, [row]);
  return null;
}

async function noteToken(
  tx: Context,
  action: "token.created" | "token.removed" | "token.regenerated",
  { id, name, userId, scopes }: ClientTokenRow,
): Promise<void> {
  const details = action === "token.created" ? { tokenId: id, userId, scopes } : { tokenId: id, userId };
  await noteAudit(tx, { action, subject: name, details });
}

/** Proofs that stand for all the account may do. */
const WHOLE_PROOFS: ReadonlySet<Proof> = new Set<Proof>(["session", "basic"]);

/**
 * Refuses a caller who came with a token of less than the given token holds: they must not get at its secret.
 * A signed-in user may, for what the token can do at any time is bounded by what they may do then.
 * @throws AppError `CLIENT_TOKEN_SCOPES_EXCEEDED`.
 */
export function requireReach(ctx: Context, row: ClientTokenRow): void {
  const { identity } = ctx;
  const isWhole = identity.kind === "user" && WHOLE_PROOFS.has(identity.proof);
  if (!isWhole) requireHeldScopes(ctx, listScopes(row));
}

function requireHeldScopes(ctx: Context, asked: readonly string[]): void {
  const missing = asked.filter((scope) => !isScope(scope) || !hasScope(ctx.identity, scope));
  if (missing.length === 0) return;
  throw new AppError("forbidden", "CLIENT_TOKEN_SCOPES_EXCEEDED", {
    message: `Requested scopes exceed your permissions: ${[...new Set(missing)].sort().join(", ")}`,
  });
}

/** The error of a token that is not there, or not the caller's. */
export function tokenNotFound(): AppError<"not_found"> {
  return new AppError("not_found", "CLIENT_TOKEN_NOT_FOUND", { message: "Token not found" });
}

function toOwnedClientToken({ token, username, avatarPath, userUpdatedAt }: OwnedTokenRow): OwnedClientToken {
  const owner = { username, userAvatarPath: avatarPath, userUpdatedAt: toInstant(userUpdatedAt) };
  return { ...toClientToken(token), ...owner };
}

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
  const { tokens } = tokenMemory(ctx.ports);
  // Looked up by its hash: no comparison of secrets whose time could tell anything.
  const hashedToken = sha256Hex(rawToken);
  const row = await tokens.load(hashedToken, () => findTokenRowByHash(ctx.db, hashedToken));
  if (row === null || isExpired(row, ctx.ports.clock.now())) return null;
  const account = await findAccount(ctx, row.userId);
  if (account === null || !account.isEnabled) return null;
  const noting = noteUse(ctx, row);
  if (noting !== null) await noting;
  return { account, scopes: listScopes(row), deviceId: row.deviceId };
}

/** Null when there is nothing to wait for, which is nearly always. */
function noteUse(ctx: Scene, row: ClientTokenRow): Promise<unknown> | null {
  const sighting = row.deviceId === null ? null : noteSighting(ctx, row.deviceId);
  const use = tokenMemory(ctx.ports).uses.isDue(row.id) ? writeUse(ctx, row) : null;
  return sighting === null || use === null ? (sighting ?? use) : Promise.all([sighting, use]);
}

/** A failure is logged only: reading must go on when the disk is full. */
async function writeUse(ctx: Scene, row: ClientTokenRow): Promise<void> {
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
