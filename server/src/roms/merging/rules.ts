import { compareByCodePoint } from "../../base/code-point-order.ts";
import { RELEASED_AT_MAX_MS, VALUE_CHARS_MAX, VALUES_MAX } from "./limits.ts";

/** What the providers, and people (`manual`), said of one rom, by short name; nothing about it is certain. */
export type ProviderAnswers = Readonly<Record<string, unknown>>;

/** What follows from all of it together. */
export interface MergedMetadata {
  readonly genres: readonly string[];
  readonly franchises: readonly string[];
  readonly collections: readonly string[];
  readonly companies: readonly string[];
  readonly gameModes: readonly string[];
  readonly ageRatings: readonly string[];
  /** "1" when nobody says more. */
  readonly playerCount: string;
  /** Milliseconds since 1970; null when nobody says. */
  readonly firstReleasedAtMs: number | null;
  /** 0 to 100; null when nobody says. */
  readonly averageRating: number | null;
  readonly alternativeNames: readonly string[];
  readonly youtubeVideoId: string | null;
}

/** Who is asked, first to last; the first who says anything decides. */
const GENRES = ["manual", "igdb", "moby", "ss", "launchbox", "ra", "flashpoint", "gamelist"];
const FRANCHISES = ["manual", "igdb", "ss", "flashpoint", "gamelist"];
const COMPANIES = ["manual", "igdb", "ss", "ra", "launchbox", "flashpoint", "gamelist"];
const GAME_MODES = ["manual", "igdb", "ss", "flashpoint"];
const PLAYER_COUNTS = ["manual", "ss", "igdb", "gamelist"];
/** Those that tell a release in seconds since 1970. */
const RELEASES = ["igdb", "ss", "ra", "launchbox", "flashpoint"];
const VIDEOS = ["manual", "igdb", "launchbox"];

/** What each rating is multiplied with to become one of 0 to 100. */
const RATINGS = [
  ["igdb", "total_rating", 1],
  ["moby", "moby_score", 10],
  ["ss", "ss_score", 10],
  ["launchbox", "community_rating", 20],
  ["gamelist", "rating", 100],
] as const;

/** Merges what providers said into the one view that lists and filters show. */
export function mergeMetadata(answers: ProviderAnswers): MergedMetadata {
  const read = (provider: string, field: string) => readField(answers[provider], field);
  const firstList = (providers: readonly string[], field: string) =>
    providers.map((provider) => toTexts(read(provider, field))).find((texts) => texts.length > 0) ?? [];
  return {
    genres: firstList(GENRES, "genres"),
    franchises: firstList(FRANCHISES, "franchises"),
    collections: toTexts(read("igdb", "collections")),
    companies: firstList(COMPANIES, "companies"),
    gameModes: firstList(GAME_MODES, "game_modes"),
    ageRatings: mergeAgeRatings(read),
    playerCount:
      PLAYER_COUNTS.map((provider) => toText(read(provider, "player_count"))).find(isSeveral) ?? "1",
    firstReleasedAtMs: mergeRelease(read),
    averageRating: mergeRatings(read),
    alternativeNames:
      [read("igdb", "alternative_names"), read("moby", "alternate_titles"), read("ss", "alternative_names")]
        .map(toTexts)
        .find((texts) => texts.length > 0) ?? [],
    youtubeVideoId:
      VIDEOS.map((provider) => toText(read(provider, "youtube_video_id"))).find(Boolean) ?? null,
  };
}

type Read = (provider: string, field: string) => unknown;

function readField(answer: unknown, field: string): unknown {
  const isObject = typeof answer === "object" && answer !== null;
  return isObject && Object.hasOwn(answer, field) ? (answer as Record<string, unknown>)[field] : undefined;
}

const isSeveral = (count: string) => count !== "" && count !== "1";

function toText(value: unknown): string {
  return typeof value === "string" ? cut(value) : "";
}

/** Distinct texts in code-point order, as the compatible API shows them. */
function toTexts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  const texts = value.slice(0, VALUES_MAX).map(toText);
  return [...new Set(texts.filter((text) => text !== ""))].sort(compareByCodePoint);
}

function cut(text: string): string {
  const trimmed = text.trim();
  return trimmed.length <= VALUE_CHARS_MAX ? trimmed : [...trimmed].slice(0, VALUE_CHARS_MAX).join("");
}

/** People may also say that there are none. */
function mergeAgeRatings(read: Read): readonly string[] {
  const manual = read("manual", "age_ratings");
  if (Array.isArray(manual)) return toTexts(manual);
  const ratingsOf = (provider: string) => {
    const ratings = read(provider, "age_ratings");
    return toTexts(Array.isArray(ratings) ? ratings.map((rating) => readField(rating, "rating")) : []);
  };
  const lists = [ratingsOf("igdb"), ratingsOf("ss"), toTexts([read("launchbox", "esrb")])];
  return lists.find((ratings) => ratings.length > 0) ?? [];
}

/** The first one counts that is a whole number above zero: releases before 1970 cannot be told. */
function mergeRelease(read: Read): number | null {
  const seconds = RELEASES.map((provider) => toCount(read(provider, "first_release_date")) * 1000);
  const moments = [toCount(read("manual", "first_release_date")), ...seconds, parseGamelistMoment(read)];
  return moments.find((ms) => ms > 0 && ms <= RELEASED_AT_MAX_MS) ?? null;
}

/** A whole number, also as text; 0 for anything else. */
function toCount(value: unknown): number {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

/** Gamelist files write moments as `YYYYMMDDThhmmss`. */
function parseGamelistMoment(read: Read): number {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)$/.exec(
    toText(read("gamelist", "first_release_date")),
  );
  if (parts === null) return 0;
  const [, year, month, day, hour, minute, second] = parts;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? 0 : ms;
}

/** The mean of those that rate it; a zero is no rating. */
function mergeRatings(read: Read): number | null {
  const ratings = RATINGS.map(([provider, field, factor]) => Number(read(provider, field) ?? 0) * factor);
  const present = ratings.filter((rating) => Number.isFinite(rating) && rating > 0);
  if (present.length === 0) return null;
  return Math.min(100, present.reduce((sum, rating) => sum + rating, 0) / present.length);
}
