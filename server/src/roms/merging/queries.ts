import type { Executor } from "@multitap/db";
import { romProviderMetadata } from "@multitap/db/schema/roms";
import { inArray, type SQL, sql } from "drizzle-orm";
import type { MergedMetadata, ProviderAnswers } from "./rules.ts";

/** What is stored of the providers' answers, per rom; roms without any are left out. */
export async function listProviderAnswers(
  db: Executor,
  romIds: readonly number[],
): Promise<ReadonlyMap<number, ProviderAnswers>> {
  if (romIds.length === 0) return new Map();
  const { romId, provider, data } = romProviderMetadata;
  const rows = await db
    .select({ romId, provider, data })
    .from(romProviderMetadata)
    .where(inArray(romId, [...romIds]));
  const perRom = Map.groupBy(rows, (row) => row.romId);
  return new Map(
    [...perRom].map(([id, answers]) => [
      id,
      Object.fromEntries(answers.map((row) => [row.provider, row.data])),
    ]),
  );
}

/** Every kind of facet and the column of `roms` that it is told from. */
const FACET_COLUMNS = {
  region: "regions",
  language: "languages",
  tag: "tags",
  genre: "genres",
  franchise: "franchises",
  collection: "collection_names",
  company: "companies",
  mode: "game_modes",
  age_rating: "age_ratings",
} as const;

const facetsOfChanged = sql.raw(
  Object.entries(FACET_COLUMNS)
    .map(([kind, column]) => `select '${kind}' as kind, unnest(c.${column}) as value`)
    .join(" union all "),
);

/**
 * The end of a statement that brings facets in line with rows it has changed: `changed` before it names a part that
 * returns all columns of those roms. Whatever changes such a column ends with this, so that facets are told once.
 */
export const syncFacetsOfChanged: SQL = sql`gone as (
    delete from rom_facets f using changed c where f.rom_id = c.id
      and not (f.kind, f.value) in (${facetsOfChanged})
  )
  insert into rom_facets (rom_id, platform_id, kind, value)
  select distinct c.id, c.platform_id, v.kind, v.value from changed c, lateral (${facetsOfChanged}) v
  on conflict do nothing`;

const listOf = (field: string) => sql`array(select jsonb_array_elements_text(x.${sql.identifier(field)}))`;

/** Stores what was merged, and the facets that follow; a rom that looks no different keeps its time of change. */
export async function storeMergedMetadata(
  db: Executor,
  merged: readonly (MergedMetadata & { readonly romId: number })[],
): Promise<void> {
  if (merged.length === 0) return;
  await db.execute(sql`
    with input as (
      select x."romId" as id, ${listOf("genres")} as genres, ${listOf("franchises")} as franchises,
        ${listOf("collections")} as collection_names, ${listOf("companies")} as companies,
        ${listOf("gameModes")} as game_modes, ${listOf("ageRatings")} as age_ratings, x."playerCount" as player_count,
        x."firstReleasedAtMs" as first_release_date, x."averageRating" as average_rating,
        ${listOf("alternativeNames")} as alternative_names, x."youtubeVideoId" as youtube_video_id
      from jsonb_to_recordset(${JSON.stringify(merged)}::jsonb) as x("romId" int, genres jsonb, franchises jsonb,
        collections jsonb, companies jsonb, "gameModes" jsonb, "ageRatings" jsonb, "playerCount" text,
        "firstReleasedAtMs" bigint, "averageRating" double precision, "alternativeNames" jsonb,
        "youtubeVideoId" text)
    ), changed as (
      update roms r set genres = x.genres, franchises = x.franchises, collection_names = x.collection_names,
        companies = x.companies, game_modes = x.game_modes, age_ratings = x.age_ratings,
        player_count = x.player_count, first_release_date = x.first_release_date,
        average_rating = x.average_rating, alternative_names = x.alternative_names,
        youtube_video_id = x.youtube_video_id, updated_at = now()
      from input x where r.id = x.id and (r.genres, r.franchises, r.collection_names, r.companies, r.game_modes,
        r.age_ratings, r.player_count, r.first_release_date, r.average_rating, r.alternative_names, r.youtube_video_id)
        is distinct from (x.genres, x.franchises, x.collection_names, x.companies, x.game_modes, x.age_ratings,
        x.player_count, x.first_release_date, x.average_rating, x.alternative_names, x.youtube_video_id)
      returning r.*
    ), ${syncFacetsOfChanged}`);
}
