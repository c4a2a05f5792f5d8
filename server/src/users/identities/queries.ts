import type { Executor } from "@multitap/db";
import { userIdentities, users } from "@multitap/db/schema/users";
import { and, eq, sql } from "drizzle-orm";
import type { UserRow } from "../queries.ts";

/** An account at an identity provider; the pair never changes, while names and addresses may. */
export interface OutsideIdentity {
  readonly issuer: string;
  readonly subject: string;
}

/** First of the two numbers of the lock under which an identity finds its account; the second is its hash. */
const IDENTITY_LOCK = 0x6d_75_0d;

/** Waits until no other transaction looks for the account of this identity; the lock ends with the transaction. */
export async function lockIdentity(db: Executor, { issuer, subject }: OutsideIdentity): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${IDENTITY_LOCK}, hashtext(${`${issuer} ${subject}`}))`);
}

/** Finds the account that an identity signs in to. */
export async function findUserRowByIdentity(
  db: Executor,
  { issuer, subject }: OutsideIdentity,
): Promise<UserRow | null> {
  const [row] = await db
    .select({ user: users })
    .from(users)
    .innerJoin(userIdentities, eq(userIdentities.userId, users.id))
    .where(and(eq(userIdentities.issuer, issuer), eq(userIdentities.subject, subject)));
  return row?.user ?? null;
}

/** Finds an account by its stored, lower-case address. */
export async function findUserRowByEmail(db: Executor, email: string): Promise<UserRow | null> {
  const [row] = await db.select().from(users).where(eq(users.email, email));
  return row ?? null;
}

/** Lets an identity sign in to an account. */
export async function insertIdentityRow(
  db: Executor,
  userId: number,
  { identity, at }: { readonly identity: OutsideIdentity; readonly at: Date },
): Promise<void> {
  const { issuer, subject } = identity;
  await db.insert(userIdentities).values({ userId, issuer, subject, createdAt: at, updatedAt: at });
}

/** What an account without a password is made of. */
export interface NewOutsideUserRow {
  readonly username: string;
  readonly email: string;
  readonly role: "user" | "admin";
  readonly permissionGroupId: number | null;
  readonly createdAt: Date;
}

/** Adds an account that no password opens; null when another one has the name or the address. */
export async function insertOutsideUserRow(db: Executor, row: NewOutsideUserRow): Promise<UserRow | null> {
  const [inserted] = await db
    .insert(users)
    .values({ ...row, hashedPassword: null, updatedAt: row.createdAt })
    .onConflictDoNothing()
    .returning();
  return inserted ?? null;
}

/** Changes what an account may do. The visible change date stays: apps use it as the version of the avatar. */
export async function setRole(
  db: Executor,
  userId: number,
  role: { readonly role: "user" | "admin"; readonly permissionGroupId: number | null },
): Promise<UserRow | null> {
  const [row] = await db.update(users).set(role).where(eq(users.id, userId)).returning();
  return row ?? null;
}
