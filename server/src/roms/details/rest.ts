import * as v from "valibot";
import { Id } from "../../base/schemas.ts";
import type { RequestReader } from "../../http/reader.ts";
import { get, type RestRoute } from "../../http/route.ts";
import { findRomDetailsByHash, getRomDetails, listRomIdentifiers, listRomsByOffset } from "./service.ts";
import { toDetailedRomWire, toRomPageWire, toSimpleRomWire } from "./wire.ts";

/** Query lists that take a `<name>_logic` of `any`, `all` or `none`. */
const LIST_FILTERS = ["regions", "languages", "tags", "genres"] as const;

function readListFilter(reader: RequestReader, name: string) {
  const values = reader.queryTexts(name);
  if (values === undefined) return undefined;
  const logic = reader.queryText(`${name}_logic`) ?? "any";
  if (logic === "none") return { noneOf: values };
  return logic === "all" ? { allOf: values } : { anyOf: values };
}

/**
 * Some apps send the older `platform_id` instead of, or beside, `platform_ids`. The compatible API knows it no
 * more, so whatever stands there is no reason to refuse the call.
 */
function readPlatformIds(reader: RequestReader): readonly number[] | undefined {
  const ids = reader.queryInts("platform_ids");
  const older = Number(reader.queryText("platform_id"));
  return ids ?? (v.is(Id, older) ? [older] : undefined);
}

function readList(reader: RequestReader) {
  const matched = reader.queryBool("matched");
  const lists = LIST_FILTERS.map((name) => [name, readListFilter(reader, name)] as const);
  return {
    platformIds: readPlatformIds(reader),
    search: reader.queryText("search_term"),
    ...Object.fromEntries(lists.filter(([, filter]) => filter !== undefined)),
    isMissing: reader.queryBool("missing"),
    isIdentified: matched,
    collectionId: reader.queryInt("collection_id"),
    isFavorite: reader.queryBool("favorite"),
    updatedAfter: reader.queryInstant("updated_after"),
    orderBy: reader.queryText("order_by") || undefined,
    direction: reader.queryText("order_dir")?.toLowerCase() === "desc" ? "desc" : "asc",
    limit: reader.queryInt("limit"),
    offset: reader.queryInt("offset"),
    withTotal: reader.queryBool("with_total"),
    withCharIndex: reader.queryBool("with_char_index"),
    withFilterValues: reader.queryBool("with_filter_values"),
    withIdIndex: reader.queryBool("with_rom_id_index"),
    withFiles: reader.queryBool("with_files"),
  };
}

const byId = (reader: RequestReader) => ({ romId: reader.pathInt("id") });

/** Compatible routes that read roms. */
export const romDetailRoutes: readonly RestRoute[] = [
  get("/api/roms", listRomsByOffset, {
    summary: "Roms of the library, filtered and paged by offset",
    isCached: true,
    read: readList,
    names: {
      search: "search_term",
      isMissing: "missing",
      isIdentified: "matched",
      isFavorite: "favorite",
      direction: "order_dir",
      withIdIndex: "with_rom_id_index",
    },
    write: toRomPageWire,
  }),
  get("/api/roms/identifiers", listRomIdentifiers, { summary: "Ids of all roms", isCached: true }),
  get("/api/roms/by-hash", findRomDetailsByHash, {
    summary: "The first rom that carries one of the given hashes",
    read: (reader) => ({
      crc32: reader.queryText("crc_hash"),
      md5: reader.queryText("md5_hash"),
      sha1: reader.queryText("sha1_hash"),
      raHash: reader.queryText("ra_hash"),
    }),
    names: { crc32: "crc_hash", md5: "md5_hash", sha1: "sha1_hash" },
    write: toDetailedRomWire,
    errors: { ROMS_HASH_REQUIRED: { status: 400 } },
  }),
  get("/api/roms/{id}", getRomDetails, {
    summary: "One rom with everything",
    isCached: true,
    read: byId,
    write: toDetailedRomWire,
  }),
  get("/api/roms/{id}/simple", getRomDetails, {
    summary: "One rom as lists show it",
    isCached: true,
    read: byId,
    write: toSimpleRomWire,
  }),
];
