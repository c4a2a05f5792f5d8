import * as v from "valibot";
import type { HashedFirmware } from "../contract.ts";
import { KNOWN_BIOS_ENTRIES_MAX } from "../limits.ts";
import type { KnownBios, KnownBiosTable } from "./contract.ts";

const hex = (length: number) =>
  v.optional(
    v.pipe(
      v.string(),
      v.trim(),
      v.toLowerCase(),
      v.check((text) => text === "" || (text.length === length && /^[0-9a-f]+$/.test(text)), "should be hex"),
    ),
    "",
  );
const Size = v.optional(
  v.pipe(
    // Tables that other programs make write it as a text.
    v.union([v.number(), v.pipe(v.string(), v.trim(), v.regex(/^\d{1,15}$/), v.transform(Number))]),
    v.integer(),
    v.minValue(0),
  ),
);
const Entry = v.object({ size: Size, crc: hex(8), md5: hex(32), sha1: hex(40) });
const Table = v.record(v.string(), Entry);

/** The table, or what is wrong with its text. */
export type ParsedTable = { readonly table: KnownBiosTable } | { readonly problem: string };

/**
 * Parses a table of known files: a JSON object keyed by `<platform slug>:<file name>`, with `size`, `crc`, `md5` and
 * `sha1`. Other fields are ignored; a single entry that is damaged refuses the whole.
 */
export function parseKnownBios(text: string): ParsedTable {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { problem: "it is not a JSON object" };
  }
  const count = Object.keys(value).length;
  if (count > KNOWN_BIOS_ENTRIES_MAX) {
    return { problem: `it has ${count} entries, and ${KNOWN_BIOS_ENTRIES_MAX} at most are read` };
  }
  const result = v.safeParse(Table, value);
  if (!result.success) {
    const [issue] = result.issues;
    return { problem: `${JSON.stringify(v.getDotPath(issue) ?? "")}: ${issue.message}` };
  }
  const entries = Object.entries(result.output).map(
    ([key, { size, crc, md5, sha1 }]): [string, KnownBios] => [
      key,
      { sizeBytes: size ?? null, crc32: crc, md5, sha1 },
    ],
  );
  return { table: new Map(entries) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return null;
  }
}

/** Tells whether a file is the one that is known: the same size, and one digest at least that is the same. */
export function isKnownBios(
  table: KnownBiosTable,
  platformSlug: string,
  file: Pick<HashedFirmware, "fileName" | "sizeBytes" | "crc32" | "md5" | "sha1">,
): boolean {
  const known = table.get(`${platformSlug}:${file.fileName}`);
  if (known === undefined || known.sizeBytes !== file.sizeBytes) return false;
  return (["md5", "sha1", "crc32"] as const).some((name) => file[name] !== "" && file[name] === known[name]);
}
