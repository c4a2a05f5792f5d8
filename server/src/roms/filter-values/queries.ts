import type { Executor } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { romFacets, roms } from "@multitap/db/schema/roms";
import { and, inArray, type SQL, sql } from "drizzle-orm";
import type { Hidden } from "../../permissions/hidden/contract.ts";
import { toScopeConditions, toVisibleConditions, type VisibleFilter } from "../filters/queries.ts";
import type { FilterValues } from "./contract.ts";

/** Collects the values that roms have where a filter looks: on its platforms, in its collections, by its search. */
export async function readFilterValues(db: Executor, filter: VisibleFilter): Promise<FilterValues> {
  const { platformIds, search, hidden, collectionId, virtualCollectionId, smartCollectionId } = filter;
  const isNarrow = [search, collectionId, virtualCollectionId, smartCollectionId].some(
    (place) => place !== undefined,
  );
  const found = await db.execute<{ kind: string; value: string }>(
    isNarrow ? valuesOfRoms(filter) : valuesOfPlatforms(platformIds ?? [], hidden),
  );
  const byKind = Map.groupBy(found, (row) => row.kind);
  const values = (kind: string) => (byKind.get(kind) ?? []).map((row) => row.value);
  return {
    genres: values("genre"),
    franchises: values("franchise"),
    collections: values("collection"),
    companies: values("company"),
    gameModes: values("mode"),
    ageRatings: values("age_rating"),
    playerCounts: values(PLAYERS),
    regions: values("region"),
    languages: values("language"),
    tags: values("tag"),
    platforms: values(PLATFORM)
      .map(Number)
      .sort((a, b) => a - b),
  };
}

/** Stand beside the kinds of facets, none of which is called so. */
const PLATFORM = "-platform";
const PLAYERS = "-players";

/**
 * Distinct values by leaping from one to the next in an index: a few probes per value, however many roms have
 * it. A plain DISTINCT reads every entry.
 */
function valuesOfPlatforms(platformIds: readonly number[], hidden: Hidden): SQL {
  const isAll = platformIds.length === 0 && hidden.mark === "";
  const isNamed = (column: SQL) => (platformIds.length === 0 ? sql`true` : inArray(column, [...platformIds]));
  const isChosen = (platformId: SQL, romId: SQL) =>
    and(isNamed(platformId), ...toVisibleConditions(hidden, { platformId, romId })) ?? sql`true`;
  // Of the chosen platforms every rom is visible unless it is hidden by itself.
  const isShown = (romId: SQL) =>
    and(...toVisibleConditions({ ...hidden, platformIds: [] }, { platformId: sql`0`, romId })) ?? sql`true`;
  const nextFacet = (condition: SQL) => sql`cross join lateral (
    select f.kind, f.value from ${romFacets} f
    where f.platform_id = p.platform_id and ${condition} and ${isShown(sql`f.rom_id`)}
    order by f.kind, f.value limit 1) n`;
  const nextPlayers = (condition: SQL) =>
    sql`(select r.player_count from ${roms} r where ${condition} order by r.player_count limit 1)`;
  // No index leads from a platform to its player counts, so there the platform's own roms are read.
  const players = isAll
    ? sql`select ${nextPlayers(sql`true`)} as value union all
      select ${nextPlayers(sql`r.player_count > p.value`)} from players p where p.value is not null`
    : sql`select distinct r.player_count as value from ${roms} r
      where ${isChosen(sql`r.platform_id`, sql`r.id`)}`;
  return sortValues(sql`
    with recursive chosen as (
      select p.id as platform_id from ${platforms} p
      where ${and(isNamed(sql`p.id`), ...toVisibleConditions({ ...hidden, romIds: [] }, { platformId: sql`p.id`, romId: sql`0` }))}
    ), facets as (
      select p.platform_id, n.kind, n.value from chosen p ${nextFacet(sql`true`)} union all
      select p.platform_id, n.kind, n.value from facets p ${nextFacet(sql`(f.kind, f.value) > (p.kind, p.value)`)}
    ), players as (${players})
    select distinct kind, value from facets union all
    select ${PLAYERS}, value from players where value is not null union all
    select ${PLATFORM}, platform_id::text from chosen c
    where exists (select from ${roms} r where r.platform_id = c.platform_id and ${isShown(sql`r.id`)})`);
}

function valuesOfRoms(filter: VisibleFilter): SQL {
  return sortValues(sql`
    with found as materialized (
      select ${roms.id}, ${roms.platformId}, ${roms.playerCount} from ${roms}
      where ${and(...toScopeConditions(filter)) ?? sql`true`}
    )
    select distinct kind, value from ${romFacets} where rom_id = any(array(select id from found)) union all
    select distinct ${PLAYERS}, player_count from found union all
    select distinct ${PLATFORM}, platform_id::text from found`);
}

/** The parts differ in collation, so the order has to name one. */
function sortValues(values: SQL): SQL {
  return sql`select kind, value from (${values}) v (kind, value) order by kind collate "C", value collate "C"`;
}
