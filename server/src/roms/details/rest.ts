import * as v from "valibot";
import { Id } from "../../base/schemas.ts";
import type { RequestReader } from "../../http/reader.ts";
import { get, post, type RestRoute } from "../../http/route.ts";
import {
  FLAG_WORDS,
  LIST_WORDS,
  onlyKnown,
  ROM_PROVIDERS,
  ROM_STATUSES,
  toListFilter,
} from "../filters/contract.ts";
import { getFilterValues } from "../filters/service.ts";
import {
  findRomDetailsByHash,
  findRomDetailsByProviders,
  getRomDetails,
  getSimpleRom,
  listRomIdentifiers,
  listRomsByOffset,
} from "./service.ts";
import { toDetailedRomWire, toFilterValuesWire, toRomPageWire, toSimpleRomWire } from "./wire.ts";

type Names = readonly (readonly [field: string, word: string])[];
const FLAGS: Names = Object.entries(FLAG_WORDS);
const LISTS: Names = Object.entries(LIST_WORDS);

/** Lists of which only these words are conditions. */
const CLOSED: Readonly<Record<string, readonly string[]>> = {
  providers: ROM_PROVIDERS,
  statuses: ROM_STATUSES,
};

function readFilterList(reader: RequestReader, field: string, word: string) {
  const words = reader.queryTexts(word);
  const closed = CLOSED[field];
  const values = words === undefined || closed === undefined ? words : onlyKnown(words, closed);
  return values === undefined ? undefined : toListFilter(values, reader.queryText(`${word}_logic`));
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
  const fields = [
    ...FLAGS.map(([field, word]) => [field, reader.queryBool(word)] as const),
    ...LISTS.map(([field, word]) => [field, readFilterList(reader, field, word)] as const),
  ];
  return {
    ...Object.fromEntries(fields.filter(([, value]) => value !== undefined)),
    platformIds: readPlatformIds(reader),
    search: reader.queryText("search_term"),
    collectionId: reader.queryInt("collection_id"),
    virtualCollectionId: reader.queryText("virtual_collection_id"),
    smartCollectionId: reader.queryInt("smart_collection_id"),
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

/** The rows that no provider knows; the body may be left out. */
async function readUnidentified(reader: RequestReader) {
  const isEmpty = reader.header("content-length") === "0" || reader.request.body === null;
  const body: unknown = isEmpty ? {} : await reader.json();
  const { platform_ids, limit, offset } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const none = (value: unknown) => value ?? undefined;
  return {
    platformIds: none(platform_ids),
    limit: none(limit),
    offset: none(offset),
    isIdentified: false,
  };
}

const byId = (reader: RequestReader) => ({ romId: reader.pathInt("id") });

const PROVIDER_WORDS = {
  igdb: "igdb_id",
  moby: "moby_id",
  ss: "ss_id",
  ra: "ra_id",
  launchbox: "launchbox_id",
  hasheous: "hasheous_id",
  tgdb: "tgdb_id",
  hltb: "hltb_id",
  flashpoint: "flashpoint_id",
};

/** Compatible routes that read roms. */
export const romDetailRoutes: readonly RestRoute[] = [
  get("/api/roms", listRomsByOffset, {
    summary: "Roms of the library, filtered and paged by offset",
    isCached: true,
    read: readList,
    names: {
      ...FLAG_WORDS,
      ...LIST_WORDS,
      search: "search_term",
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
  get("/api/roms/by-metadata-provider", findRomDetailsByProviders, {
    summary: "The first rom that a provider knows by one of the given ids",
    read: (reader) => ({
      igdb: reader.queryInt("igdb_id"),
      moby: reader.queryInt("moby_id"),
      ss: reader.queryInt("ss_id"),
      ra: reader.queryInt("ra_id"),
      launchbox: reader.queryInt("launchbox_id"),
      hasheous: reader.queryInt("hasheous_id"),
      tgdb: reader.queryInt("tgdb_id"),
      hltb: reader.queryInt("hltb_id"),
      flashpoint: reader.queryText("flashpoint_id"),
    }),
    names: PROVIDER_WORDS,
    write: toDetailedRomWire,
    errors: { ROMS_PROVIDER_REQUIRED: { status: 400 } },
  }),
  get("/api/roms/filters", getFilterValues, {
    summary: "Values that roms have, for filter menus",
    isCached: true,
    write: toFilterValuesWire,
  }),
  post("/api/roms/unidentified", listRomsByOffset, {
    summary: "Roms that no provider knows, paged by offset",
    read: readUnidentified,
    write: toRomPageWire,
  }),
  get("/api/roms/{id}", getRomDetails, {
    summary: "One rom with everything",
    isCached: true,
    read: byId,
    write: toDetailedRomWire,
  }),
  get("/api/roms/{id}/simple", getSimpleRom, {
    summary: "One rom as lists show it",
    isCached: true,
    read: byId,
    write: toSimpleRomWire,
  }),
];
