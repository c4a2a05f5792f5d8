import type { Executor } from "@multitap/db";
import { userPermissionOverrides, users } from "@multitap/db/schema/users";
import { eq } from "drizzle-orm";
import type { Override } from "../contract.ts";

/** An account as far as its permissions depend on it. */
export interface AccountRow {
  readonly username: string;
  readonly permissionGroupId: number | null;
}

const COLUMNS = { username: users.username, permissionGroupId: users.permissionGroupId };

/** Finds an account. */
export async function findAccountRow(db: Executor, userId: number): Promise<AccountRow | null> {
  const [row] = await db.select(COLUMNS).from(users).where(eq(users.id, userId));
  return row ?? null;
}

/** The same, and no other transaction changes the account before this one ends. */
export async function lockAccountRow(db: Executor, userId: number): Promise<AccountRow | null> {
  const [row] = await db.select(COLUMNS).from(users).where(eq(users.id, userId)).for("no key update");
  return row ?? null;
}

/**
 * Lets an account follow a group; null the default one. The column belongs to permissions although it stands in
 * the table of accounts, whose visible change date stays: apps use it as the version of the avatar.
 */
export async function setGroup(
  db: Executor,
  userId: number,
  permissionGroupId: number | null,
): Promise<void> {
  await db.update(users).set({ permissionGroupId }).where(eq(users.id, userId));
}

/** Replaces all overrides of an account, keeping their order; there are no repeats among them. */
export async function replaceOverrides(
  db: Executor,
  userId: number,
  overrides: readonly Override[],
): Promise<void> {
  await db.delete(userPermissionOverrides).where(eq(userPermissionOverrides.userId, userId));
  if (overrides.length === 0) return;
  await db.insert(userPermissionOverrides).values(
    overrides.map(({ entity, action, isGranted, isOwnOnly }) => ({
      userId,
      entity,
      action,
      granted: isGranted,
      ownOnly: isOwnOnly,
    })),
  );
}
