import { noteAudit } from "../audit/service.ts";
import { assert } from "../base/assert.ts";
import { toInstant, toInstantOrNull } from "../base/clock.ts";
import type { Context } from "../base/context.ts";
import { AppError } from "../base/errors.ts";
import { hasScope } from "../base/identity.ts";
import { operation } from "../base/operation.ts";
import { perPorts } from "../base/per-ports.ts";
import { NoInput } from "../base/schemas.ts";
import { FULL_SCOPES, orderScopes, type Scope } from "../base/scopes.ts";
import { inTransaction } from "../base/transaction.ts";
import { findSeededGroup } from "../permissions/service.ts";
import { requireReach, roleOf, scopesOf } from "./accounts/service.ts";
import {
  CreateUserInput,
  type CurrentUser,
  CurrentUserSchema,
  type User,
  UserIdInput,
  UserIdListSchema,
  UserListSchema,
  UserSchema,
} from "./contract.ts";
import { USERS_LISTED_AT_ONCE, USERS_LISTED_MAX } from "./limits.ts";
import { hashPassword } from "./passwords/service.ts";
import {
  findUserRow,
  findUserRowByName,
  hasAdminRow,
  insertUserRow,
  listUserIdRows,
  listUserRows,
  lockFirstAdmin,
  type NewUserRow,
  type UserRow,
} from "./queries.ts";
import { checkNewPassword, parseEmail, parseRole, parseUsername, type RoleChoice } from "./rules.ts";

const setupState = perPorts(() => ({ hasAdmin: false }));

/**
 * Tells whether the server was set up: an administrator exists. A yes is final for the life of the process,
 * for the last administrator cannot be removed.
 */
export async function hasAdmin(ctx: Pick<Context, "ports" | "db">): Promise<boolean> {
  const state = setupState(ctx.ports);
  if (!state.hasAdmin) state.hasAdmin = await hasAdminRow(ctx.db);
  return state.hasAdmin;
}

/**
 * Makes an account. Open to anyone while there is no administrator, and the account then becomes one, whatever
 * role was asked for; of several first accounts at once exactly one is made. Afterwards it needs users.write,
 * and only administrators make administrators.
 */
export const createUser = operation(
  { type: "mutation", scope: "public", input: CreateUserInput, output: UserSchema },
  async (ctx, input): Promise<User> => {
    const isSetUp = await hasAdmin(ctx);
    if (isSetUp) requireUserManager(ctx);
    const choice = parseRole(input.role);
    if (isSetUp && choice.role === "admin") requireAdmin(ctx);
    const checked = checkNewUser(input);
    // Before the transaction: hashing takes longer than anything else here.
    const hashedPassword = await hashPassword(input.password);
    return await inTransaction(ctx, async (inner) => {
      if (!isSetUp) await requireNoAdmin(inner);
      const wish = isSetUp ? choice : ({ role: "admin", group: null } as const);
      const user = await addUser(inner, { ...checked, hashedPassword, choice: wish });
      await noteAudit(inner, {
        action: "user.created",
        subject: user.username,
        details: { userId: user.id, role: user.role },
      });
      return user;
    });
  },
);

/** Name and address of a new account, checked, and as they were sent. */
export interface CheckedUser {
  readonly username: string;
  readonly email: string | null;
  readonly asSent: { readonly username: string; readonly email: string };
}

/**
 * Checks what somebody typed for a new account.
 * @throws AppError `USER_NAME_INVALID`, `USER_PASSWORD_INVALID`, `USER_EMAIL_INVALID`.
 */
export function checkNewUser(input: {
  readonly username: string;
  readonly email: string;
  readonly password: string;
}): CheckedUser {
  const username = parseUsername(input.username);
  checkNewPassword(input.password);
  return {
    username,
    email: parseEmail(input.email),
    asSent: { username: input.username, email: input.email },
  };
}

/** A new account, ready to be stored. */
export interface NewUser extends CheckedUser {
  readonly hashedPassword: string;
  readonly choice: RoleChoice;
}

/**
 * Stores a new account inside the caller's transaction; permission and audit are the caller's.
 * @throws AppError `USER_NAME_TAKEN`, `USER_EMAIL_TAKEN`.
 */
export async function addUser(ctx: Context, { asSent, choice, ...fields }: NewUser): Promise<User> {
  const permissionGroupId = choice.group === null ? null : await findSeededGroup(ctx, choice.group);
  const row = { ...fields, role: choice.role, permissionGroupId, createdAt: ctx.ports.clock.now() };
  return await toUser(ctx, await insertUser(ctx, row, asSent));
}

/**
 * Reads the name of a role for somebody who passes it on.
 * @throws AppError `USER_ROLE_INVALID`.
 */
export function readRole(text: string): RoleChoice {
  return parseRole(text);
}

