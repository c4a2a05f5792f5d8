import type { Executor } from "@multitap/db";
import { saves, screenshots, states } from "@multitap/db/schema/assets";
import { romFiles, roms } from "@multitap/db/schema/roms";
import { type SQL, sql } from "drizzle-orm";
import type { Hidden } from "../permissions/hidden/contract.ts";
import type { PlatformStats, Stats } from "./contract.ts";

type Totals = Omit<Stats, "perPlatform">;

/** The condition that leaves out what is hidden; true when nothing is. The sub-selects are hashed once. */
function isVisible(hidden: Hidden, romId: SQL): SQL {
  const isOutside = (column: SQL, ids: readonly number[]) =>
    ids.length === 0
      ? sql`true`
      : sql`${column} not in (select unnest(${`{${ids.join(",")}}`}::text::int4[]))`;
  return sql`${isOutside(sql`platform_id`, hidden.platformIds)} and ${isOutside(romId, hidden.romIds)}`;
}

/** Files know their rom only, so the roms are asked; by nobody from whom nothing is hidden. */
function isVisibleFile(hidden: Hidden): SQL {
  if (hidden.mark === "") return sql`true`;
  return sql`rom_id in (select id from ${roms} where ${isVisible(hidden, sql`id`)})`;
}

/** All totals in one statement. */
export async function readTotals(db: Executor, hidden: Hidden): Promise<Totals> {
  const visibleRoms = sql`from ${roms} where ${isVisible(hidden, sql`id`)}`;
  const rows = (await db.execute(sql`select
    (select count(distinct platform_id) ${visibleRoms})::int as platforms,
    (select count(*) ${visibleRoms})::int as roms,
    (select count(*) from ${saves})::int as saves,
    (select count(*) from ${states})::int as states,
    (select count(*) from ${screenshots})::int as screenshots,
    (select coalesce(sum(file_size_bytes), 0) from ${romFiles} where ${isVisibleFile(hidden)})::float8 as "sizeBytes"`)) as unknown as Totals[];
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
export async function readPlatformStats(db: Executor, hidden: Hidden): Promise<readonly PlatformStats[]> {
  const visibleRoms = sql`from ${roms} where ${isVisible(hidden, sql`id`)}`;
  const counts = Object.entries(PROVIDERS).map(
    ([
      name,
      column,
    ]) => sql`select platform_id as "platformId", ${name}::text as name, count(${column})::int as count
      ${visibleRoms} group by platform_id having count(${column}) > 0`,
  );
  const matched = (await db.execute(sql.join(counts, sql` union all `))) as unknown as CountRow[];
  const regions =
    (await db.execute(sql`select platform_id as "platformId", value as name, count(*)::int as count
    from rom_facets where kind = 'region' and ${isVisible(hidden, sql`rom_id`)} group by platform_id, value
    order by count desc, name`)) as unknown as CountRow[];
  const ids = await db
    .selectDistinct({ platformId: roms.platformId })
    .from(roms)
    .where(isVisible(hidden, sql`id`))
    .orderBy(roms.platformId);
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
