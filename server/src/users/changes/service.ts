import { isDeepStrictEqual } from "node:util";
import { noteAudit } from "../../audit/service.ts";
import type { Context } from "../../base/context.ts";
import { AppError } from "../../base/errors.ts";
import { findAccountId, hasScope } from "../../base/identity.ts";
import { operation } from "../../base/operation.ts";
import { Nothing } from "../../base/schemas.ts";
import { FULL_SCOPES } from "../../base/scopes.ts";
import { inTransaction } from "../../base/transaction.ts";
import { noteAccessChange } from "../../permissions/changes/service.ts";
import { requireGrant } from "../../permissions/checks/service.ts";
import { findSeededGroup } from "../../permissions/service.ts";
import { findFreshAccount, requireReach } from "../accounts/service.ts";
import {
  avatarPathOf,
  type PreparedAvatar,
  prepareAvatar,
  removeAccountFiles,
  removeOldAvatars,
  storeAvatar,
} from "../avatars/service.ts";
import { UpdateUserInput, type User, UserFormInput, UserIdInput, UserSchema } from "../contract.ts";
import { hashPassword } from "../passwords/service.ts";
import {
  deleteUserRow,
  findUserRow,
  hasOtherAdminRow,
  lockLastAdmin,
  lockUserRow,
  setPasswordHash,
  type UserPatch,
  type UserRow,
  updateUserRow,
} from "../queries.ts";
import {
  checkNewPassword,
  checkUiSettings,
  parseEmail,
  parseRaName,
  parseRole,
  parseUiSettings,
  parseUsername,
  type RoleChoice,
  type UiSettings,
} from "../rules.ts";
import { toUser, userNotFound } from "../service.ts";

/**
 * Changes an account: one's own, or any as an administrator who may write users. Role and the right to sign in
 * are ignored on oneself. Login sessions end with a new name, a new password and with the right to sign in;
 * refresh tokens with the latter two; client tokens with the last.
 * @throws AppError `USER_NOT_FOUND`, `USER_FOREIGN`, `USER_LAST_ADMIN`, and what a new account throws.
 */
export const updateUser = operation(
  // The input may hold a password, so no trace of it is kept for a repeat, which does the same again.
  { type: "mutation", scope: "me.write", input: UpdateUserInput, output: UserSchema, storesNoAnswer: true },
  async (ctx, { userId, ...fields }): Promise<User> => {
    const target = await requireChangeable(ctx, userId);
    return await changeUser(ctx, target, { fields, avatarBytes: null });
  },
);

/**
 * Changes an account as `updateUser` does, from the fields of a compatible form: with the settings as text, and
 * perhaps a new picture.
 */
export const updateUserByForm = operation(
  { type: "mutation", scope: "me.write", input: UserFormInput, output: UserSchema, storesNoAnswer: true },
  async (ctx, { userId, avatar, uiSettings, ...fields }): Promise<User> => {
    const target = await requireChangeable(ctx, userId);
    const settings = uiSettings === undefined || uiSettings === "" ? undefined : parseUiSettings(uiSettings);
    const all = { ...fields, uiSettings: settings };
    return await changeUser(ctx, target, { fields: all, avatarBytes: avatar ?? null });
  },
);

async function requireChangeable(ctx: Context, userId: number): Promise<UserRow> {
  const row = await findUserRow(ctx.db, userId);
  if (row === null) {
    const message = `Username with id ${userId} not found`;
    throw new AppError("not_found", "USER_NOT_FOUND", { message });
  }
  requireOwnerOrAdmin(ctx, userId);
  return row;
}

/**
 * Lets an account's owner pass, and administrators whose call may write users: a token that was made for less
 * must not reach the accounts of others.
 * @throws AppError `USER_FOREIGN`.
 */
export function requireOwnerOrAdmin(ctx: Context, userId: number): void {
  const { identity } = ctx;
  if (findAccountId(identity) === userId) return;
  if (identity.kind === "user" && identity.isAdmin && hasScope(identity, "users.write")) return;
  throw new AppError("forbidden", "USER_FOREIGN", { message: "Forbidden" });
}

/** Fields of a change as a caller sent them. */
interface SentFields extends Omit<UpdateUserInput, "userId" | "uiSettings"> {
  readonly uiSettings?: UiSettings | undefined;
}

interface SentChange {
  readonly fields: SentFields;
  readonly avatarBytes: Uint8Array | null;
}

