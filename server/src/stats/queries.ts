import type { Executor } from "@multitap/db";
import { saves, screenshots, states } from "@multitap/db/schema/assets";
import { romFiles, roms } from "@multitap/db/schema/roms";
import { sql } from "drizzle-orm";
import type { PlatformStats, Stats } from "./contract.ts";

type Totals = Omit<Stats, "perPlatform">;

/** All totals in one statement. */
export async function readTotals(db: Executor): Promise<Totals> {
  const rows = (await db.execute(sql`select
    (select count(distinct platform_id) from ${roms})::int as platforms,
    (select count(*) from ${roms})::int as roms,
    (select count(*) from ${saves})::int as saves,
    (select count(*) from ${states})::int as states,
    (select count(*) from ${screenshots})::int as screenshots,
    (select coalesce(sum(file_size_bytes), 0) from ${romFiles})::float8 as "sizeBytes"`)) as unknown as Totals[];
  return { ...(rows[0] ?? { platforms: 0, roms: 0, saves: 0, states: 0, screenshots: 0, sizeBytes: 0 }) };
}

/** Provider columns whose coverage is counted, by provider slug. */
const PROVIDERS = {
  igdb: roms.igdbId,
  moby: roms.mobyId,
  ss: roms.ssId,
  ra: roms.raId,
  launchbox: roms.launchboxId,
  hasheous: roms.hasheousId,
  tgdb: roms.tgdbId,
  flashpoint: roms.flashpointId,
  hltb: roms.hltbId,
  gamelist: roms.gamelistId,
  libretro: roms.libretroId,
} as const;

interface CountRow {
  readonly platformId: number;
  readonly name: string;
  readonly count: number;
}

/** Matches per provider and roms per region, for every platform that has roms. */
export async function readPlatformStats(db: Executor): Promise<readonly PlatformStats[]> {
  const counts = Object.entries(PROVIDERS).map(
    ([
      name,
      column,
    ]) => sql`select platform_id as "platformId", ${name}::text as name, count(${column})::int as count
      from ${roms} group by platform_id having count(${column}) > 0`,
  );
  const matched = (await db.execute(sql.join(counts, sql` union all `))) as unknown as CountRow[];
  const regions =
    (await db.execute(sql`select platform_id as "platformId", value as name, count(*)::int as count
    from rom_facets where kind = 'region' group by platform_id, value
    order by count desc, name`)) as unknown as CountRow[];
  const ids = await db.selectDistinct({ platformId: roms.platformId }).from(roms).orderBy(roms.platformId);
  return ids.map(({ platformId }) => ({
    platformId,
    matched: matched
      .filter((row) => row.platformId === platformId)
      .map((row) => ({ provider: row.name, count: row.count })),
    regions: regions
      .filter((row) => row.platformId === platformId)
      .map((row) => ({ region: row.name, count: row.count })),
  }));
}
