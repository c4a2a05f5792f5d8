import type { Executor } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { romFiles, roms } from "@multitap/db/schema/roms";
import { eq, sql } from "drizzle-orm";
import { ROMS_PER_CHECKSUM_MAX } from "./limits.ts";

/** A rom that has a file of a checksum, or has it itself. */
export interface ChecksumRom {
  readonly crc32: string;
  readonly id: number;
  readonly name: string;
  readonly platformId: number;
  readonly platformSlug: string;
}

/** The first roms (by id) of each checksum, at most `ROMS_PER_CHECKSUM_MAX`; one statement for all. */
export async function listRomsByCrc32(
  db: Executor,
  checksums: readonly string[],
): Promise<readonly ChecksumRom[]> {
  if (checksums.length === 0) return [];
  const given = sql`(select c collate "C" from jsonb_array_elements_text(${JSON.stringify(checksums)}::jsonb) c)`;
  const carrying = sql`(
    select crc32, id from (
      select crc32, id, row_number() over (partition by crc32 order by id) as place from (
        select ${roms.crcHash} as crc32, ${roms.id} as id from ${roms} where ${roms.crcHash} in ${given}
        union
        select ${romFiles.crcHash}, ${romFiles.romId} from ${romFiles} where ${romFiles.crcHash} in ${given}
      ) f
    ) g where place <= ${ROMS_PER_CHECKSUM_MAX}) k`;
  const rows = await db
    .select({
      crc32: sql<string>`k.crc32`,
      id: roms.id,
      name: roms.name,
      fsName: roms.fsName,
      platformId: roms.platformId,
      platformSlug: platforms.slug,
    })
    .from(carrying)
    .innerJoin(roms, sql`${roms.id} = k.id`)
    .innerJoin(platforms, eq(platforms.id, roms.platformId))
    .orderBy(roms.id);
  return rows.map(({ name, fsName, ...row }) => ({ ...row, name: name || fsName }));
}