async function changeUser(ctx: Context, target: UserRow, sent: SentChange): Promise<User> {
  const isSelf = findAccountId(ctx.identity) === target.id;
  const wishes = readWishes(sent.fields, isSelf);
  await requireWholeReach(ctx, target, wishes);
  const hashedPassword = wishes.password === null ? null : await hashPassword(wishes.password);
  const avatar = sent.avatarBytes === null ? null : await prepareAvatar(ctx, sent.avatarBytes);
  const user = await inTransaction(ctx, (inner) =>
    storeChange(inner, target.id, { ...wishes, hashedPassword, avatar, sent: sent.fields }),
  );
  if (wishes.role !== null || wishes.isEnabled !== null) noteAccessChange(ctx);
  // What this process remembers of the account decides about its sessions.
  await findFreshAccount(ctx, target.id);
  if (avatar !== null) await removeOldAvatars(ctx, target.id);
  return user;
}

/** Whoever can sign in as an account, or be sent its reset link, may do everything that it may. */
async function requireWholeReach(ctx: Context, target: UserRow, wishes: Wishes): Promise<void> {
  if (wishes.role?.role === "admin") requireReach(ctx, FULL_SCOPES);
  const opensAccount = wishes.username !== null || wishes.password !== null || wishes.email !== undefined;
  if (!opensAccount) return;
  const account = await findFreshAccount(ctx, target.id);
  if (account !== null) requireReach(ctx, account.scopes);
}

/** What a caller wants, checked. What is left out or null stays; an e-mail address of null goes. */
interface Wishes {
  readonly username: string | null;
  readonly password: string | null;
  readonly email?: string | null | undefined;
  readonly role: RoleChoice | null;
  readonly isEnabled: boolean | null;
  readonly raUsername: string | null;
  readonly uiSettings: UiSettings | null;
}

function readWishes(fields: SentFields, isSelf: boolean): Wishes {
  const { username = "", password = "", email, role = "", isEnabled, raUsername, uiSettings } = fields;
  if (password !== "") checkNewPassword(password);
  return {
    username: username === "" ? null : parseUsername(username),
    password: password === "" ? null : password,
    ...(email === undefined ? {} : { email: parseEmail(email) }),
    role: role === "" || isSelf ? null : parseRole(role),
    isEnabled: isEnabled === undefined || isSelf ? null : isEnabled,
    raUsername: raUsername === undefined ? null : parseRaName(raUsername),
    uiSettings: uiSettings === undefined ? null : checkUiSettings(uiSettings),
  };
}

interface Change extends Wishes {
  readonly hashedPassword: string | null;
  readonly avatar: PreparedAvatar | null;
  readonly sent: SentFields;
}

async function storeChange(ctx: Context, userId: number, change: Change): Promise<User> {
  if (change.role !== null || change.isEnabled !== null) await lockLastAdmin(ctx.db);
  const row = await lockUserRow(ctx.db, userId);
  if (row === null) throw userNotFound();
  const visible = await toPatch(ctx, row, change);
  await requireAdminLeft(ctx, row, visible);
  const names = Object.keys(visible);
  if (change.avatar !== null) names.push("avatar");
  const updatedAt = names.length === 0 ? row.updatedAt : ctx.ports.clock.now();
  const secret = change.hashedPassword === null ? {} : { hashedPassword: change.hashedPassword };
  const avatarPath = change.avatar === null ? row.avatarPath : avatarPathOf(userId, change.avatar);
  const taken = await updateUserRow(ctx.db, userId, { ...visible, ...secret, avatarPath, updatedAt });
  if (taken !== null) throw takenError(taken, change.sent);
  await noteChange(ctx, row, { names, isPasswordNew: change.hashedPassword !== null });
  // Last of what may fail, for it cannot be taken back; and under the lock of the row.
  if (change.avatar !== null) await storeAvatar(ctx, userId, change.avatar);
  if (["role", "permissionGroupId", "enabled"].some((name) => names.includes(name))) {
    ctx.raise({ topic: "permissions", userId, data: { userId } });
  }
  return await toUser(ctx, (await findUserRow(ctx.db, userId)) ?? row);
}

/** Only what differs from the stored account, so that its change date tells the truth. */
async function toPatch(ctx: Context, row: UserRow, wishes: Wishes): Promise<UserPatch> {
  const { username, email, role, isEnabled, raUsername, uiSettings } = wishes;
  const groupId = role?.group ? await findSeededGroup(ctx, role.group) : row.permissionGroupId;
  const isRaNew = raUsername !== null && raUsername !== row.raUsername;
  return {
    ...(username === null || username === row.username ? {} : { username }),
    ...(email === undefined || email === row.email ? {} : { email }),
    ...(role === null || role.role === row.role ? {} : { role: role.role }),
    ...(groupId === row.permissionGroupId ? {} : { permissionGroupId: groupId }),
    ...(isEnabled === null || isEnabled === row.enabled ? {} : { enabled: isEnabled }),
    // What was earned under another name is somebody else's.
    ...(isRaNew ? { raUsername, raProgression: null } : {}),
    ...(uiSettings === null || isDeepStrictEqual(uiSettings, row.uiSettings) ? {} : { uiSettings }),
  };
}

