import * as v from "valibot";
import { AppError } from "../../base/errors.ts";
import type { RomFilter, RomOrder } from "../../roms/contract.ts";
import { SMART_CRITERIA_CHARS_MAX, SMART_PER_USER_MAX, SMART_VALUES_MAX } from "../limits.ts";
import { type SmartCriteria, SmartFilter } from "./contract.ts";

const LISTS = ["regions", "languages", "tags", "genres"] as const;

/** Under which older name each list holds one value. */
const OLDER_NAMES: Readonly<Record<(typeof LISTS)[number], string>> = {
  regions: "selected_region",
  languages: "selected_language",
  tags: "selected_tag",
  genres: "selected_genre",
};

/** Names that are understood. */
const KNOWN: ReadonlySet<string> = new Set([
  "platform_ids",
  "platform_id",
  "search_term",
  "missing",
  "matched",
  "favorite",
  "updated_after",
  "order_by",
  "order_dir",
  ...LISTS,
  ...LISTS.map((name) => `${name}_logic`),
  ...Object.values(OLDER_NAMES),
]);

/** Names that say how an app shows a list, or that would lead in a circle; which roms it holds does not depend on them. */
const IGNORED = /^(?:smart_collection_id|limit|offset|with_\w+)$/;

/** Orders of the compatible list that we know by another name; any other is the order by name. */
const ORDERS: Readonly<Record<string, RomOrder>> = {
  id: "id",
  created_at: "createdAt",
  updated_at: "updatedAt",
  fs_size_bytes: "sizeBytes",
  fs_name: "fsName",
};

const isEmpty = (value: unknown) =>
  value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);

/** Names in criteria that no filter of ours stands for, sorted. */
export function listUnsupported(criteria: SmartCriteria): readonly string[] {
  return Object.entries(criteria)
    .filter(([name, value]) => !KNOWN.has(name) && !IGNORED.test(name) && !isEmpty(value))
    .filter(([name, value]) => name !== "group_by_meta_id" || value !== false)
    .map(([name]) => name)
    .sort();
}

/** The filter that criteria stand for; null when they hold more than we can evaluate, or what is none. */
export function findFilter(criteria: SmartCriteria): RomFilter | null {
  if (listUnsupported(criteria).length > 0) return null;
  const parsed = v.safeParse(SmartFilter, toFilter(criteria));
  return parsed.success && countValues(parsed.output) <= SMART_VALUES_MAX ? parsed.output : null;
}

function toFilter(criteria: SmartCriteria): Record<string, unknown> {
  const given = (name: string) => (isEmpty(criteria[name]) ? undefined : criteria[name]);
  const asList = (value: unknown) => (value === undefined || Array.isArray(value) ? value : [value]);
  const order = given("order_by");
  const wished: Record<string, unknown> = {
    platformIds: asList(given("platform_ids") ?? given("platform_id")),
    search: given("search_term"),
    isMissing: given("missing"),
    isIdentified: given("matched"),
    isFavorite: given("favorite"),
    updatedAfter: given("updated_after"),
    orderBy: typeof order === "string" && Object.hasOwn(ORDERS, order) ? ORDERS[order] : undefined,
    direction: String(given("order_dir") ?? "").toLowerCase() === "desc" ? "desc" : undefined,
  };
  for (const name of LISTS) {
    const values = asList(given(name) ?? given(OLDER_NAMES[name]));
    if (values !== undefined) wished[name] = { [logicOf(given(`${name}_logic`))]: values };
  }
  return Object.fromEntries(Object.entries(wished).filter(([, value]) => value !== undefined));
}

function logicOf(logic: unknown): "anyOf" | "allOf" | "noneOf" {
  if (logic === "all") return "allOf";
  return logic === "none" ? "noneOf" : "anyOf";
}

function countValues(filter: RomFilter): number {
  const lists = LISTS.flatMap((name) => Object.values(filter[name] ?? {}));
  return lists.reduce((count, values) => count + (values?.length ?? 0), filter.platformIds?.length ?? 0);
}

/**
 * Refuses criteria that cannot be evaluated: something left out would make another collection of it.
 * @throws AppError `COLLECTIONS_FILTER_UNSUPPORTED`, `COLLECTIONS_CRITERIA_INVALID`.
 */
export function checkCriteria(criteria: SmartCriteria): void {
  const unsupported = listUnsupported(criteria);
  if (unsupported.length > 0) {
    throw new AppError("invalid", "COLLECTIONS_FILTER_UNSUPPORTED", {
      message: `Filters that smart collections do not support: ${unsupported.join(", ")}`,
      details: { filters: unsupported },
    });
  }
  const text = JSON.stringify(criteria);
  // The database can store no zero character.
  if (findFilter(criteria) === null || text.length > SMART_CRITERIA_CHARS_MAX || text.includes("\\u0000")) {
    throw new AppError("invalid", "COLLECTIONS_CRITERIA_INVALID", {
      message: `Filter criteria hold a value that is none of its filter, or more than ${SMART_VALUES_MAX} values`,
    });
  }
}

/** The one answer for a smart collection that does not exist or is another's private one. */
export function smartNotFound(collectionId: number): AppError<"not_found"> {
  return new AppError("not_found", "COLLECTIONS_SMART_NOT_FOUND", {
    message: `Smart collection with id '${collectionId}' not found`,
  });
}

/** What somebody is told who may see a smart collection and not change it. */
export function smartForeign(collectionId: number, cause: unknown): AppError<"forbidden"> {
  return new AppError("forbidden", "COLLECTIONS_FOREIGN", {
    message: `Permission denied for smart collection with id '${collectionId}'`,
    cause,
  });
}

/** What somebody is told who has as many smart collections as may be. */
export function tooManySmart(): AppError<"conflict"> {
  return new AppError("conflict", "COLLECTIONS_LIMIT", {
    message: `One account can have at most ${SMART_PER_USER_MAX} smart collections`,
  });
}
