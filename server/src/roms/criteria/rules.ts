import * as v from "valibot";
import {
  FLAG_WORDS,
  LIST_FILTERS,
  LIST_WORDS,
  onlyKnown,
  ROM_PROVIDERS,
  type RomFilter,
  RomFilterSchema,
  type RomOrder,
  toListFilter,
} from "../filters/contract.ts";

/** Under which older name each list holds one value. */
const OLDER_WORDS: Partial<Record<keyof typeof LIST_WORDS, string>> = {
  regions: "selected_region",
  languages: "selected_language",
  tags: "selected_tag",
  genres: "selected_genre",
  franchises: "selected_franchise",
  collections: "selected_collection",
  companies: "selected_company",
  ageRatings: "selected_age_rating",
  statuses: "selected_status",
};

/** Names that are understood. */
const KNOWN: ReadonlySet<string> = new Set([
  "platform_ids",
  "platform_id",
  "collection_id",
  "virtual_collection_id",
  "search_term",
  "updated_after",
  "order_by",
  "order_dir",
  ...Object.values(FLAG_WORDS),
  ...Object.values(LIST_WORDS),
  ...Object.values(LIST_WORDS).map((word) => `${word}_logic`),
  ...Object.values(OLDER_WORDS),
]);

/** Names that say how an app shows a list, or that would lead in a circle; which roms it holds does not depend on them. */
const IGNORED = /^(?:smart_collection_id|limit|offset|with_\w+)$/;

/** Orders of the compatible list that leave no rom out; any other is the order by name. */
const ORDERS: Readonly<Record<string, RomOrder>> = {
  id: "id",
  created_at: "createdAt",
  updated_at: "updatedAt",
  fs_size_bytes: "sizeBytes",
  fs_name: "fsName",
  first_release_date: "firstReleasedAt",
  average_rating: "averageRating",
};

/** Criteria as they are stored, in the names of the query of the compatible list. */
type Criteria = Readonly<Record<string, unknown>>;

/** What criteria mean. */
export interface CriteriaReading {
  /** Null when they hold more than we can evaluate, or what is none. */
  readonly filter: RomFilter | null;
  /** Names in them that no filter of ours stands for, sorted. */
  readonly unsupported: readonly string[];
}

const isEmpty = (value: unknown) =>
  value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

/** Translates the criteria of a smart collection into a filter. */
export function readCriteria(criteria: Criteria): CriteriaReading {
  const unsupported = Object.entries(criteria)
    .filter(([name, value]) => !KNOWN.has(name) && !IGNORED.test(name) && !isEmpty(value))
    .map(([name]) => name)
    .sort();
  if (unsupported.length > 0) return { filter: null, unsupported };
  const parsed = v.safeParse(RomFilterSchema, toFilter(criteria));
  return { filter: parsed.success ? parsed.output : null, unsupported };
}

function toFilter(criteria: Criteria): Record<string, unknown> {
  const given = (name: string) => (isEmpty(criteria[name]) ? undefined : criteria[name]);
  const order = given("order_by");
  const wished: Record<string, unknown> = {
    platformIds: toList(given("platform_ids") ?? given("platform_id")),
    collectionId: given("collection_id"),
    virtualCollectionId: given("virtual_collection_id"),
    search: given("search_term"),
    updatedAfter: given("updated_after"),
    orderBy: typeof order === "string" && Object.hasOwn(ORDERS, order) ? ORDERS[order] : undefined,
    direction: String(given("order_dir") ?? "").toLowerCase() === "desc" ? "desc" : undefined,
  };
  for (const [name, word] of Object.entries(FLAG_WORDS)) wished[name] = given(word);
  // The list knows this flag as a switch: off is no condition.
  if (wished.isGrouped === false) wished.isGrouped = undefined;
  for (const [name, word] of Object.entries(LIST_WORDS)) {
    const values = toList(given(word) ?? given(OLDER_WORDS[name as keyof typeof LIST_WORDS] ?? word));
    const kept = name === "providers" && values !== undefined ? onlyKnown(values, ROM_PROVIDERS) : values;
    if (kept !== undefined && kept.length > 0) wished[name] = toListFilter(kept, given(`${word}_logic`));
  }
  return Object.fromEntries(Object.entries(wished).filter(([, value]) => value !== undefined));
}

function toList(value: unknown): readonly unknown[] | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value : [value];
}

/** How many values a filter holds in its lists. */
export function countFilterValues(filter: RomFilter): number {
  const lists = LIST_FILTERS.flatMap((name) => Object.values(filter[name] ?? {}));
  return lists.reduce((count, values) => count + (values?.length ?? 0), filter.platformIds?.length ?? 0);
}
