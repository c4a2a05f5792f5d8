import type { Executor } from "@multitap/db";
import { romFacets, roms } from "@multitap/db/schema/roms";
import { inArray, sql } from "drizzle-orm";
import { toInstant } from "../../base/clock.ts";
import type { Hidden } from "../../permissions/hidden/contract.ts";
import type { VirtualKey } from "../../roms/filters/contract.ts";
import type { CollectionParts, RomCover } from "../contract.ts";
import { andVisible, parseIds, parseRomCovers, selectRomCovers } from "../covers/queries.ts";
import { VIRTUAL_LISTED_MAX, VIRTUAL_ROMS_MIN } from "../limits.ts";
import type { VirtualCollection, VirtualType } from "./contract.ts";

/** What counting finds out about a virtual collection. */
export type VirtualCounts = Pick<VirtualCollection, "type" | "name" | "romCount" | "createdAt" | "updatedAt">;

export interface VirtualQuery {
  readonly types: readonly VirtualType[];
  /** Only the one of this name. */
  readonly name?: string | undefined;
  readonly hidden: Hidden;
}

const FACET = { romId: sql`f.rom_id`, platformId: sql`f.platform_id` };

/** Virtual collections that hold enough roms that are not hidden, by type and name. */
export async function listVirtualCounts(
  db: Executor,
  { types, name, hidden }: VirtualQuery,
): Promise<readonly VirtualCounts[]> {
  if (types.length === 0) return [];
  const isNamed = name === undefined ? sql`` : sql` and f.value = ${name}`;
  const rows = await db.execute<{
    kind: VirtualType;
    value: string;
    count: number;
    createdAtMs: number;
    updatedAtMs: number;
  }>(sql`
    select f.kind, f.value, count(*)::int as count,
      (extract(epoch from min(r.created_at)) * 1000)::float8 as "createdAtMs",
      (extract(epoch from max(r.updated_at)) * 1000)::float8 as "updatedAtMs"
    from ${romFacets} f join ${roms} r on r.id = f.rom_id
    where ${inArray(sql`f.kind`, [...types])}${isNamed}${andVisible(hidden, FACET)}
    group by f.kind, f.value having count(*) >= ${VIRTUAL_ROMS_MIN}
    order by f.kind, f.value limit ${VIRTUAL_LISTED_MAX}`);
  return rows.map(({ kind, value, count, createdAtMs, updatedAtMs }) => ({
    type: kind,
    name: value,
    romCount: count,
    createdAt: toInstant(new Date(createdAtMs)),
    updatedAt: toInstant(new Date(updatedAtMs)),
  }));
}

/** What is in a virtual collection. */
export interface VirtualMembers extends CollectionParts {
  readonly romCovers: readonly RomCover[];
}

/** The roms of some virtual collections in their order, in one statement. Without `withRomIds` no ids are read. */
export async function listVirtualMembers(
  db: Executor,
  keys: readonly VirtualKey[],
  { hidden, withRomIds }: { readonly hidden: Hidden; readonly withRomIds: boolean },
): Promise<readonly VirtualMembers[]> {
  if (keys.length === 0) return [];
  const from = sql`from ${romFacets} f
    where f.kind = k.kind collate "C" and f.value = k.value collate "C"${andVisible(hidden, FACET)}`;
  const romIds = withRomIds
    ? sql`(select json_agg(f.rom_id order by f.rom_id)::text ${from})`
    : sql`null::text`;
  const numbered = JSON.stringify(keys.map(({ type, name }, n) => ({ n, kind: type, value: name })));
  const rows = await db.execute<{ romIds: string | null; romCovers: string | null }>(sql`
    select ${romIds} as "romIds", ${selectRomCovers(sql`select f.rom_id ${from}`)} as "romCovers"
    from json_to_recordset(${numbered}::text::json) as k (n int, kind text, value text) order by k.n`);
  return rows.map((row) => ({ romIds: parseIds(row.romIds), romCovers: parseRomCovers(row.romCovers) }));
}
