import type { Executor } from "@multitap/db";
import { collections, collectionsRoms } from "@multitap/db/schema/collections";
import { and, asc, desc, eq, or, sql } from "drizzle-orm";
import { perExecutor } from "../../base/per-executor.ts";
import type { RomMembership } from "./contract.ts";
import { MEMBERSHIPS_LISTED_MAX } from "./limits.ts";

/** Stands for callers without an account, which has no row of this id. */
const NO_ACCOUNT = 0;

const prepared = perExecutor((db) => {
  const isOwn = sql`${collections.userId} = ${sql.placeholder("viewerId")}::int4`;
  return {
    membershipsOfRom: db
      .select({ id: collections.id, name: collections.name })
      .from(collectionsRoms)
      .innerJoin(collections, eq(collections.id, collectionsRoms.collectionId))
      .where(
        and(
          sql`${collectionsRoms.romId} = ${sql.placeholder("romId")}::int4`,
          or(sql`${collections.isPublic}`, isOwn),
        ),
      )
      .orderBy(desc(isOwn), asc(collections.name), asc(collections.id))
      .limit(MEMBERSHIPS_LISTED_MAX)
      .prepare("memberships_of_rom"),
  };
});

/** The collections that hold a rom, the viewer's own first, then others' public ones; by name. */
export async function listMemberships(
  db: Executor,
  romId: number,
  viewerId: number | null,
): Promise<readonly RomMembership[]> {
  return await prepared(db).membershipsOfRom.execute({ romId, viewerId: viewerId ?? NO_ACCOUNT });
}
