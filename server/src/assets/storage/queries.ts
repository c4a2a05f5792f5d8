import type { Executor } from "@multitap/db";
import { saves, states, trashedAssets } from "@multitap/db/schema/assets";
import { and, desc, eq, isNull, or, sql } from "drizzle-orm";
import type { StoredBytes } from "../contract.ts";

/** What a caller says of bytes that the server may have already. */
export interface KnownBytesQuery {
  readonly userId: number;
  /** Lower-case hex; "" when nobody knows it. */
  readonly sha1: string;
  readonly sizeBytes: number;
  /** The bytes that are meant, where that is known: they are taken before others that are the same. */
  readonly storedPath?: string | undefined;
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
      .where(isMeant(table, query))
      .orderBy(...orderOf(table, query))
      .limit(1)
      .for("key share");
    if (row !== undefined) return toStoredBytes(row);
  }
  const [row] = await db
    .select()
    .from(trashedAssets)
    .where(and(isMeant(trashedAssets, query), isNull(trashedAssets.purgedAt)))
    .orderBy(...orderOf(trashedAssets, query))
    .limit(1)
    .for("share");
  return row === undefined ? null : toStoredBytes(row);
}

type BytesTable = typeof saves | typeof trashedAssets;

/** What has no digest is like nothing else: only its own place tells it. */
function isMeant(table: BytesTable, { userId, sha1, sizeBytes, storedPath }: KnownBytesQuery) {
  return and(
    eq(table.userId, userId),
    eq(table.fileSizeBytes, sizeBytes),
    or(
      sha1 === "" ? sql`false` : eq(table.sha1Hash, sha1),
      storedPath === undefined ? undefined : eq(table.storedPath, storedPath),
    ),
  );
}

/** The meant ones first, then the latest. */
function orderOf(table: BytesTable, { storedPath }: KnownBytesQuery) {
  const latest = desc(table.id);
  return storedPath === undefined ? [latest] : [sql`(${eq(table.storedPath, storedPath)}) desc`, latest];
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