async function requireAdminLeft(ctx: Context, row: UserRow, patch: UserPatch): Promise<void> {
  if (row.role !== "admin") return;
  if (patch.role === "user") await requireOtherAdmin(ctx, row.id, "demote");
  else if (patch.enabled === false) await requireOtherAdmin(ctx, row.id, "disable");
}

async function requireOtherAdmin(
  ctx: Context,
  userId: number,
  deed: "demote" | "disable" | "delete",
): Promise<void> {
  if (await hasOtherAdminRow(ctx.db, userId)) return;
  const message = `You cannot ${deed} the last admin user`;
  throw new AppError("conflict", "USER_LAST_ADMIN", { message });
}

function takenError(what: "username" | "email", sent: SentFields): AppError<"conflict"> {
  return what === "username"
    ? new AppError("conflict", "USER_NAME_TAKEN", { message: `Username ${sent.username} already exists` })
    : new AppError("conflict", "USER_EMAIL_TAKEN", {
        message: `User with email ${sent.email} already exists`,
      });
}

async function noteChange(
  ctx: Context,
  row: UserRow,
  change: { readonly names: readonly string[]; readonly isPasswordNew: boolean },
): Promise<void> {
  const details = { userId: row.id, fields: change.names };
  if (change.names.length > 0) {
    await noteAudit(ctx, { action: "user.updated", subject: row.username, details });
  }
  if (!change.isPasswordNew) return;
  await noteAudit(ctx, {
    action: "user.password_changed",
    subject: row.username,
    details: { userId: row.id },
  });
}

/**
 * Removes an account with everything that belongs to it: its rows, its files, its sessions and tokens. Beside the
 * scope to write users it needs the grant to delete them.
 * @throws AppError `PERMISSIONS_INSUFFICIENT`, `USER_NOT_FOUND`, `USER_REMOVES_SELF`, `USER_ADMIN_ONLY`, `USER_LAST_ADMIN`.
 */
export const removeUser = operation(
  { type: "mutation", scope: "users.write", input: UserIdInput, output: Nothing },
  async (ctx, { userId }): Promise<null> => {
    await requireGrant(ctx, { entity: "users", action: "delete" });
    await inTransaction(ctx, (inner) => removeRow(inner, userId));
    noteAccessChange(ctx);
    await findFreshAccount(ctx, userId);
    await removeAccountFiles(ctx, userId);
    return null;
  },
);

async function removeRow(ctx: Context, userId: number): Promise<void> {
  await lockLastAdmin(ctx.db);
  const row = await lockUserRow(ctx.db, userId);
  if (row === null) throw userNotFound();
  if (findAccountId(ctx.identity) === userId) {
    throw new AppError("invalid", "USER_REMOVES_SELF", { message: "You cannot delete yourself" });
  }
  if (row.role === "admin") {
    requireAdmin(ctx);
    await requireOtherAdmin(ctx, userId, "delete");
  }
  await deleteUserRow(ctx.db, userId);
  await noteAudit(ctx, {
    action: "user.removed",
    subject: row.username,
    details: { userId, role: row.role },
  });
  ctx.raise({ topic: "permissions", userId, data: { userId } });
}

function requireAdmin({ identity }: Context): void {
  if (identity.kind === "user" && identity.isAdmin) return;
  throw new AppError("forbidden", "USER_ADMIN_ONLY", {
    message: "Only an administrator can delete admin users",
  });
}

/**
 * Checks a password that somebody chose, before the dear steps of setting it.
 * @throws AppError `USER_PASSWORD_INVALID`.
 */
export function checkChosenPassword(password: string): void {
  checkNewPassword(password);
}

/**
 * Sets an account's password for somebody who proved by other means that they may. Login sessions and refresh
 * tokens end with the old one.
 * @param isByOwner Tells the audit log that the account's owner did it, although nobody is signed in.
 * @returns False when the account is gone.
 * @throws AppError `USER_PASSWORD_INVALID`.
 */
export async function changePassword(
  ctx: Context,
  userId: number,
  { password, isByOwner }: { readonly password: string; readonly isByOwner: boolean },
): Promise<boolean> {
  checkNewPassword(password);
  const hashedPassword = await hashPassword(password);
  const isChanged = await inTransaction(ctx, async (inner) => {
    const username = await setPasswordHash(inner.db, userId, hashedPassword);
    if (username === null) return false;
    await noteAudit(inner, {
      action: "user.password_changed",
      subject: username,
      actor: isByOwner ? { id: userId, username } : undefined,
      details: { userId },
    });
    return true;
  });
  // What this process remembers of the account holds the old password's mark.
  await findFreshAccount(ctx, userId);
  return isChanged;
}
