import type { Executor } from "@multitap/db";
import { and, asc, eq, gt, isNull, sql } from "drizzle-orm";
import type { StoredBytes } from "../contract.ts";
import type { VersionKind } from "../versions/contract.ts";
import { tableOf } from "../versions/queries.ts";

/** A version whose bytes are to be read again. */
export interface VersionBytes {
  readonly id: number;
  readonly storedPath: string;
  readonly contentHash: string | null;
}

/** The next versions by id, of every user. */
export async function listVersionBytes(
  db: Executor,
  kind: VersionKind,
  page: { readonly afterId: number; readonly limit: number; readonly isUnhashedOnly: boolean },
): Promise<readonly VersionBytes[]> {
  const table = tableOf(kind);
  return await db
    .select({ id: table.id, storedPath: table.storedPath, contentHash: table.contentHash })
    .from(table)
    .where(and(gt(table.id, page.afterId), page.isUnhashedOnly ? isNull(table.contentHash) : undefined))
    .orderBy(asc(table.id))
    .limit(page.limit);
}

/** Stores what the bytes of a version are, unless it has others by now. */
export async function storeDigests(
  db: Executor,
  kind: VersionKind,
  { id, storedPath, digests }: VersionBytes & { readonly digests: Omit<StoredBytes, "storedPath"> },
): Promise<void> {
  const table = tableOf(kind);
  await db
    .update(table)
    .set({
      md5Hash: digests.md5,
      sha1Hash: digests.sha1,
      contentHash: digests.contentHash,
      fileSizeBytes: digests.sizeBytes,
      updatedAt: sql`clock_timestamp()`,
    })
    .where(and(eq(table.id, id), eq(table.storedPath, storedPath)));
}
