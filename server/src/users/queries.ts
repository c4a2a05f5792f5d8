import type { Executor } from "@multitap/db";
import { users } from "@multitap/db/schema/users";
import { and, eq, isNull, lt, or, sql } from "drizzle-orm";

/** An account as stored. */
export type UserRow = typeof users.$inferSelect;

/** First of the two numbers of the lock under which the first account is made; the second is 0. */
const FIRST_ADMIN_LOCK = 0x6d_75_01;

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
  await db.execute(sql`select pg_advisory_xact_lock(${FIRST_ADMIN_LOCK}, 0)`);
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
