import { roms, romUser } from "@multitap/db/schema/roms";
import { and, type SQL, sql } from "drizzle-orm";
import type { RegionRank } from "../filters/rules.ts";

/** Ids by which roms of a platform are the same game; of a rom that has several the first counts. */
const GROUPING = [
  roms.igdbId,
  roms.ssId,
  roms.mobyId,
  roms.raId,
  roms.hasheousId,
  roms.launchboxId,
  roms.tgdbId,
] as const;

/** What file names of versions that were never sold contain. */
const PRERELEASE = "\\((demo|beta|proto|sample|kiosk|preview)";

/** What decides between the roms of one game. */
export interface Preference {
  readonly viewerId?: number | null | undefined;
  readonly regionRanks?: readonly RegionRank[] | undefined;
}

/**
 * The condition that keeps one rom of each game and platform among those that meet some conditions: the viewer's main
 * sibling, then one that was sold, then by the operator's order of the first region, then by file name.
 */
export function groupCondition(preference: Preference, conditions: readonly SQL[]): SQL {
  const { viewerId = null, regionRanks = [] } = preference;
  const number = sql`coalesce(${sql.join([...GROUPING], sql`, `)})`;
  const source = sql`case ${sql.join(
    GROUPING.map((column, index) => sql`when ${column} is not null then ${sql.raw(String(index))}`),
    sql` `,
  )} end`;
  // A rom without any id is a game of its own; the text of the last provider is compared only where no number is.
  const own = sql`case when ${number} is null and ${roms.flashpointId} is null then ${roms.id} end`;
  const word = sql`case when ${number} is null then ${roms.flashpointId} end`;
  const key = sql`${roms.platformId}, ${source}, ${number}, ${word}, ${own}`;
  return sql`${roms.id} in (
    select w.id from (
      select distinct on (${key}) ${roms.id}
      from ${roms} left join ${romUser} g on g.rom_id = ${roms.id} and g.user_id = ${viewerId ?? 0}
      where ${and(...conditions) ?? sql`true`}
      order by ${key}, coalesce(g.is_main_sibling, false) desc, ${roms.fsName} ~* ${PRERELEASE},
        ${rankOf(regionRanks)}, ${roms.fsNameNoExt}, ${roms.id}
    ) w)`;
}

/** Null, which stands last, for regions that the operator does not name. */
function rankOf(ranks: readonly RegionRank[]): SQL {
  if (ranks.length === 0) return sql`null::int`;
  const cases = ranks.map(({ name, rank }) => sql`when ${name} then ${rank}::int`);
  return sql`case ${roms.primaryRegion} ${sql.join(cases, sql` `)} end`;
}
