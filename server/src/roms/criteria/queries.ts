import type { Executor } from "@multitap/db";
import { smartCollections } from "@multitap/db/schema/collections";
import { and, eq, or } from "drizzle-orm";
import type { RomSelection } from "../filters/queries.ts";
import { readCriteria } from "./rules.ts";

/**
 * What a smart collection that a viewer may see stands for; null when there is none. One that came with an imported
 * database and holds what we cannot evaluate stands for the roms that were found there.
 */
export async function findSmartSelection(
  db: Executor,
  collectionId: number,
  viewerId: number | null,
): Promise<RomSelection | null> {
  const { id, isPublic, userId, filterCriteria, romIds } = smartCollections;
  const isOwn = viewerId === null ? undefined : eq(userId, viewerId);
  const [row] = await db
    .select({ filterCriteria, romIds })
    .from(smartCollections)
    .where(and(eq(id, collectionId), or(eq(isPublic, true), isOwn)));
  if (row === undefined) return null;
  const { filter } = readCriteria(row.filterCriteria as Readonly<Record<string, unknown>>);
  return filter ?? { among: row.romIds };
}
