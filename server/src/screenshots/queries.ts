import type { Executor } from "@multitap/db";
import { screenshots } from "@multitap/db/schema/assets";
import { roms } from "@multitap/db/schema/roms";
import { and, asc, desc, eq, inArray, sql } from "drizzle-orm";
import { assert } from "../base/assert.ts";
import { toInstant } from "../base/clock.ts";
import type { Screenshot } from "./contract.ts";

type Row = typeof screenshots.$inferSelect;

/** Turns a row into the domain's screenshot. */
export function toScreenshot(row: Row): Screenshot {
  return {
    id: row.id,
    romId: row.romId,
    userId: row.userId,
    fileName: row.fileName,
    fileNameNoTags: row.fileNameNoTags,
    fileNameNoExt: row.fileNameNoExt,
    fileExtension: row.fileExtension,
    filePath: row.filePath,
    sizeBytes: row.fileSizeBytes,
    isGallery: row.isGallery,
    isPublic: row.isPublic,
    isMissing: row.missingFromFs,
    createdAt: toInstant(row.createdAt),
    updatedAt: toInstant(row.updatedAt),
  };
}

/** A row to be. */
export type NewScreenshot = Omit<
  typeof screenshots.$inferInsert,
  "id" | "createdAt" | "updatedAt" | "missingFromFs"
>;

/** Makes everybody else who stores a picture of this rom and user wait until the transaction ends. */
export async function lockPictures(
  db: Executor,
  { userId, romId }: Pick<NewScreenshot, "userId" | "romId">,
): Promise<void> {
  const name = `screenshots:${userId}:${romId}`;
  await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
}

/** Adds a picture. */
export async function insertScreenshot(db: Executor, picture: NewScreenshot): Promise<Screenshot> {
  const [row] = await db.insert(screenshots).values(picture).returning();
  assert(row !== undefined, "an insert returns its row");
  return toScreenshot(row);
}

/** Changes a picture; bytes that it had go to the trash by themselves. */
export async function updateScreenshot(
  db: Executor,
  id: number,
  change: Partial<NewScreenshot>,
): Promise<Screenshot> {
  const [row] = await db
    .update(screenshots)
    .set({ ...change, missingFromFs: false, updatedAt: sql`clock_timestamp()` })
    .where(eq(screenshots.id, id))
    .returning();
  assert(row !== undefined, "the row is locked");
  return toScreenshot(row);
}

/** The id of a gallery's picture of this name, or null. */
export async function findGalleryId(
  db: Executor,
  { userId, romId, fileName }: Pick<NewScreenshot, "userId" | "romId" | "fileName">,
): Promise<number | null> {
  const [row] = await db
    .select({ id: screenshots.id })
    .from(screenshots)
    .where(
      and(
        eq(screenshots.userId, userId),
        eq(screenshots.romId, romId),
        eq(screenshots.fileName, fileName),
        eq(screenshots.isGallery, true),
      ),
    )
    .orderBy(desc(screenshots.id))
    .limit(1)
    .for("update");
  return row?.id ?? null;
}

/** Which pictures of a user are meant. */
export interface OwnScreenshots {
  readonly userId: number;
  readonly romId?: number | undefined;
  readonly platformId?: number | undefined;
}

function isOwnPicture({ userId, romId, platformId }: OwnScreenshots) {
  return and(
    eq(screenshots.userId, userId),
    romId === undefined ? undefined : eq(screenshots.romId, romId),
    platformId === undefined
      ? undefined
      : sql`${screenshots.romId} in (select r.id from ${roms} r where r.platform_id = ${platformId})`,
  );
}

/** Pictures of a user, by id. */
export async function listOwnScreenshots(
  db: Executor,
  filter: OwnScreenshots,
): Promise<readonly Screenshot[]> {
  const rows = await db.select().from(screenshots).where(isOwnPicture(filter)).orderBy(asc(screenshots.id));
  return rows.map(toScreenshot);
}

/** Ids of the same pictures. */
export async function listOwnScreenshotIds(db: Executor, filter: OwnScreenshots): Promise<readonly number[]> {
  const rows = await db
    .select({ id: screenshots.id })
    .from(screenshots)
    .where(isOwnPicture(filter))
    .orderBy(asc(screenshots.id));
  return rows.map(({ id }) => id);
}

/** A picture with its bytes. */
export interface StoredScreenshot {
  readonly screenshot: Screenshot;
  readonly storedPath: string;
  readonly sha1: string;
}

/** One picture of anybody's, or null. */
export async function findScreenshot(db: Executor, id: number): Promise<StoredScreenshot | null> {
  const [row] = await db.select().from(screenshots).where(eq(screenshots.id, id));
  if (row === undefined) return null;
  return { screenshot: toScreenshot(row), storedPath: row.storedPath, sha1: row.sha1Hash };
}

/** Those of some pictures that are a user's, locked until the transaction ends. */
export async function lockOwnScreenshots(
  db: Executor,
  ids: readonly number[],
  userId: number,
): Promise<readonly Screenshot[]> {
  const rows = await db
    .select()
    .from(screenshots)
    .where(and(inArray(screenshots.id, [...ids]), eq(screenshots.userId, userId)))
    .orderBy(asc(screenshots.id))
    .for("update");
  return rows.map(toScreenshot);
}

/** Removes pictures; their bytes go to the trash by themselves. */
export async function deleteScreenshots(db: Executor, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await db.delete(screenshots).where(inArray(screenshots.id, [...ids]));
}
