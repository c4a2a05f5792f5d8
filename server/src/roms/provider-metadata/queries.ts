import type { Executor } from "@multitap/db";
import { romProviderMetadata, roms } from "@multitap/db/schema/roms";
import { asc, inArray, sql } from "drizzle-orm";
import type { ProviderIdColumn } from "../../metadata/contract.ts";
import { PROVIDER_COLUMNS } from "../filters/queries.ts";
import { syncFacetsOfChanged } from "../merging/queries.ts";
import type { RomColumns, StoredRom } from "./rules.ts";

/** Providers that say what a rom is; one that has only pictures does not count. */
const { sgdb: _pictures, ...KNOWN_COLUMNS } = PROVIDER_COLUMNS;

const COLUMNS = {
  id: roms.id,
  platformId: roms.platformId,
  fsName: roms.fsName,
  fsNameNoTags: roms.fsNameNoTags,
  name: roms.name,
  nameSortKey: roms.nameSortKey,
  summary: roms.summary,
  regions: roms.regions,
  languages: roms.languages,
  urlCover: roms.urlCover,
  urlManual: roms.urlManual,
  urlScreenshots: roms.urlScreenshots,
  pathCoverSmall: roms.pathCoverSmall,
  pathCoverLarge: roms.pathCoverLarge,
  pathManual: roms.pathManual,
  pathVideo: roms.pathVideo,
  pathScreenshots: roms.pathScreenshots,
};

/** Roms as they are now, locked until the transaction ends, in the order of their ids. */
export async function lockStoredRoms(db: Executor, romIds: readonly number[]): Promise<readonly StoredRom[]> {
  const rows = await db
    .select({ rom: COLUMNS, known: KNOWN_COLUMNS })
    .from(roms)
    .where(inArray(roms.id, [...romIds]))
    .orderBy(asc(roms.id))
    .for("update");
  return rows.map(({ rom, known }) => ({
    ...rom,
    knownBy: Object.entries(known).flatMap(([name, id]) => (id === null ? [] : [name])),
  }));
}

/** What a provider said of one rom, and what its row shall say. */
export interface StoredAnswer {
  readonly romId: number;
  readonly providerId: string;
  readonly columns: RomColumns;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Keeps what a provider said as it is. */
export async function storeProviderData(
  db: Executor,
  provider: string,
  answers: readonly StoredAnswer[],
): Promise<void> {
  const values = answers.map(({ romId, data }) => ({ romId, provider, data }));
  await db
    .insert(romProviderMetadata)
    .values(values)
    .onConflictDoUpdate({
      target: [romProviderMetadata.romId, romProviderMetadata.provider],
      set: { data: sql`excluded.data`, updatedAt: sql`now()` },
      setWhere: sql`${romProviderMetadata.data} is distinct from excluded.data`,
    });
}

const listOf = (field: string) => sql`array(select jsonb_array_elements_text(x.${sql.identifier(field)}))`;

/**
 * Brings rows and facets to what answers say; a rom that looks no different keeps its time of change.
 * @param idColumn Column of the provider's own id; null when it gives none.
 */
export async function storeAnsweredRoms(
  db: Executor,
  idColumn: ProviderIdColumn | null,
  answers: readonly StoredAnswer[],
): Promise<void> {
  const rows = answers.map(({ romId, providerId, columns }) => ({ romId, providerId, ...columns }));
  const column = sql.identifier(idColumn ?? "gamelist_id");
  const type =
    idColumn === "gamelist_id" || idColumn === "flashpoint_id" || idColumn === "libretro_id" ? "text" : "int";
  const id = idColumn === null ? sql`r.${column}` : sql`x."providerId"::${sql.raw(type)}`;
  await db.execute(sql`
    with input as (
      select x."romId" as id, x.*, ${listOf("regions")} as region_list, ${listOf("languages")} as language_list,
        ${listOf("urlScreenshots")} as url_list, ${listOf("pathScreenshots")} as path_list
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as x("romId" int, "providerId" text, name text,
        "nameSortKey" text, summary text, regions jsonb, languages jsonb, "urlCover" text, "urlManual" text,
        "urlScreenshots" jsonb, "pathCoverSmall" text, "pathCoverLarge" text, "pathManual" text, "pathVideo" text,
        "pathScreenshots" jsonb)
    ), changed as (
      update roms r set ${column} = ${id}, name = x.name, name_sort_key = x."nameSortKey", summary = x.summary,
        regions = x.region_list, languages = x.language_list, primary_region = left(x.region_list[1], 50),
        url_cover = x."urlCover", url_manual = x."urlManual", url_screenshots = x.url_list,
        path_cover_s = x."pathCoverSmall", path_cover_l = x."pathCoverLarge", path_manual = x."pathManual",
        path_video = x."pathVideo", path_screenshots = x.path_list, updated_at = now()
      from input x where r.id = x.id and (r.${column}, r.name, r.name_sort_key, r.summary, r.regions, r.languages,
        r.url_cover, r.url_manual, r.url_screenshots, r.path_cover_s, r.path_cover_l, r.path_manual, r.path_video,
        r.path_screenshots) is distinct from (${id}, x.name, x."nameSortKey", x.summary, x.region_list,
        x.language_list, x."urlCover", x."urlManual", x.url_list, x."pathCoverSmall", x."pathCoverLarge",
        x."pathManual", x."pathVideo", x.path_list)
      returning r.*
    ), ${syncFacetsOfChanged}`);
}
