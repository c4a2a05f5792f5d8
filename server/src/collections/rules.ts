import { AppError } from "../base/errors.ts";
import { deriveSortKey } from "../base/sort-key.ts";
import { COLLECTION_ROMS_MAX, COLLECTIONS_PER_USER_MAX } from "./limits.ts";

/** The one answer for a collection that does not exist or is another's private one. */
export function collectionNotFound(collectionId: number): AppError<"not_found"> {
  return new AppError("not_found", "COLLECTIONS_NOT_FOUND", {
    message: `Collection with id '${collectionId}' not found`,
  });
}

/** What somebody is told whose collections have that name already. */
export function collectionNameTaken(name: string): AppError<"conflict"> {
  return new AppError("conflict", "COLLECTIONS_NAME_TAKEN", {
    message: `Collection with name '${name}' already exists`,
  });
}

/** What somebody is told who has favourites already. */
export function favoriteTaken(): AppError<"conflict"> {
  return new AppError("conflict", "COLLECTIONS_FAVORITE_TAKEN", {
    message: "A collection of favourites already exists",
  });
}

/** What somebody is told who may see a collection and not change it. */
export function collectionForeign(collectionId: number, cause: unknown): AppError<"forbidden"> {
  return new AppError("forbidden", "COLLECTIONS_FOREIGN", {
    message: `Permission denied for collection with id '${collectionId}'`,
    cause,
  });
}

/** What somebody is told who has as many collections as may be. */
export function tooManyCollections(): AppError<"conflict"> {
  return new AppError("conflict", "COLLECTIONS_LIMIT", {
    message: `One account can have at most ${COLLECTIONS_PER_USER_MAX} collections`,
  });
}

/** What somebody is told who puts more into a collection than fits. */
export function tooManyRoms(): AppError<"conflict"> {
  return new AppError("conflict", "COLLECTIONS_ROMS_LIMIT", {
    message: `One collection can have at most ${COLLECTION_ROMS_MAX} roms`,
  });
}

/** Sorts by name as people do, then by id. */
export function sortByName<T extends { readonly name: string; readonly id: number | string }>(
  items: readonly T[],
): readonly T[] {
  const keyed = items.map((item) => ({ item, key: deriveSortKey(item.name) }));
  const compare = <K extends string | number>(a: K, b: K) => (a < b ? -1 : Number(a > b));
  keyed.sort(
    (a, b) => compare(a.key, b.key) || compare(a.item.name, b.item.name) || compare(a.item.id, b.item.id),
  );
  return keyed.map(({ item }) => item);
}

/** Names under which apps that know no flag keep favourites. */
const FAVORITE_NAMES: ReadonlySet<string> = new Set(["favourites", "favorites"]);

/** Tells whether a name stands for favourites. */
export function isFavoriteName(name: string): boolean {
  return FAVORITE_NAMES.has(name.trim().toLowerCase());
}
