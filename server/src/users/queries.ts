import type { Executor } from "@multitap/db";
import { constraintName, isUniqueViolation } from "@multitap/db/errors";
import { users } from "@multitap/db/schema/users";
import { and, asc, eq, isNull, lt, ne, or, sql } from "drizzle-orm";

/** An account as stored. */
export type UserRow = typeof users.$inferSelect;

/** First of the two numbers of the locks about administrators. */
const ADMIN_LOCKS = 0x6d_75_01;
/** Second number: the first account is made. */
const FIRST_ADMIN = 0;
/** Second number: somebody may stop being an administrator who can sign in. */
const LAST_ADMIN = 1;

/** Finds an account by id. */
export async function findUserRow(db: Executor, userId: number): Promise<UserRow | null> {
  const [row] = await db.select().from(users).where(eq(users.id, userId));
  return row ?? null;
}

/** Finds an account by its stored, lower-case name. */
export async function findUserRowByName(db: Executor, username: string): Promise<UserRow | null> {
  const [row] = await db.select().from(users).where(eq(users.username, username));
  return row ?? null;
}

/** Tells whether any administrator exists, enabled or not. */
export async function hasAdminRow(db: Executor): Promise<boolean> {
  const rows = await db.select({ id: users.id }).from(users).where(eq(users.role, "admin")).limit(1);
  return rows.length > 0;
}

/** Waits until no other transaction is making the first account; the lock ends with the transaction. */
export async function lockFirstAdmin(db: Executor): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${ADMIN_LOCKS}, ${FIRST_ADMIN})`);
}

/** Waits until no other transaction takes an administrator away; the lock ends with the transaction. */
export async function lockLastAdmin(db: Executor): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${ADMIN_LOCKS}, ${LAST_ADMIN})`);
}

/** Tells whether an administrator other than this account may sign in. */
export async function hasOtherAdminRow(db: Executor, userId: number): Promise<boolean> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, "admin"), eq(users.enabled, true), ne(users.id, userId)))
    .limit(1);
  return rows.length > 0;
}

/** Finds an account by id, and keeps others from changing it until the transaction ends. */
export async function lockUserRow(db: Executor, userId: number): Promise<UserRow | null> {
  const [row] = await db.select().from(users).where(eq(users.id, userId)).for("update");
  return row ?? null;
}

/** Lists accounts in the order in which they were made. */
export async function listUserRows(db: Executor, limit: number): Promise<readonly UserRow[]> {
  return await db.select().from(users).orderBy(asc(users.id)).limit(limit);
}

/** Lists the ids of accounts in the order in which they were made. */
export async function listUserIdRows(db: Executor, limit: number): Promise<readonly number[]> {
  const rows = await db.select({ id: users.id }).from(users).orderBy(asc(users.id)).limit(limit);
  return rows.map(({ id }) => id);
}

/** What may change of an account. */
export type UserPatch = Partial<typeof users.$inferInsert>;

/**
 * Changes an account that exists.
 * @returns Which of its unique values another account has instead; the transaction is lost then.
 */
export async function updateUserRow(
  db: Executor,
  userId: number,
  patch: UserPatch,
): Promise<"username" | "email" | null> {
  try {
    await db.update(users).set(patch).where(eq(users.id, userId));
    return null;
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return constraintName(error) === "users_email_key" ? "email" : "username";
  }
}

/** Removes an account and every row that belongs to it. */
export async function deleteUserRow(db: Executor, userId: number): Promise<void> {
  await db.delete(users).where(eq(users.id, userId));
}

/**
 * Replaces an account's password. The visible change date stays: apps use it as the version of the avatar.
 * @returns The account's name; null when it is gone.
 */
export async function setPasswordHash(
  db: Executor,
  userId: number,
  hashedPassword: string,
): Promise<string | null> {
  const [row] = await db
    .update(users)
    .set({ hashedPassword })
    .where(eq(users.id, userId))
    .returning({ username: users.username });
  return row?.username ?? null;
}

/** What a new account is made of. */
export interface NewUserRow {
  readonly username: string;
  readonly hashedPassword: string;
  readonly email: string | null;
  readonly role: "user" | "admin";
  readonly permissionGroupId: number | null;
  readonly createdAt: Date;
}

/** Adds an account; null when another one has the name or the address. */
export async function insertUserRow(db: Executor, row: NewUserRow): Promise<UserRow | null> {
  const [inserted] = await db
    .insert(users)
    .values({ ...row, updatedAt: row.createdAt })
    .onConflictDoNothing()
    .returning();
  return inserted ?? null;
}

/** Replaces a hash by another of the same password, unless the password was changed meanwhile. */
export async function replaceHash(
  db: Executor,
  userId: number,
  hashes: { readonly old: string; readonly fresh: string },
): Promise<boolean> {
  const rows = await db
    .update(users)
    .set({ hashedPassword: hashes.fresh })
    .where(and(eq(users.id, userId), eq(users.hashedPassword, hashes.old)))
    .returning({ id: users.id });
  return rows.length > 0;
}

/** Notes a login. The visible change date stays: apps use it as the version of the avatar. */
export async function setLastLogin(db: Executor, userId: number, at: Date): Promise<void> {
  await db.update(users).set({ lastLogin: at, lastActive: at }).where(eq(users.id, userId));
}

/** Notes activity unless some process noted it after `notedBefore`. */
export async function setLastActive(
  db: Executor,
  userId: number,
  moments: { readonly at: Date; readonly notedBefore: Date },
): Promise<void> {
  await db
    .update(users)
    .set({ lastActive: moments.at })
    .where(
      and(eq(users.id, userId), or(isNull(users.lastActive), lt(users.lastActive, moments.notedBefore))),
    );
}
