import type { Executor } from "@multitap/db";
import { roms, romUser } from "@multitap/db/schema/roms";
import { and, eq, sql } from "drizzle-orm";
import { toInstant } from "../../base/clock.ts";
import { siblingIds, toUserProps } from "../details/queries.ts";
import type { StoredRomProps } from "./contract.ts";

/** What an account keeps about a rom, as stored. */
export type RomUserRow = typeof romUser.$inferSelect;
/** What of it a caller can change. */
export type PropsPatch = Partial<Omit<RomUserRow, "id" | "romId" | "userId" | "createdAt" | "updatedAt">>;

/** First of the two numbers of the lock on an account's main siblings; the second is the account's. */
const MAIN_LOCKS = 0x73_69_62;

/** Whose row of which rom. */
export interface RowKey {
  readonly romId: number;
  readonly userId: number;
}

/** Waits until no other transaction chooses main siblings of an account; the lock ends with the transaction. */
export async function lockMainSiblings(db: Executor, userId: number): Promise<void> {
  await db.execute(sql`select pg_advisory_xact_lock(${MAIN_LOCKS}, ${userId})`);
}

/** Adds the row of a rom and an account; null when there is one, also when it was added at this moment. */
export async function insertPropsRow(
  db: Executor,
  row: typeof romUser.$inferInsert,
): Promise<RomUserRow | null> {
  const [added] = await db.insert(romUser).values(row).onConflictDoNothing().returning();
  return added ?? null;
}

/** The row of a rom and an account, which nobody else changes until the transaction ends; null for none. */
export async function lockPropsRow(db: Executor, { romId, userId }: RowKey): Promise<RomUserRow | null> {
  const [row] = await db
    .select()
    .from(romUser)
    .where(and(eq(romUser.romId, romId), eq(romUser.userId, userId)))
    .for("update");
  return row ?? null;
}

/** Changes a row. */
export async function updatePropsRow(
  db: Executor,
  id: number,
  patch: PropsPatch & { readonly updatedAt: Date },
): Promise<void> {
  await db.update(romUser).set(patch).where(eq(romUser.id, id));
}

/** Takes the mark of the main sibling from the account's rows of the siblings of a rom; gives the roms it left. */
export async function clearMainOfSiblings(
  db: Executor,
  { romId, userId }: RowKey,
  now: Date,
): Promise<readonly number[]> {
  const rows = await db.execute<{ romId: number }>(sql`
    update ${romUser} u set is_main_sibling = false,
      updated_at = greatest(${now.toISOString()}::timestamptz, u.updated_at + interval '1 millisecond')
    where u.user_id = ${userId} and u.is_main_sibling and u.rom_id in (
      select s.id from ${roms} a cross join lateral (${siblingIds}) s where a.id = ${romId})
    returning u.rom_id as "romId"`);
  return rows.map((row) => row.romId);
}

/** Turns a row into what its owner is told. */
export function toStoredProps(row: RomUserRow): StoredRomProps {
  return {
    id: row.id,
    romId: row.romId,
    userId: row.userId,
    ...toUserProps(row),
    createdAt: toInstant(row.createdAt),
    updatedAt: toInstant(row.updatedAt),
  };
}
