import type { Executor } from "@multitap/db";
import { platforms } from "@multitap/db/schema/platforms";
import { roms } from "@multitap/db/schema/roms";
import { and, asc, eq, inArray, sql } from "drizzle-orm";

/** A list as one parameter: a statement takes some sixty thousand, and a device may have more files. */
const elementsOf = (values: readonly (string | number)[]) =>
  sql`jsonb_array_elements_text(${JSON.stringify(values)}::text::jsonb)`;

/** A platform by the name of its folder. */
export interface PlatformFolderRow {
  readonly id: number;
  readonly fsSlug: string;
}

/** Those platforms that go by some folder names. */
export async function listPlatformsOfFolders(
  db: Executor,
  fsSlugs: readonly string[],
): Promise<readonly PlatformFolderRow[]> {
  if (fsSlugs.length === 0) return [];
  return await db
    .select({ id: platforms.id, fsSlug: platforms.fsSlug })
    .from(platforms)
    .where(inArray(platforms.fsSlug, [...fsSlugs]));
}

/** On which platforms some roms are. */
export async function listRomPlatforms(
  db: Executor,
  romIds: readonly number[],
): Promise<readonly { readonly id: number; readonly platformId: number }[]> {
  if (romIds.length === 0) return [];
  return await db
    .select({ id: roms.id, platformId: roms.platformId })
    .from(roms)
    .where(sql`${roms.id} in (select value::int from ${elementsOf(romIds)})`);
}

/** Roms of a platform by their file names without the extension; of several the one that is on disk, then the oldest. */
export async function listRomsOfStems(
  db: Executor,
  platformId: number,
  stems: readonly string[],
): Promise<readonly { readonly id: number; readonly stem: string }[]> {
  if (stems.length === 0) return [];
  return await db
    .selectDistinctOn([roms.fsNameNoExt], { id: roms.id, stem: roms.fsNameNoExt })
    .from(roms)
    .where(
      and(
        eq(roms.platformId, platformId),
        sql`${roms.fsNameNoExt} in (select value from ${elementsOf(stems)})`,
      ),
    )
    .orderBy(asc(roms.fsNameNoExt), asc(roms.missingFromFs), asc(roms.id));
}
