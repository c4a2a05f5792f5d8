import { roms } from "@multitap/db/schema/roms";
import { type SQL, sql } from "drizzle-orm";
import { toInstant } from "../../base/clock.ts";
import { formatIds } from "../../base/sql.ts";
import type { Hidden } from "../../permissions/hidden/contract.ts";
import type { RomCover } from "../contract.ts";
import { ROM_COVERS_MAX, ROM_COVERS_SOUGHT_MAX } from "../limits.ts";

/** Conditions that leave out what is hidden, each with " and " before it; the sub-selects are hashed once. */
export function andVisible(hidden: Hidden, columns: { readonly romId: SQL; readonly platformId: SQL }): SQL {
  const isOutside = (column: SQL, ids: readonly number[]) =>
    ids.length === 0 ? sql`` : sql` and ${column} not in (select unnest(${formatIds(ids)}::text::int4[]))`;
  return sql`${isOutside(columns.platformId, hidden.platformIds)}${isOutside(columns.romId, hidden.romIds)}`;
}

/**
 * The covers of the first roms that have one, as JSON for `parseRomCovers`.
 * @param members Selects `rom_id`, without an order.
 */
export function selectRomCovers(members: SQL): SQL<string | null> {
  return sql`(select json_agg(json_build_object('romId', k.id, 'small', nullif(k.path_cover_s, ''),
      'large', nullif(k.path_cover_l, ''), 'changedAtMs', extract(epoch from k.updated_at) * 1000) order by k.id)::text
    from (select c.id, c.path_cover_s, c.path_cover_l, c.updated_at
      from (${members} order by 1 limit ${ROM_COVERS_SOUGHT_MAX}) f
      join ${roms} c on c.id = f.rom_id
      where c.path_cover_s <> '' or c.path_cover_l <> ''
      order by c.id limit ${ROM_COVERS_MAX}) k)`;
}

/** The covers that `selectRomCovers` selected. */
export function parseRomCovers(text: string | null): readonly RomCover[] {
  const rows = JSON.parse(text ?? "[]") as readonly {
    readonly romId: number;
    readonly small: string | null;
    readonly large: string | null;
    readonly changedAtMs: number;
  }[];
  return rows.map(({ changedAtMs, ...cover }) => ({ ...cover, updatedAt: toInstant(new Date(changedAtMs)) }));
}

/** The list of ids that a JSON array selected as text holds. */
export function parseIds(text: string | null): readonly number[] {
  return JSON.parse(text ?? "[]") as number[];
}
