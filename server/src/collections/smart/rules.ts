import { AppError } from "../../base/errors.ts";
import { SMART_CRITERIA_CHARS_MAX, SMART_PER_USER_MAX, SMART_VALUES_MAX } from "../limits.ts";
import type { SmartCriteria } from "./contract.ts";

/** What was found out about criteria. */
export interface CriteriaFindings {
  /** Names that no filter of ours stands for. */
  readonly unsupported: readonly string[];
  /** Values that they hold in all; null when they are no filter. */
  readonly valueCount: number | null;
}

/**
 * Refuses criteria that cannot be evaluated: something left out would make another collection of it.
 * @throws AppError `COLLECTIONS_FILTER_UNSUPPORTED`, `COLLECTIONS_CRITERIA_INVALID`.
 */
export function checkCriteria(criteria: SmartCriteria, { unsupported, valueCount }: CriteriaFindings): void {
  if (unsupported.length > 0) {
    throw new AppError("invalid", "COLLECTIONS_FILTER_UNSUPPORTED", {
      message: `Filters that smart collections do not support: ${unsupported.join(", ")}`,
      details: { filters: unsupported },
    });
  }
  const text = JSON.stringify(criteria);
  const isFilter = valueCount !== null && valueCount <= SMART_VALUES_MAX;
  // The database can store no zero character.
  if (!isFilter || text.length > SMART_CRITERIA_CHARS_MAX || text.includes("\\u0000")) {
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
