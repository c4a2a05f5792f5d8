import type { Context } from "../../base/context.ts";
import { createExpiringCache, createThrottle } from "../../base/expiring-cache.ts";
import { perPorts } from "../../base/per-ports.ts";
import type { Scope } from "../../base/scopes.ts";
import { getScopes } from "../../permissions/service.ts";
import type { Role } from "../contract.ts";
import { ACCOUNT_TTL_MS, ACCOUNTS_CACHED_MAX, ACTIVITY_INTERVAL_MS } from "../limits.ts";
import { hashPassword, isOldHash, toPasswordMark, verifyPassword } from "../passwords/service.ts";
import {
  findUserRow,
  findUserRowByName,
  replaceHash,
  setLastActive,
  setLastLogin,
  type UserRow,
} from "../queries.ts";
import { toLookupName } from "../rules.ts";

/** What these functions need of their surroundings: they also serve callers that nobody has identified yet. */
type Scene = Pick<Context, "ports" | "db">;

/** An account as the checks of a call need it. */
export interface Account {
  readonly id: number;
  readonly username: string;
  readonly isAdmin: boolean;
  readonly isEnabled: boolean;
  readonly scopes: readonly Scope[];
  /** Changes with the password; see `toPasswordMark`. */
  readonly passwordMark: string;
}

const processState = perPorts((ports) => ({
  accounts: createExpiringCache<number, Account | null>({
    ttlMs: ACCOUNT_TTL_MS,
    entriesMax: ACCOUNTS_CACHED_MAX,
    clock: ports.clock,
  }),
  activity: createThrottle<number>({
    intervalMs: ACTIVITY_INTERVAL_MS,
    entriesMax: ACCOUNTS_CACHED_MAX,
    clock: ports.clock,
  }),
}));

/** The role of a stored account; the column's check allows nothing else. */
export function roleOf(row: UserRow): Role {
  return row.role === "admin" ? "admin" : "user";
}

/** What a stored account may do, in canonical order. */
export async function scopesOf(ctx: Scene, row: UserRow): Promise<readonly Scope[]> {
  return await getScopes(ctx, { id: row.id, role: roleOf(row), permissionGroupId: row.permissionGroupId });
}

async function toAccount(ctx: Scene, row: UserRow): Promise<Account> {
  return {
    id: row.id,
    username: row.username,
    isAdmin: row.role === "admin",
    isEnabled: row.enabled,
    scopes: await scopesOf(ctx, row),
    passwordMark: toPasswordMark(row.hashedPassword),
  };
}

/** Finds an account by id, from memory for up to `ACCOUNT_TTL_MS`; null when there is none. */
export async function findAccount(ctx: Scene, userId: number): Promise<Account | null> {
  return await processState(ctx.ports).accounts.load(userId, async () => {
    const row = await findUserRow(ctx.db, userId);
    return row === null ? null : await toAccount(ctx, row);
  });
}

/** Finds an account by id as the database has it now; for who is about to act on a difference. */
export async function findFreshAccount(ctx: Scene, userId: number): Promise<Account | null> {
  processState(ctx.ports).accounts.drop(userId);
  return await findAccount(ctx, userId);
}

/** Finds an account by user name in any case; null when there is none. */
export async function findUserByName(ctx: Scene, username: string): Promise<Account | null> {
  const name = toLookupName(username);
  const row = name === null ? null : await findUserRowByName(ctx.db, name);
  return row === null ? null : await toAccount(ctx, row);
}

/**
 * Finds the account that a user name and a password prove, enabled or not. An imported account's hash is
 * replaced by a new one on the way. Takes as long for an unknown name as for a wrong password.
 * @returns Null when the two do not belong together.
 */
export async function findAccountByPassword(
  ctx: Scene,
  credentials: { readonly username: string; readonly password: string },
): Promise<Account | null> {
  const name = toLookupName(credentials.username);
  const row = name === null ? null : await findUserRowByName(ctx.db, name);
  const hash = row?.hashedPassword ?? null;
  const isRight = await verifyPassword(credentials.password, hash);
  if (row === null || hash === null || !isRight) return null;
  if (!isOldHash(hash)) return await toAccount(ctx, row);
  const fresh = await hashPassword(credentials.password);
  const isReplaced = await replaceHash(ctx.db, row.id, { old: hash, fresh });
  // Not replaced means that another login did it, or that the password was changed while it was checked.
  ctx.ports.log.debug("replaced an imported password hash", { userId: row.id, isReplaced });
  return await findFreshAccount(ctx, row.id);
}

/** Notes a login of an account. */
export async function noteLogin(ctx: Scene, userId: number): Promise<void> {
  await setLastLogin(ctx.db, userId, ctx.ports.clock.now());
}

/**
 * Notes that an account is in use, at most once per `ACTIVITY_INTERVAL_MS`. A failure is logged only: reading
 * must go on when the disk is full.
 */
export async function noteActivity(ctx: Scene, userId: number): Promise<void> {
  if (!processState(ctx.ports).activity.isDue(userId)) return;
  const at = ctx.ports.clock.now();
  const notedBefore = new Date(at.getTime() - ACTIVITY_INTERVAL_MS);
  try {
    await setLastActive(ctx.db, userId, { at, notedBefore });
  } catch (error) {
    ctx.ports.log.warn("could not note the activity of an account", { userId, error });
  }
}
