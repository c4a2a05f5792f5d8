import { describe, expect, test } from "bun:test";
import { checkCriteria, findFilter, listUnsupported } from "./rules.ts";

describe("findFilter", () => {
  const rest = { orderBy: "name", direction: "asc" } as const;
  test.each([
    [{}, rest],
    [
      { platform_ids: [4], regions: ["USA"] },
      { ...rest, platformIds: [4], regions: { anyOf: ["USA"] } },
    ],
    [
      { platform_id: 4, selected_genre: "Puzzle" },
      { ...rest, platformIds: [4], genres: { anyOf: ["Puzzle"] } },
    ],
    [
      { tags: ["a", "b"], tags_logic: "all" },
      { ...rest, tags: { allOf: ["a", "b"] } },
    ],
    [
      { languages: ["En"], languages_logic: "none" },
      { ...rest, languages: { noneOf: ["En"] } },
    ],
    [
      { search_term: "zelda", missing: false, matched: true, favorite: false },
      { ...rest, search: "zelda", isMissing: false, isIdentified: true, isFavorite: false },
    ],
    [
      { order_by: "fs_size_bytes", order_dir: "DESC" },
      { orderBy: "sizeBytes", direction: "desc" },
    ],
    [{ order_by: "rating", order_dir: "up" }, rest],
    [{ order_by: "constructor" }, rest],
    [{ updated_after: "2026-01-01T00:00:00Z" }, { ...rest, updatedAfter: "2026-01-01T00:00:00Z" }],
    [{ platform_ids: [], genres: [], search_term: "", missing: null, favorite: null, statuses: [] }, rest],
    [{ smart_collection_id: 7, limit: 50, offset: 10, with_char_index: true, group_by_meta_id: false }, rest],
  ])("reads %j", (criteria, filter) => {
    expect(findFilter(criteria)).toEqual(filter as ReturnType<typeof findFilter>);
    expect(() => checkCriteria(criteria)).not.toThrow();
  });

  test.each([
    [{ playable: true }, ["playable"]],
    [{ playable: false }, ["playable"]],
    [{ statuses: ["finished"], has_saves: true, regions: ["USA"] }, ["has_saves", "statuses"]],
    [{ selected_status: "finished" }, ["selected_status"]],
    [{ group_by_meta_id: true }, ["group_by_meta_id"]],
    [{ collection_id: 3 }, ["collection_id"]],
    [{ anything: {} }, ["anything"]],
  ])("refuses %j, naming what it lacks", (criteria, names) => {
    expect(listUnsupported(criteria)).toEqual(names);
    expect(findFilter(criteria)).toBeNull();
    expect(() => checkCriteria(criteria)).toThrow(names.join(", "));
  });

  const invalid: [Record<string, unknown>][] = [
    [{ platform_ids: ["four"] }],
    [{ platform_ids: 1.5 }],
    [{ regions: [1] }],
    [{ search_term: "x".repeat(401) }],
    [{ missing: "yes" }],
    [{ updated_after: "soon" }],
    [{ genres: ["a\0b"] }],
    [{ genres: Array.from({ length: 101 }, (_, n) => `genre ${n}`) }],
    [{ platform_ids: Array(60).fill(1), genres: Array(60).fill("a") }],
    [{ order_by: "x".repeat(20_000) }],
    [{ order_by: "a\0b" }],
  ];
  test.each(invalid)("refuses values that are none: %j", (criteria) => {
    expect(() => checkCriteria(criteria)).toThrow("Filter criteria hold a value");
  });
});
