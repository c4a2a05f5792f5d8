/** Ids as the text of a PostgreSQL array, so that any number of them is one parameter of a statement. */
export function formatIds(ids: readonly number[]): string {
  return `{${ids.join(",")}}`;
}

/** The pattern of `like` for a part of a text, taken as it is: neither sign of a pattern means anything in it. */
export function toPartPattern(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
}
