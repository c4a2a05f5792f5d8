import { describe, expect, test } from "bun:test";
import { type MergedMetadata, mergeMetadata, type ProviderAnswers } from "./rules.ts";

const NOTHING: MergedMetadata = {
  genres: [],
  franchises: [],
  collections: [],
  companies: [],
  gameModes: [],
  ageRatings: [],
  playerCount: "1",
  firstReleasedAtMs: null,
  averageRating: null,
  alternativeNames: [],
  youtubeVideoId: null,
};

const cases: [string, ProviderAnswers, Partial<MergedMetadata>][] = [
  ["nothing", {}, {}],
  ["answers of no use", { igdb: null, moby: 7, ss: "x", ra: [], launchbox: { genres: "Action" } }, {}],
  ["names of every object", { igdb: JSON.parse('{"__proto__":{"genres":["x"]}}') }, {}],
  ["texts in order, each once", { igdb: { genres: ["b", "a", "b", "", 7, null] } }, { genres: ["a", "b"] }],
  [
    "the first that says something",
    { manual: { genres: [] }, moby: { genres: ["m"] }, ra: { genres: ["r"] } },
    { genres: ["m"] },
  ],
  ["what people say before all", { manual: { genres: ["p"] }, igdb: { genres: ["i"] } }, { genres: ["p"] }],
  [
    "every field",
    {
      igdb: {
        franchises: ["f"],
        collections: ["c"],
        companies: ["co"],
        game_modes: ["g"],
        alternative_names: ["n"],
        youtube_video_id: "v",
      },
    },
    {
      franchises: ["f"],
      collections: ["c"],
      companies: ["co"],
      gameModes: ["g"],
      alternativeNames: ["n"],
      youtubeVideoId: "v",
    },
  ],
  [
    "age ratings",
    { ss: { age_ratings: [{ rating: "12" }, { category: "x" }, null] } },
    { ageRatings: ["12"] },
  ],
  ["a rating that is a text", { launchbox: { esrb: "T" } }, { ageRatings: ["T"] }],
  ["no age ratings, as people say", { manual: { age_ratings: [] }, launchbox: { esrb: "T" } }, {}],
  [
    "more than one player",
    { manual: { player_count: "1" }, igdb: { player_count: "2" } },
    { playerCount: "2" },
  ],
  [
    "a release in milliseconds",
    { manual: { first_release_date: 5 }, igdb: { first_release_date: 9 } },
    { firstReleasedAtMs: 5 },
  ],
  ["one in seconds", { ss: { first_release_date: 9 } }, { firstReleasedAtMs: 9000 }],
  ["one as text", { flashpoint: { first_release_date: "9" } }, { firstReleasedAtMs: 9000 }],
  ["none before 1970", { igdb: { first_release_date: -9 }, ra: { first_release_date: "None" } }, {}],
  ["none that no calendar has", { igdb: { first_release_date: 999_999_999_999_999 } }, {}],
  [
    "one of a list of games",
    { gamelist: { first_release_date: "19991231T000000" } },
    { firstReleasedAtMs: 946_598_400_000 },
  ],
  ["no such day", { gamelist: { first_release_date: "19991331T000000" } }, {}],
  [
    "the mean of ratings",
    { igdb: { total_rating: "80" }, moby: { moby_score: "6" }, ss: { ss_score: "0" } },
    { averageRating: 70 },
  ],
  ["all scales", { launchbox: { community_rating: 4 }, gamelist: { rating: 0.6 } }, { averageRating: 70 }],
  ["ratings that are none", { igdb: { total_rating: "x" }, moby: { moby_score: {} } }, {}],
];

describe("mergeMetadata", () => {
  test.each(cases)("takes %s", (_what, answers, expected) => {
    expect(mergeMetadata(answers)).toEqual({ ...NOTHING, ...expected });
  });

  test("cuts what no index can hold", () => {
    const [genre = ""] = mergeMetadata({ igdb: { genres: ["😀".repeat(500)] } }).genres;
    expect(genre).toBe("😀".repeat(400));
    const genres = Array.from({ length: 500 }, (_, index) => String(index));
    expect(mergeMetadata({ igdb: { genres } }).genres).toHaveLength(200);
  });
});
