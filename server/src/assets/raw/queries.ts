import type { Executor } from "@multitap/db";
import { saves, screenshots, states } from "@multitap/db/schema/assets";
import { and, desc, eq, or } from "drizzle-orm";
import type { AssetKind } from "../contract.ts";

/** A file of a user by its compatible path. */
export interface FileAtPath {
  readonly romId: number;
  readonly userId: number;
  readonly storedPath: string;
  readonly fileName: string;
  readonly sha1: string;
}

/** Which file is meant, and who asks. */
export interface PathQuery {
  readonly kind: AssetKind;
  readonly ownerId: number;
  readonly folder: string;
  readonly fileName: string;
  /** Null for callers without an account: they read what is public. */
  readonly viewerId: number | null;
}

/** Versions know when their bytes came; a picture's row changes with them. */
const TABLES = {
  saves: [saves, saves.contentUpdatedAt],
  states: [states, states.contentUpdatedAt],
  screenshots: [screenshots, screenshots.updatedAt],
} as const;

/** The newest file of this path that the viewer owns or everyone may read; null when there is none. */
export async function findFileAtPath(db: Executor, query: PathQuery): Promise<FileAtPath | null> {
  const { ownerId, folder, fileName, viewerId } = query;
  const [given, changedAt] = TABLES[query.kind];
  // What is read here has the same name and type in all three.
  const table = given as unknown as typeof screenshots;
  const [row] = await db
    .select({
      romId: table.romId,
      userId: table.userId,
      storedPath: table.storedPath,
      fileName: table.fileName,
      sha1: table.sha1Hash,
    })
    .from(table)
    .where(
      and(
        eq(table.userId, ownerId),
        eq(table.filePath, folder),
        eq(table.fileName, fileName),
        or(eq(table.isPublic, true), viewerId === null ? undefined : eq(table.userId, viewerId)),
      ),
    )
    .orderBy(desc(changedAt), desc(table.id))
    .limit(1);
  return row ?? null;
}
