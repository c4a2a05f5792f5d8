import { describe, expect, test } from "bun:test";
import { countFilterValues, readCriteria } from "./rules.ts";

describe("readCriteria", () => {
  const rest = { orderBy: "name", direction: "asc" } as const;
  test.each([
    [{}, rest],
    [
      { platform_ids: [4], regions: ["USA"] },
      { ...rest, platformIds: [4], regions: { anyOf: ["USA"] } },
    ],
    [
      { platform_id: 4, selected_genre: "Puzzle", selected_status: "finished" },
      { ...rest, platformIds: [4], genres: { anyOf: ["Puzzle"] }, statuses: { anyOf: ["finished"] } },
    ],
    [
      { tags: ["a", "b"], tags_logic: "all" },
      { ...rest, tags: { allOf: ["a", "b"] } },
    ],
    [
      { languages: ["En"], languages_logic: "none", age_ratings: ["E"], player_counts: ["1-2"] },
      {
        ...rest,
        languages: { noneOf: ["En"] },
        ageRatings: { anyOf: ["E"] },
        playerCounts: { anyOf: ["1-2"] },
      },
    ],
    [
      { search_term: "zelda", missing: false, matched: true, favorite: false },
      { ...rest, search: "zelda", isMissing: false, isIdentified: true, isFavorite: false },
    ],
    [
      { duplicate: true, playable: false, verified: true, last_played: false, has_ra: true, has_saves: true },
      {
        ...rest,
        isDuplicate: true,
        isPlayable: false,
        isVerified: true,
        isPlayed: false,
        hasRetroAchievements: true,
        hasSaves: true,
      },
    ],
    [
      { has_states: false, has_soundtrack: true, group_by_meta_id: true, collection_id: 3 },
      { ...rest, hasStates: false, hasSoundtrack: true, isGrouped: true, collectionId: 3 },
    ],
    [
      { metadata_providers: ["igdb", "moon"], statuses: ["hidden", "backlogged"], statuses_logic: "all" },
      { ...rest, providers: { anyOf: ["igdb"] }, statuses: { allOf: ["hidden", "backlogged"] } },
    ],
    [{ metadata_providers: ["moon"], metadata_providers_logic: "none" }, rest],
    [
      { order_by: "fs_size_bytes", order_dir: "DESC" },
      { orderBy: "sizeBytes", direction: "desc" },
    ],
    [{ order_by: "average_rating" }, { ...rest, orderBy: "averageRating" }],
    [{ order_by: "rating", order_dir: "up" }, rest],
    [{ order_by: "constructor" }, rest],
    [{ updated_after: "2026-01-01T00:00:00Z" }, { ...rest, updatedAfter: "2026-01-01T00:00:00Z" }],
    [{ platform_ids: [], genres: [], search_term: "", missing: null, favorite: null, statuses: [] }, rest],
    [{ smart_collection_id: 7, limit: 50, offset: 10, with_char_index: true, group_by_meta_id: false }, rest],
  ])("reads %j", (criteria, filter) => {
    expect(readCriteria(criteria)).toEqual({
      filter: filter as ReturnType<typeof readCriteria>["filter"],
      unsupported: [],
    });
  });

  test.each([
    [{ anything: {} }, ["anything"]],
    [{ zebra: true, regions: ["USA"], game_mode: ["Co-op"] }, ["game_mode", "zebra"]],
    [{ selected_platform: 3 }, ["selected_platform"]],
  ])("names what of %j it knows no filter for", (criteria, unsupported) => {
    expect(readCriteria(criteria)).toEqual({ filter: null, unsupported });
  });

  const invalid: [Record<string, unknown>][] = [
    [{ platform_ids: ["four"] }],
    [{ platform_ids: 1.5 }],
    [{ regions: [1] }],
    [{ search_term: "x".repeat(401) }],
    [{ missing: "yes" }],
    [{ playable: "perhaps" }],
    [{ statuses: ["asleep"] }],
    [{ collection_id: 0 }],
    [{ updated_after: "soon" }],
    [{ genres: ["a\0b"] }],
  ];
  test.each(invalid)("takes values that are none for no filter: %j", (criteria) => {
    expect(readCriteria(criteria)).toEqual({ filter: null, unsupported: [] });
  });
});

describe("countFilterValues", () => {
  test.each([
    [{}, 0],
    [{ search: "a b c" }, 0],
    [{ platformIds: [1, 2], genres: { anyOf: ["a"], noneOf: ["b", "c"] }, statuses: { allOf: [] } }, 5],
  ])("of %j is %d", (filter, count) => {
    expect(countFilterValues(filter)).toBe(count);
  });
});
