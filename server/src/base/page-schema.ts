import * as v from "valibot";

/** The schema of one page of items. */
export function pageSchema<const T extends v.GenericSchema>(item: T) {
  return v.object({
    items: v.array(item),
    nextCursor: v.nullable(v.string()),
    total: v.nullable(v.number()),
  });
}
