import type { Context } from "../../base/context.ts";
import { createHexToken } from "../../base/ids.ts";
import { findSeededGroup } from "../../permissions/service.ts";
import { type Account, findFreshAccount, toAccount } from "../accounts/service.ts";
import { OUTSIDE_NAMES_MAX } from "../limits.ts";
import { findUserRow, findUserRowByName, hasOtherAdminRow, lockLastAdmin, type UserRow } from "../queries.ts";
import { parseEmail } from "../rules.ts";
import {
  findUserRowByEmail,
  findUserRowByIdentity,
  insertIdentityRow,
  insertOutsideUserRow,
  lockIdentity,
  type OutsideIdentity,
  setRole,
} from "./queries.ts";

/** A role as providers name it; an editor is a user of the group of that name. */
export type OutsideRole = "admin" | "editor" | "viewer";

/**
 * Finds the account that an identity signs in to, and makes others who look for it wait until the transaction ends.
 * @returns Null when it was never linked.
 */
export async function findAccountByIdentity(
  ctx: Context,
  identity: OutsideIdentity,
): Promise<Account | null> {
  await lockIdentity(ctx.db, identity);
  const row = await findUserRowByIdentity(ctx.db, identity);
  return row === null ? null : await toAccount(ctx, row);
}

/**
 * Finds the account that has an e-mail address, in any case.
 * @throws AppError `USER_EMAIL_INVALID`.
 */
export async function findAccountByEmail(ctx: Context, email: string): Promise<Account | null> {
  const stored = parseEmail(email);
  const row = stored === null ? null : await findUserRowByEmail(ctx.db, stored);
  return row === null ? null : await toAccount(ctx, row);
}

/** Lets an identity sign in to an account; call it in the transaction that looked for the identity's account. */
export async function linkIdentity(ctx: Context, userId: number, identity: OutsideIdentity): Promise<void> {
  await insertIdentityRow(ctx.db, userId, { identity, at: ctx.ports.clock.now() });
}

/** Whom an identity provider vouches for. */
export interface OutsidePerson {
  /** Wanted user name, at most `OIDC_USERNAME_CHARS_MAX` long; a taken one gets a number behind it. */
  readonly username: string;
  readonly email: string;
  /** Null: a user of the default group. */
  readonly role: OutsideRole | null;
}

/**
 * Makes an account that no password opens.
 * @returns Null when another account has the e-mail address.
 * @throws AppError `USER_EMAIL_INVALID`.
 */
export async function createOutsideAccount(ctx: Context, person: OutsidePerson): Promise<Account | null> {
  const email = parseEmail(person.email);
  if (email === null || (await findUserRowByEmail(ctx.db, email)) !== null) return null;
  const { role } = person;
  const row = {
    email,
    role: role === "admin" ? ("admin" as const) : ("user" as const),
    permissionGroupId: role === null || role === "admin" ? null : await findSeededGroup(ctx, role),
    createdAt: ctx.ports.clock.now(),
  };
  for (const username of listNames(person.username)) {
    if ((await findUserRowByName(ctx.db, username)) !== null) continue;
    const inserted = await insertOutsideUserRow(ctx.db, { ...row, username });
    if (inserted !== null) return await toAccount(ctx, inserted);
    if ((await findUserRowByEmail(ctx.db, email)) !== null) return null;
  }
  return null;
}

/** The name itself, then with numbers, and at last with something nobody has. */
function* listNames(username: string): Generator<string> {
  yield username;
  for (let number = 2; number <= OUTSIDE_NAMES_MAX; number++) yield `${username}-${number}`;
  yield `${username}-${createHexToken(4)}`;
}

/**
 * Gives an account the role that its provider names, and tells apps that it changed. Groups that the operator made
 * are left alone: only the two seeded ones follow the provider. The last administrator who can sign in stays one.
 * @returns The account as it is afterwards, and whether anything changed.
 */
export async function setOutsideRole(
  ctx: Context,
  userId: number,
  role: OutsideRole,
): Promise<{ readonly account: Account | null; readonly isChanged: boolean }> {
  const row = await findUserRow(ctx.db, userId);
  if (row === null) return { account: null, isChanged: false };
  const wanted = { role: roleOf(role), permissionGroupId: await chooseGroup(ctx, row, role) };
  if (wanted.role === row.role && wanted.permissionGroupId === row.permissionGroupId) {
    return { account: await toAccount(ctx, row), isChanged: false };
  }
  if (row.role === "admin" && wanted.role !== "admin" && (await isLastAdmin(ctx, userId))) {
    ctx.ports.log.warn("the identity provider would demote the last administrator", { userId });
    return { account: await toAccount(ctx, row), isChanged: false };
  }
  const changed = await setRole(ctx.db, userId, wanted);
  ctx.raise({ topic: "permissions", userId, data: { userId } });
  return { account: changed === null ? null : await toAccount(ctx, changed), isChanged: true };
}

function roleOf(role: OutsideRole): "user" | "admin" {
  return role === "admin" ? "admin" : "user";
}

async function chooseGroup(ctx: Context, row: UserRow, role: OutsideRole): Promise<number | null> {
  if (role === "admin") return row.permissionGroupId;
  const [viewer, editor] = [await findSeededGroup(ctx, "viewer"), await findSeededGroup(ctx, "editor")];
  const isSeeded = [null, viewer, editor].includes(row.permissionGroupId);
  if (!isSeeded) return row.permissionGroupId;
  // An account without a group is a viewer already as long as that group is the default one.
  return role === "editor" ? editor : viewer;
}

async function isLastAdmin(ctx: Context, userId: number): Promise<boolean> {
  // Two administrators who are demoted at once must not both find the other one.
  await lockLastAdmin(ctx.db);
  return !(await hasOtherAdminRow(ctx.db, userId));
}

/** Forgets what this process remembers of an account, after the transaction that changed it. */
export async function forgetAccount(ctx: Context, userId: number): Promise<void> {
  await findFreshAccount(ctx, userId);
}
