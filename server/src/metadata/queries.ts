import type { Executor } from "@multitap/db";
import { roms } from "@multitap/db/schema/roms";
import { and, asc, eq, gt, gte, inArray, isNotNull, isNull, or, type SQL, sql } from "drizzle-orm";
import type { AskedRom, EnrichWish, ProviderIdColumn } from "./contract.ts";

/** Which page of the roms that a wish means. */
export interface WishPage {
  readonly wish: EnrichWish;
  /** The ids the chosen providers give. */
  readonly idColumns: readonly ProviderIdColumn[];
  readonly afterRomId: number;
  readonly limit: number;
}

/** Ids of roms that a wish means, in order. */
export async function listWishedRomIds(db: Executor, page: WishPage): Promise<readonly number[]> {
  const { wish, afterRomId, limit } = page;
  const rows = await db
    .select({ id: roms.id })
    .from(roms)
    .where(
      and(
        gt(roms.id, afterRomId),
        eq(roms.missingFromFs, false),
        inArray(roms.platformId, [...wish.platformIds]),
        wish.romIds.length === 0 ? undefined : inArray(roms.id, [...wish.romIds]),
        toCondition(page),
      ),
    )
    .orderBy(asc(roms.id))
    .limit(limit);
  return rows.map((row) => row.id);
}

function toCondition({ wish, idColumns }: WishPage): SQL | undefined {
  const columns = idColumns.map((name) => sql`${roms}.${sql.identifier(name)}`);
  switch (wish.mode) {
    case "new":
      return gte(roms.createdAt, new Date(wish.scanCreatedAt));
    case "known":
      return or(...columns.map(isNotNull)) ?? sql`false`;
    case "unmatched":
      return or(...columns.map(isNull)) ?? sql`true`;
    case "all":
      return undefined;
  }
}

/** What an answering provider is told of some roms, in the order of their ids. */
export async function listAskedRoms(
  db: Executor,
  romIds: readonly number[],
  idColumn: ProviderIdColumn | null,
): Promise<readonly AskedRom[]> {
  const knownId =
    idColumn === null ? sql<null>`null` : sql<string | null>`${roms}.${sql.identifier(idColumn)}::text`;
  return await db
    .select({
      romId: roms.id,
      fsName: roms.fsName,
      fsNameNoExt: roms.fsNameNoExt,
      fsPath: roms.fsPath,
      knownId,
    })
    .from(roms)
    .where(inArray(roms.id, [...romIds]))
    .orderBy(asc(roms.id));
}
