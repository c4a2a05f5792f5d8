/** Fields of a JSON object, names as the caller wrote them. */
export type Fields = Readonly<Record<string, unknown>>;

/** Tells an object with fields from everything else that JSON knows. */
export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Gives the fields of an object our names; what it does not have stays absent, and unknown ones are dropped. */
export function rename(fields: Fields, names: Readonly<Record<string, string>>): Fields {
  const given: Record<string, unknown> = {};
  // A device sends thousands of these.
  for (const ours in names) {
    const value = fields[names[ours] ?? ""];
    if (value !== undefined) given[ours] = value;
  }
  return given;
}

/** A moment without a zone means UTC. */
export function withZone(value: unknown): unknown {
  const isBare = typeof value === "string" && /\dT\d{2}:\d{2}(:\d{2}(\.\d+)?)?$/.test(value);
  return isBare ? `${value}Z` : value;
}
