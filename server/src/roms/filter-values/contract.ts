import * as v from "valibot";
import { list } from "../../base/schemas.ts";

/** Distinct values that roms have, for filter menus; sorted. */
export interface FilterValues {
  readonly genres: readonly string[];
  readonly franchises: readonly string[];
  readonly collections: readonly string[];
  readonly companies: readonly string[];
  readonly gameModes: readonly string[];
  readonly ageRatings: readonly string[];
  readonly playerCounts: readonly string[];
  readonly regions: readonly string[];
  readonly languages: readonly string[];
  readonly tags: readonly string[];
  readonly platforms: readonly number[];
}

const Texts = list(v.string());
export const FilterValuesSchema = v.object({
  genres: Texts,
  franchises: Texts,
  collections: Texts,
  companies: Texts,
  gameModes: Texts,
  ageRatings: Texts,
  playerCounts: Texts,
  regions: Texts,
  languages: Texts,
  tags: Texts,
  platforms: list(v.number()),
});
