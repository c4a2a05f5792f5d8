import * as v from "valibot";
import type { Instant } from "../../base/clock.ts";
import { GivenMoment, Id } from "../../base/schemas.ts";
import { FILTER_VALUES_MAX, SEARCH_CHARS_MAX, VIRTUAL_ID_CHARS_MAX } from "../limits.ts";

/** Orders of the library itself: no rom is left out by them. */
export const LIBRARY_ORDERS = [
  "name",
  "id",
  "createdAt",
  "updatedAt",
  "sizeBytes",
  "fsName",
  "firstReleasedAt",
  "averageRating",
] as const;
/** Orders by what the caller did with roms: only those are listed with which they did anything. */
export const USER_ORDERS = ["lastPlayedAt", "rating", "difficulty", "completion"] as const;
export const ROM_ORDERS = [...LIBRARY_ORDERS, ...USER_ORDERS] as const;
/** What roms are sorted by. */
export type RomOrder = (typeof ROM_ORDERS)[number];

/** What a caller may call their progress with a rom, and the three marks that stand beside it. */
export const ROM_STATUSES = [
  "incomplete",
  "finished",
  "completed_100",
  "retired",
  "never_playing",
  "now_playing",
  "backlogged",
  "hidden",
] as const;
/** What a user said of a rom, as a filter. */
export type RomStatus = (typeof ROM_STATUSES)[number];

/** Sources that know a rom by an id of theirs. */
export const ROM_PROVIDERS = [
  "igdb",
  "sgdb",
  "moby",
  "ss",
  "ra",
  "launchbox",
  "hasheous",
  "tgdb",
  "hltb",
  "flashpoint",
  "gamelist",
  "libretro",
] as const;
/** A metadata provider that may know a rom. */
export type RomProvider = (typeof ROM_PROVIDERS)[number];

/** By what roms are put together without anybody doing it; the order in which they are listed. */
export const VIRTUAL_TYPES = ["genre", "franchise", "collection", "mode", "company"] as const;
/** By what the roms of a virtual collection are put together. */
export type VirtualType = (typeof VIRTUAL_TYPES)[number];

/** The text that names an automatic collection. */
export const VirtualIdText = v.pipe(v.string(), v.maxLength(VIRTUAL_ID_CHARS_MAX));

/** What makes an automatic collection. */
export interface VirtualKey {
  readonly type: VirtualType;
  readonly name: string;
}

/** Which values a rom may, must and must not have. */
export interface ListFilter<T extends string = string> {
  readonly anyOf?: readonly T[] | undefined;
  readonly allOf?: readonly T[] | undefined;
  readonly noneOf?: readonly T[] | undefined;
}

/** A text to look for; no stored text can hold a zero character, nor can the database be asked about one. */
export const SoughtText = v.pipe(
  v.string(),
  v.check((text) => !text.includes("\0"), "Input should not contain a zero character"),
);

const bounded = <const T extends v.GenericSchema<unknown, string>>(item: T) =>
  v.optional(v.pipe(v.array(item), v.maxLength(FILTER_VALUES_MAX), v.readonly()));
const listFilter = <const T extends v.GenericSchema<unknown, string>>(item: T) =>
  v.optional(v.strictObject({ anyOf: bounded(item), allOf: bounded(item), noneOf: bounded(item) }));
const TextFilter = listFilter(SoughtText);
const Flag = v.optional(v.boolean());

/**
 * Which roms to list; every given condition must hold. Roms that the caller marked hidden are left out, unless
 * `statuses` names `hidden`.
 */
export interface RomFilter {
  readonly platformIds?: readonly number[] | undefined;
  readonly search?: string | undefined;
  readonly regions?: ListFilter | undefined;
  readonly languages?: ListFilter | undefined;
  readonly tags?: ListFilter | undefined;
  readonly genres?: ListFilter | undefined;
  readonly franchises?: ListFilter | undefined;
  /** Series as metadata providers name them. */
  readonly collections?: ListFilter | undefined;
  readonly companies?: ListFilter | undefined;
  readonly gameModes?: ListFilter | undefined;
  readonly ageRatings?: ListFilter | undefined;
  /** A rom has one such text ("1", "1-4"), so `allOf` counts as `anyOf`. */
  readonly playerCounts?: ListFilter | undefined;
  /** Providers that know the rom. */
  readonly providers?: ListFilter<RomProvider> | undefined;
  /** What the caller said of the rom. */
  readonly statuses?: ListFilter<RomStatus> | undefined;
  readonly isMissing?: boolean | undefined;
  readonly isIdentified?: boolean | undefined;
  /** Whether the platform has another rom that a provider takes for the same game. */
  readonly isDuplicate?: boolean | undefined;
  /** Whether games of the platform run in a browser. */
  readonly isPlayable?: boolean | undefined;
  /** Whether a database of known dumps has the rom. */
  readonly isVerified?: boolean | undefined;
  /** Whether the caller has played it. */
  readonly isPlayed?: boolean | undefined;
  readonly hasRetroAchievements?: boolean | undefined;
  /** Whether there are saves of it that the caller may see; likewise states. */
  readonly hasSaves?: boolean | undefined;
  readonly hasStates?: boolean | undefined;
  readonly hasSoundtrack?: boolean | undefined;
  /** In a collection; nothing is in one that the caller may not see. */
  readonly collectionId?: number | undefined;
  /** In an automatic collection, by the id that it is listed with. */
  readonly virtualCollectionId?: string | undefined;
  /** Meets the filter of a smart collection, for the caller and as of now, beside all other conditions. */
  readonly smartCollectionId?: number | undefined;
  /** In the caller's collection of favourites. */
  readonly isFavorite?: boolean | undefined;
  readonly updatedAfter?: Instant | undefined;
  /** Keeps one rom of each game and platform: of those that meet all other conditions, the one to be shown first. */
  readonly isGrouped?: boolean | undefined;
  readonly orderBy?: RomOrder | undefined;
  readonly direction?: "asc" | "desc" | undefined;
}