/** Every account, in the order in which they were made. */
export const listUsers = operation(
  { type: "query", scope: "users.read", input: NoInput, output: UserListSchema },
  async (ctx): Promise<readonly User[]> => {
    const rows = await listUserRows(ctx.db, USERS_LISTED_MAX);
    const users: User[] = [];
    for (let start = 0; start < rows.length; start += USERS_LISTED_AT_ONCE) {
      const some = rows.slice(start, start + USERS_LISTED_AT_ONCE);
      users.push(...(await Promise.all(some.map((row) => toUser(ctx, row)))));
    }
    return users;
  },
);

/** The id of every account, in the order in which they were made. */
export const listUserIds = operation(
  { type: "query", scope: "users.read", input: NoInput, output: UserIdListSchema },
  async (ctx): Promise<readonly number[]> => await listUserIdRows(ctx.db, USERS_LISTED_MAX),
);

/** Any account. */
export const getUser = operation(
  { type: "query", scope: "users.read", input: UserIdInput, output: UserSchema },
  async (ctx, { userId }): Promise<User> => {
    const row = await findUserRow(ctx.db, userId);
    if (row === null) throw userNotFound();
    return await toUser(ctx, row);
  },
);

/** What a caller is told when there is no such account. */
export function userNotFound(): AppError<"not_found"> {
  return new AppError("not_found", "USER_NOT_FOUND", { message: "User not found" });
}

/** The other door of the named exception: 403 also for an anonymous caller, so that frontends do not log out. */
function requireUserManager(ctx: Context): void {
  if (hasScope(ctx.identity, "users.write")) return;
  throw new AppError("forbidden", "AUTH_SCOPE_MISSING", {
    message: "Forbidden",
    details: { scope: "users.write" },
  });
}

function requireAdmin(ctx: Context): void {
  if (ctx.identity.kind === "user" && ctx.identity.isAdmin) {
    requireReach(ctx, FULL_SCOPES);
    return;
  }
  throw new AppError("forbidden", "USER_ADMIN_ONLY", {
    message: "Only an administrator can create admin users",
  });
}

async function requireNoAdmin(ctx: Context): Promise<void> {
  await lockFirstAdmin(ctx.db);
  if (await hasAdminRow(ctx.db)) requireUserManager(ctx);
}

async function insertUser(
  ctx: Context,
  row: NewUserRow,
  asSent: { readonly username: string; readonly email: string },
): Promise<UserRow> {
  const inserted = await insertUserRow(ctx.db, row);
  if (inserted !== null) return inserted;
  if ((await findUserRowByName(ctx.db, row.username)) !== null) {
    const message = `Username ${asSent.username} already exists`;
    throw new AppError("conflict", "USER_NAME_TAKEN", { message });
  }
  const message = `User with email ${asSent.email} already exists`;
  throw new AppError("conflict", "USER_EMAIL_TAKEN", { message });
}

/** The caller's own account; a visitor of a kiosk gets the account that stands for all of them. */
export const getMe = operation(
  { type: "query", scope: "me.read", input: NoInput, output: CurrentUserSchema },
  async (ctx): Promise<CurrentUser> => {
    const { identity } = ctx;
    assert(identity.kind !== "anonymous", "the scope of this operation asks for a caller");
    if (identity.kind === "kiosk") return toKioskUser(orderScopes(identity.scopes));
    const row = await findUserRow(ctx.db, identity.userId);
    if (row === null) throw userNotFound();
    return { ...(await toUser(ctx, row)), currentDeviceId: identity.deviceId };
  },
);

/** Id that the compatible API gives the visitor of a kiosk; there is no such row. */
export const KIOSK_USER_ID = -1;

function toKioskUser(scopes: readonly Scope[]): CurrentUser {
  const epoch = toInstant(new Date(0));
  return {
    id: KIOSK_USER_ID,
    username: "kiosk",
    email: null,
    isEnabled: true,
    role: "user",
    permissionGroupId: null,
    scopes,
    avatarPath: "",
    raUsername: "",
    raProgression: null,
    uiSettings: null,
    lastLoginAt: null,
    lastActiveAt: null,
    createdAt: epoch,
    updatedAt: epoch,
    currentDeviceId: null,
  };
}

/** A stored account as callers see it. */
export async function toUser(ctx: Context, row: UserRow): Promise<User> {
  return {
    id: row.id,
    username: row.username,
    email: row.email,
    isEnabled: row.enabled,
    role: roleOf(row),
    permissionGroupId: row.permissionGroupId,
    scopes: await scopesOf(ctx, row),
    avatarPath: row.avatarPath,
    raUsername: row.raUsername,
    raProgression: row.raProgression,
    uiSettings: row.uiSettings,
    lastLoginAt: toInstantOrNull(row.lastLogin),
    lastActiveAt: toInstantOrNull(row.lastActive),
    createdAt: toInstant(row.createdAt),
    updatedAt: toInstant(row.updatedAt),
  };
}
