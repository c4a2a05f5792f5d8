import type { Executor } from "@multitap/db";
import { users } from "@multitap/db/schema/users";
import { eq } from "drizzle-orm";

/** Replaces an account's password. The visible change date stays: apps use it as the version of the avatar. */
export async function setPasswordHash(db: Executor, userId: number, hashedPassword: string): Promise<void> {
  await db.update(users).set({ hashedPassword }).where(eq(users.id, userId));
}