export const filterEntries = {
  platformIds: v.optional(v.pipe(v.array(Id), v.maxLength(FILTER_VALUES_MAX), v.readonly())),
  search: v.optional(v.pipe(SoughtText, v.maxLength(SEARCH_CHARS_MAX))),
  regions: TextFilter,
  languages: TextFilter,
  tags: TextFilter,
  genres: TextFilter,
  franchises: TextFilter,
  collections: TextFilter,
  companies: TextFilter,
  gameModes: TextFilter,
  ageRatings: TextFilter,
  playerCounts: TextFilter,
  providers: listFilter(v.picklist(ROM_PROVIDERS)),
  statuses: listFilter(v.picklist(ROM_STATUSES)),
  isMissing: Flag,
  isIdentified: Flag,
  isDuplicate: Flag,
  isPlayable: Flag,
  isVerified: Flag,
  isPlayed: Flag,
  hasRetroAchievements: Flag,
  hasSaves: Flag,
  hasStates: Flag,
  hasSoundtrack: Flag,
  collectionId: v.optional(Id),
  virtualCollectionId: v.optional(VirtualIdText),
  smartCollectionId: v.optional(Id),
  isFavorite: Flag,
  updatedAfter: v.optional(GivenMoment),
  isGrouped: Flag,
  orderBy: v.optional(v.picklist(ROM_ORDERS), "name"),
  direction: v.optional(v.picklist(["asc", "desc"]), "asc"),
};

/** Names of the lists of values in a filter. */
export const LIST_FILTERS = [
  "regions",
  "languages",
  "tags",
  "genres",
  "franchises",
  "collections",
  "companies",
  "gameModes",
  "ageRatings",
  "playerCounts",
  "providers",
  "statuses",
] as const satisfies readonly (keyof RomFilter)[];
export type ListFilterName = (typeof LIST_FILTERS)[number];

const Numeric = v.pipe(v.number(), v.finite());

/** What the last row of a page can have had in each order; a cursor with anything else was made up. */
export const CURSOR_VALUES = {
  name: SoughtText,
  id: Id,
  createdAt: GivenMoment,
  updatedAt: GivenMoment,
  sizeBytes: v.pipe(v.number(), v.safeInteger()),
  fsName: SoughtText,
  // Null: among the roms that have no such value, which stand last.
  firstReleasedAt: v.nullable(v.pipe(v.number(), v.safeInteger())),
  averageRating: v.nullable(Numeric),
  lastPlayedAt: GivenMoment,
  rating: v.pipe(v.number(), v.integer(), v.minValue(-32_768), v.maxValue(32_767)),
  difficulty: v.pipe(v.number(), v.integer(), v.minValue(-32_768), v.maxValue(32_767)),
  completion: v.pipe(v.number(), v.integer(), v.minValue(-32_768), v.maxValue(32_767)),
} as const satisfies Record<RomOrder, v.GenericSchema>;

/** A filter without a page. */
export const RomFilterSchema = v.strictObject(filterEntries);

/** Under which names the query of the compatible list, and so the criteria of smart collections, have flags. */
export const FLAG_WORDS = {
  isMissing: "missing",
  isIdentified: "matched",
  isDuplicate: "duplicate",
  isPlayable: "playable",
  isVerified: "verified",
  isPlayed: "last_played",
  hasRetroAchievements: "has_ra",
  hasSaves: "has_saves",
  hasStates: "has_states",
  hasSoundtrack: "has_soundtrack",
  isFavorite: "favorite",
  isGrouped: "group_by_meta_id",
} as const satisfies Partial<Record<keyof RomFilter, string>>;

/** The same for lists of values, each of which has a `<word>_logic`: `any`, `all` or `none`. */
export const LIST_WORDS = {
  regions: "regions",
  languages: "languages",
  tags: "tags",
  genres: "genres",
  franchises: "franchises",
  collections: "collections",
  companies: "companies",
  ageRatings: "age_ratings",
  playerCounts: "player_counts",
  providers: "metadata_providers",
  statuses: "statuses",
} as const satisfies Partial<Record<ListFilterName, string>>;

/** Puts values under the part of a filter that a `_logic` means; `any` is meant by whatever is none of the three. */
export function toListFilter<T>(values: T, logic: unknown): { readonly [part: string]: T } {
  if (logic === "none") return { noneOf: values };
  return logic === "all" ? { allOf: values } : { anyOf: values };
}

/** Those of some words that stand in a list; the compatible API takes no others for conditions. */
export function onlyKnown(words: readonly unknown[], known: readonly string[]): readonly unknown[] {
  return words.filter((word) => known.some((each) => each === word));
}
