import type { Executor } from "@multitap/db";
import { saves, states, trashedAssets } from "@multitap/db/schema/assets";
import { and, eq, isNull } from "drizzle-orm";
import type { StoredBytes } from "../contract.ts";

/** What a caller says of bytes that the server may have already. */
export interface KnownBytesQuery {
  readonly userId: number;
  /** Lower-case hex. */
  readonly sha1: string;
  readonly sizeBytes: number;
}

/**
 * Bytes that this user stored before, also those in the trash; null when there are none. What is found cannot be
 * purged until the transaction ends.
 */
export async function findKnownBytes(db: Executor, query: KnownBytesQuery): Promise<StoredBytes | null> {
  for (const table of [saves, states as unknown as typeof saves]) {
    const [row] = await db
      .select()
      .from(table)
      .where(
        and(
          eq(table.userId, query.userId),
          eq(table.sha1Hash, query.sha1),
          eq(table.fileSizeBytes, query.sizeBytes),
        ),
      )
      .limit(1)
      .for("key share");
    if (row !== undefined) return toStoredBytes(row);
  }
  const [row] = await db
    .select()
    .from(trashedAssets)
    .where(
      and(
        eq(trashedAssets.userId, query.userId),
        eq(trashedAssets.sha1Hash, query.sha1),
        eq(trashedAssets.fileSizeBytes, query.sizeBytes),
        isNull(trashedAssets.purgedAt),
      ),
    )
    .limit(1)
    .for("share");
  return row === undefined ? null : toStoredBytes(row);
}

interface StoredColumns {
  readonly storedPath: string;
  readonly fileSizeBytes: number;
  readonly md5Hash: string;
  readonly sha1Hash: string;
  readonly contentHash: string | null;
}

/** The bytes that a row names. */
export function toStoredBytes(row: StoredColumns): StoredBytes {
  return {
    storedPath: row.storedPath,
    sizeBytes: row.fileSizeBytes,
    md5: row.md5Hash,
    sha1: row.sha1Hash,
    contentHash: row.contentHash,
  };
}
