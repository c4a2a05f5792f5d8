import type { Executor } from "@multitap/db";
import { clientTokens } from "@multitap/db/schema/auth";
import { users } from "@multitap/db/schema/users";
import { and, count, desc, eq, isNull, lt, or, sql } from "drizzle-orm";
import { assert } from "../../base/assert.ts";
import { CLIENT_TOKENS_LISTED_MAX, CLIENT_TOKENS_PER_USER_MAX } from "../limits.ts";

/** A client token as stored. */
export type ClientTokenRow = typeof clientTokens.$inferSelect;

/** First of the two numbers of the lock under which one account's tokens are counted; the second is its id. */
const TOKEN_COUNT_LOCK = 0x6d_75_02;

/** Lists an account's tokens, newest first. */
export async function listTokenRows(db: Executor, userId: number): Promise<readonly ClientTokenRow[]> {
  return await db
    .select()
    .from(clientTokens)
    .where(eq(clientTokens.userId, userId))
    .orderBy(desc(clientTokens.id))
    // An import may bring more than we allow.
    .limit(CLIENT_TOKENS_PER_USER_MAX * 40);
}

/** A client token as stored, with what is shown of its owner. */
export interface OwnedTokenRow {
  readonly token: ClientTokenRow;
  readonly username: string;
  readonly avatarPath: string;
  readonly userUpdatedAt: Date;
}

/** Lists the tokens of all accounts, newest first. */
export async function listAllTokenRows(db: Executor): Promise<readonly OwnedTokenRow[]> {
  return await db
    .select({
      token: clientTokens,
      username: users.username,
      avatarPath: users.avatarPath,
      userUpdatedAt: users.updatedAt,
    })
    .from(clientTokens)
    .innerJoin(users, eq(users.id, clientTokens.userId))
    .orderBy(desc(clientTokens.id))
    .limit(CLIENT_TOKENS_LISTED_MAX);
}

/** Counts an account's tokens; nobody else adds one until the transaction ends. */
export async function countTokensLocked(db: Executor, userId: number): Promise<number> {
  await db.execute(sql`select pg_advisory_xact_lock(${TOKEN_COUNT_LOCK}, ${userId})`);
  const [row] = await db.select({ count: count() }).from(clientTokens).where(eq(clientTokens.userId, userId));
  return row?.count ?? 0;
}

/** What a new token is made of. */
export interface NewClientTokenRow {
  readonly userId: number;
  readonly name: string;
  readonly hashedToken: string;
  readonly scopes: string;
  readonly expiresAt: Date | null;
  readonly deviceId: string | null;
  readonly createdAt: Date;
}

/** Adds a token. */
export async function insertTokenRow(db: Executor, row: NewClientTokenRow): Promise<ClientTokenRow> {
  const [inserted] = await db
    .insert(clientTokens)
    .values({ ...row, updatedAt: row.createdAt })
    .returning();
  assert(inserted !== undefined, "an insert that does not fail returns its row");
  return inserted;
}

/** Removes one of an account's tokens; gives what was removed, or null. */
export async function removeTokenRow(
  db: Executor,
  userId: number,
  tokenId: number,
): Promise<ClientTokenRow | null> {
  const [row] = await db
    .delete(clientTokens)
    .where(and(eq(clientTokens.id, tokenId), eq(clientTokens.userId, userId)))
    .returning();
  return row ?? null;
}

/** Removes any account's token; gives what was removed, or null. */
export async function removeAnyTokenRow(db: Executor, tokenId: number): Promise<ClientTokenRow | null> {
  const [row] = await db.delete(clientTokens).where(eq(clientTokens.id, tokenId)).returning();
  return row ?? null;
}

/** Removes the tokens of one of an account's devices; gives what was removed. */
export async function removeDeviceTokenRows(
  db: Executor,
  userId: number,
  deviceId: string,
): Promise<readonly ClientTokenRow[]> {
  const isOfDevice = and(eq(clientTokens.userId, userId), eq(clientTokens.deviceId, deviceId));
  return await db.delete(clientTokens).where(isOfDevice).returning();
}

/** Finds one of an account's tokens. */
export async function findTokenRow(
  db: Executor,
  userId: number,
  tokenId: number,
): Promise<ClientTokenRow | null> {
  const [row] = await db
    .select()
    .from(clientTokens)
    .where(and(eq(clientTokens.id, tokenId), eq(clientTokens.userId, userId)));
  return row ?? null;
}

/** Finds any account's token; nobody else changes it until the transaction ends. */
export async function findTokenRowLocked(db: Executor, tokenId: number): Promise<ClientTokenRow | null> {
  const [row] = await db.select().from(clientTokens).where(eq(clientTokens.id, tokenId)).for("update");
  return row ?? null;
}

/** Replaces the secret of a token that the transaction holds; it counts as never used. */
export async function replaceSecret(
  db: Executor,
  tokenId: number,
  { hashedToken, at }: { readonly hashedToken: string; readonly at: Date },
): Promise<ClientTokenRow> {
  const [row] = await db
    .update(clientTokens)
    .set({ hashedToken, lastUsedAt: null, updatedAt: at })
    .where(eq(clientTokens.id, tokenId))
    .returning();
  assert(row !== undefined, "a locked row can be updated");
  return row;
}

/** Finds a token by the hash of its secret. */
export async function findTokenRowByHash(db: Executor, hashedToken: string): Promise<ClientTokenRow | null> {
  const [row] = await db.select().from(clientTokens).where(eq(clientTokens.hashedToken, hashedToken));
  return row ?? null;
}

/** Notes a use unless some process noted one after `notedBefore`. */
export async function setLastUsed(
  db: Executor,
  tokenId: number,
  moments: { readonly at: Date; readonly notedBefore: Date },
): Promise<void> {
  await db
    .update(clientTokens)
    .set({ lastUsedAt: moments.at })
    .where(
      and(
        eq(clientTokens.id, tokenId),
        or(isNull(clientTokens.lastUsedAt), lt(clientTokens.lastUsedAt, moments.notedBefore)),
      ),
    );
}
