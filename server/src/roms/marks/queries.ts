import type { Executor } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { roms } from "@multitap/db/schema/roms";
import { and, eq, sql } from "drizzle-orm";
import type { Hidden } from "../../permissions/hidden/contract.ts";
import type { Rom, RomMark } from "../contract.ts";
import { toVisibleConditions } from "../filters/queries.ts";
import { ROM_COLUMNS, toRom } from "../queries.ts";

/** How a rom `r` carries a mark `m`, by what the mark names; both sides sort by code point. */
const CARRYING = {
  crc32: sql`r.crc_hash = m.crc32 collate "C" and r.fs_size_bytes = m."sizeBytes"`,
  md5: sql`r.md5_hash = m.md5 collate "C"`,
  sha1: sql`r.sha1_hash = m.sha1 collate "C"`,
  raHash: sql`r.ra_hash = m."raHash" collate "C"`,
  fsName: sql`r.fs_name = m."fsName" collate "C" and exists (
    select from ${platforms} p where p.id = r.platform_id and p.slug = m."platformSlug" collate "C")`,
} as const;

/**
 * The first rom (by id) outside of what is hidden that carries each mark, in the order of the marks; null where there
 * is none. One statement for all.
 */
export async function findRomsByMarks(
  db: Executor,
  marks: readonly RomMark[],
  hidden: Hidden,
): Promise<readonly (Rom | null)[]> {
  if (marks.length === 0) return [];
  const isShown = toVisibleConditions(hidden, { romId: sql`r.id`, platformId: sql`r.platform_id` });
  // A join for each sort of mark that is there: the planner probes an index, or reads all once and never per mark.
  const found = Object.entries(CARRYING)
    .filter(([name]) => marks.some((mark) => name in mark))
    .map(([, condition]) => sql`select m.n, r.id from m join ${roms} r on ${and(condition, ...isShown)}`);
  const numbered = JSON.stringify(marks.map((mark, n) => ({ ...mark, n })));
  const firsts = sql`(
    with m as (
      select * from jsonb_to_recordset(${numbered}::jsonb)
        as m(n int, crc32 text, "sizeBytes" bigint, md5 text, sha1 text, "raHash" text, "platformSlug" text, "fsName" text)
    )
    select n, min(id) as id from (${sql.join(found, sql` union all `)}) f group by n) k`;
  const rows = await db
    .select({ ...ROM_COLUMNS, n: sql<number>`k.n` })
    .from(firsts)
    .innerJoin(roms, sql`${roms.id} = k.id`)
    .innerJoin(platforms, eq(platforms.id, roms.platformId));
  const byMark = new Map(rows.map(({ n, ...row }) => [n, toRom(row)]));
  return marks.map((_mark, n) => byMark.get(n) ?? null);
}
