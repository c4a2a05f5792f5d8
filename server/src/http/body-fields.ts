import type { RequestReader } from "./reader.ts";

/** Fields of a JSON body under our names, beside what the path says; a body that is no object is refused as it is. */
export async function readFields(
  reader: RequestReader,
  names: Readonly<Record<string, string>>,
  beside: object = {},
): Promise<unknown> {
  const body = await reader.json();
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const fields = body as Readonly<Record<string, unknown>>;
  const given = Object.entries(names).filter(([, theirs]) => theirs in fields);
  return { ...beside, ...Object.fromEntries(given.map(([ours, theirs]) => [ours, fields[theirs]])) };
}
