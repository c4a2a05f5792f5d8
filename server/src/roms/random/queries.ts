import type { Executor } from "@multitap/db";
import { roms } from "@multitap/db/schema/roms";
import { and, sql } from "drizzle-orm";
import { toConditions, type VisibleFilter } from "../filters/queries.ts";
import { DRAWS } from "./limits.ts";

/** The id of a rom that a filter lets through, each with the same chance; null when it lets none through. */
export async function findRandomRomId(db: Executor, filter: VisibleFilter): Promise<number | null> {
  return (await drawId(db, filter)) ?? (await pickCounted(db, filter));
}

/**
 * Draws ids between the least and the greatest; the first that is a rom that matches is it. So no table is read, and
 * gaps do not favour their neighbours. Null when none matches, which says nothing about the others.
 */
async function drawId(db: Executor, filter: VisibleFilter): Promise<number | null> {
  const [row] = await db.execute<{ id: number }>(sql`
    select ${roms.id} from (
      select n, (first + floor(random() * (last - first + 1)))::int4 as id
      from (select min(id)::float8, max(id)::float8 from ${roms}) b (first, last), generate_series(1, ${DRAWS}::int4) n
    ) drawn join ${roms} on ${roms.id} = drawn.id
    where ${and(...toConditions(filter)) ?? sql`true`}
    order by drawn.n limit 1`);
  return row?.id ?? null;
}

/** Picks among all that match. */
async function pickCounted(db: Executor, filter: VisibleFilter): Promise<number | null> {
  const [row] = await db.execute<{ id: number }>(sql`
    with matching as materialized (
      select ${roms.id} from ${roms} where ${and(...toConditions(filter)) ?? sql`true`}
    )
    select id from matching offset floor(random() * (select count(*) from matching))::int8 limit 1`);
  return row?.id ?? null;
}
