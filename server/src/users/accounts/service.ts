import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { createExpiringCache, createThrottle } from "../../base/expiring-cache.ts";
import { hasScope } from "../../base/identity.ts";
import { perPorts } from "../../base/per-ports.ts";
import type { Scope } from "../../base/scopes.ts";
import { onAccessChange } from "../../permissions/changes/service.ts";
import { getFreshScopes, getScopes, type ScopeHolder } from "../../permissions/service.ts";
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

const processState = perPorts((ports) => {
  const accounts = createExpiringCache<number, Account | null>({
    ttlMs: ACCOUNT_TTL_MS,
    entriesMax: ACCOUNTS_CACHED_MAX,
    clock: ports.clock,
  });
  // They hold scopes.
  onAccessChange(ports, accounts.clear);
  const activity = createThrottle<number>({
    intervalMs: ACTIVITY_INTERVAL_MS,
    entriesMax: ACCOUNTS_CACHED_MAX,
    clock: ports.clock,
  });
  return { accounts, activity };
});

/** The role of a stored account; the column's check allows nothing else. */
export function roleOf(row: UserRow): Role {
  return row.role === "admin" ? "admin" : "user";
}

/** What a stored account may do, in canonical order. */
export async function scopesOf(ctx: Scene, row: UserRow): Promise<readonly Scope[]> {
  return await getScopes(ctx, toScopeHolder(row));
}

function toScopeHolder(row: UserRow): ScopeHolder {
  return { id: row.id, role: roleOf(row), permissionGroupId: row.permissionGroupId };
}

/** A stored account as the checks of a call need it. */
export async function toAccount(ctx: Scene, row: UserRow): Promise<Account> {
  return {
    id: row.id,
    username: row.username,
    isAdmin: row.role === "admin",
    isEnabled: row.enabled,
    // Not from memory: what is kept may be as old as an account may, and both ages would add up.
    scopes: await getFreshScopes(ctx, toScopeHolder(row)),
    passwordMark: toPasswordMark(row.hashedPassword),
  };
}

/** Finds an account by id, from memory for up to `ACCOUNT_TTL_MS`; null when there is none. */
export function findAccount(ctx: Scene, userId: number): Promise<Account | null> {
  // Asked by every call, so without a promise around the one that is kept.
  return processState(ctx.ports).accounts.load(userId, async () => {
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

/** How an account is reached, and which password it has. */
export interface Mailbox {
  readonly id: number;
  readonly username: string;
  /** Null: only the operator can pass something on. */
  readonly email: string | null;
  readonly isEnabled: boolean;
  readonly passwordMark: string;
}

/** Finds how the account of a name is reached, with one look into the database whether or not it exists. */
export async function findMailbox(ctx: Scene, username: string): Promise<Mailbox | null> {
  return toMailbox(await findUserRowByName(ctx.db, toLookupName(username) ?? ""));
}

/** Finds how an account is reached. */
export async function findMailboxById(ctx: Scene, userId: number): Promise<Mailbox | null> {
  return toMailbox(await findUserRow(ctx.db, userId));
}

function toMailbox(row: UserRow | null): Mailbox | null {
  if (row === null) return null;
  const { id, username, email, enabled, hashedPassword } = row;
  return { id, username, email, isEnabled: enabled, passwordMark: toPasswordMark(hashedPassword) };
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
 * @returns Null when there is nothing to wait for, which is nearly always.
 */
export function noteActivity(ctx: Scene, userId: number): Promise<void> | null {
  return processState(ctx.ports).activity.isDue(userId) ? writeActivity(ctx, userId) : null;
}

async function writeActivity(ctx: Scene, userId: number): Promise<void> {
  const at = ctx.ports.clock.now();
  const notedBefore = new Date(at.getTime() - ACTIVITY_INTERVAL_MS);
  try {
    await setLastActive(ctx.db, userId, { at, notedBefore });
  } catch (error) {
    ctx.ports.log.warn("could not note the activity of an account", { userId, error });
  }
}

/**
 * Refuses a call that may do less than what it would hand out: the name or password of an account opens everything
 * that account may do, so a token that was made for less must not set them.
 * @throws AppError `AUTH_SCOPE_MISSING`.
 */
export function requireReach(ctx: Pick<Context, "identity">, scopes: readonly Scope[]): void {
  const missing = scopes.find((scope) => !hasScope(ctx.identity, scope));
  if (missing === undefined) return;
  throw new AppError("forbidden", "AUTH_SCOPE_MISSING", {
    message: "Forbidden",
    details: { scope: missing },
  });
}
