import type { Executor } from "@multitap/db";
import { romFiles, roms, romUploads } from "@multitap/db/schema/roms";
import { users } from "@multitap/db/schema/users";
import { and, asc, count, eq, gt, inArray, lte } from "drizzle-orm";
import type { Hidden } from "../../permissions/hidden/contract.ts";
import { toVisibleConditions } from "../filters/queries.ts";
import type { PresentRom } from "./contract.ts";

/** An upload as stored; which chunks are there is the disk's to say. */
export type UploadRow = typeof romUploads.$inferSelect;

/** Adds an upload; null when its account has another one of the same resume id. */
export async function insertUpload(
  db: Executor,
  row: typeof romUploads.$inferInsert,
): Promise<UploadRow | null> {
  const [added] = await db.insert(romUploads).values(row).onConflictDoNothing().returning();
  return added ?? null;
}

/** An upload that has not ended at `now`, or null. */
export async function findUploadRow(db: Executor, id: string, now: Date): Promise<UploadRow | null> {
  const [row] = await db
    .select()
    .from(romUploads)
    .where(and(eq(romUploads.id, id), gt(romUploads.expiresAt, now)));
  return row ?? null;
}

/** An account's upload by its own name for it, ended or not, or null. */
export async function findUploadByResumeId(
  db: Executor,
  userId: number,
  resumeId: string,
): Promise<UploadRow | null> {
  const [row] = await db
    .select()
    .from(romUploads)
    .where(and(eq(romUploads.userId, userId), eq(romUploads.resumeId, resumeId)));
  return row ?? null;
}

/** Puts the end of an upload off. */
export async function prolongUpload(db: Executor, id: string, expiresAt: Date): Promise<void> {
  await db.update(romUploads).set({ expiresAt }).where(eq(romUploads.id, id));
}

/** Removes an upload; tells whether it was there. */
export async function deleteUpload(db: Executor, id: string): Promise<boolean> {
  const gone = await db.delete(romUploads).where(eq(romUploads.id, id)).returning({ id: romUploads.id });
  return gone.length > 0;
}

/** Counts an account's uploads. */
export async function countUploadsOf(db: Executor, userId: number): Promise<number> {
  const [row] = await db.select({ total: count() }).from(romUploads).where(eq(romUploads.userId, userId));
  return row?.total ?? 0;
}

/** Uploads that had ended at `now`, the oldest first. */
export async function listEndedUploads(
  db: Executor,
  now: Date,
  limit: number,
): Promise<readonly UploadRow[]> {
  return await db
    .select()
    .from(romUploads)
    .where(lte(romUploads.expiresAt, now))
    .orderBy(asc(romUploads.expiresAt), asc(romUploads.id))
    .limit(limit);
}

/** Those of some ids that are uploads. */
export async function listUploadIdsAmong(db: Executor, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await db
    .select({ id: romUploads.id })
    .from(romUploads)
    .where(inArray(romUploads.id, [...ids]));
  return new Set(rows.map(({ id }) => id));
}

/** The first account of an administrator who is not disabled, or null. */
export async function findFirstAdminId(db: Executor): Promise<number | null> {
  const [row] = await db
    .select({ id: users.id })
    .from(users)
    .where(and(eq(users.role, "admin"), eq(users.enabled, true)))
    .orderBy(asc(users.id))
    .limit(1);
  return row?.id ?? null;
}

/** The first rom of a platform that has a file of exactly these bytes, outside of what is hidden; or null. */
export async function findPresentRom(
  db: Executor,
  {
    platformId,
    sha1,
    hidden,
  }: { readonly platformId: number; readonly sha1: string; readonly hidden: Hidden },
): Promise<PresentRom | null> {
  const [row] = await db
    .select({ romId: roms.id, fsName: roms.fsName })
    .from(romFiles)
    .innerJoin(roms, eq(roms.id, romFiles.romId))
    .where(
      and(
        eq(romFiles.sha1Hash, sha1),
        // The hashes of a packed file are those of what it holds.
        eq(romFiles.isPacked, false),
        eq(romFiles.missingFromFs, false),
        eq(roms.missingFromFs, false),
        eq(roms.platformId, platformId),
        ...toVisibleConditions(hidden),
      ),
    )
    .orderBy(asc(roms.id))
    .limit(1);
  return row ?? null;
}
