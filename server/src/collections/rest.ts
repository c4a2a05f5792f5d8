import { COVER_BYTES_MAX } from "../base/covers.ts";
import { readFileField, readSmallFiles } from "../http/read-body.ts";
import type { RequestReader } from "../http/reader.ts";
import { del, get, post, put, type RestRoute } from "../http/route.ts";
import { createCollectionByForm, removeCollection, updateCollectionByForm } from "./changes/service.ts";
import { COLLECTION_FORM_BYTES_MAX } from "./limits.ts";
import { addCollectionRoms, removeCollectionRoms } from "./members/service.ts";
import { getCollection, listCollectionIdentifiers, listCollections } from "./service.ts";
import { fromRomsWire, toCollectionWire } from "./wire.ts";

/** The compatible API shows the ids of the roms with every collection. */
const WITH_ROMS = ["romIds"] as const;
/** And answers a picture that is none with 400. */
const COVER_ERRORS = { COLLECTIONS_COVER_INVALID: { status: 400 } };

const readId = (reader: RequestReader) => ({ collectionId: reader.pathInt("id") });
const readOne = (reader: RequestReader) => ({ ...readId(reader), with: WITH_ROMS });

/** Routes about collections that people put together. */
export const collectionRoutes: readonly RestRoute[] = [
  post("/api/collections", createCollectionByForm, {
    summary: "Create a collection by a form, perhaps with a cover",
    read: readNew,
    write: toCollectionWire,
    errors: COVER_ERRORS,
  }),
  get("/api/collections", listCollections, {
    summary: "The caller's collections and public ones",
    read: (reader) => ({ updatedAfter: reader.queryInstant("updated_after"), with: WITH_ROMS }),
    write: (collections) => collections.map(toCollectionWire),
  }),
  get("/api/collections/identifiers", listCollectionIdentifiers, {
    summary: "Ids of the caller's collections and public ones",
  }),
  get("/api/collections/{id}", getCollection, {
    summary: "One collection",
    read: readOne,
    write: toCollectionWire,
  }),
  put("/api/collections/{id}", updateCollectionByForm, {
    summary: "Change a collection by a form, perhaps with a new cover",
    read: readUpdate,
    write: toCollectionWire,
    errors: COVER_ERRORS,
  }),
  del("/api/collections/{id}", removeCollection, { summary: "Remove a collection", read: readId }),
  post("/api/collections/{id}/roms", addCollectionRoms, {
    summary: "Add roms to a collection",
    read: readRoms,
    write: toCollectionWire,
  }),
  del("/api/collections/{id}/roms", removeCollectionRoms, {
    summary: "Take roms out of a collection",
    read: readRoms,
    write: toCollectionWire,
  }),
  del("/api/collections/{id}/roms/{rom_id}", removeCollectionRoms, {
    summary: "Take one rom out of a collection",
    status: 204,
    read: (reader) => ({ ...readId(reader), romIds: [reader.pathInt("rom_id")] }),
  }),
];

async function readRoms(reader: RequestReader): Promise<unknown> {
  return { ...readOne(reader), romIds: fromRomsWire(await reader.json()) };
}

async function readNew(reader: RequestReader): Promise<unknown> {
  // A new collection is empty.
  const { romIds: _unused, name = "", ...fields } = await readForm(reader);
  return {
    ...fields,
    name,
    isPublic: reader.queryBool("is_public"),
    isFavorite: reader.queryBool("is_favorite"),
    with: WITH_ROMS,
  };
}

async function readUpdate(reader: RequestReader): Promise<unknown> {
  const { name = "", romIds, ...fields } = await readForm(reader);
  return {
    ...readOne(reader),
    ...fields,
    // Apps send an empty text for a name that stays.
    name: name === "" ? undefined : name,
    romIds: romIds === undefined ? undefined : parseList(reader, romIds),
    isPublic: reader.queryBool("is_public"),
    removeCover: reader.queryBool("remove_cover"),
  };
}

interface SentForm {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly urlCover?: string | undefined;
  /** JSON of a list; only a change has it. */
  readonly romIds?: string | undefined;
  readonly artwork?: Uint8Array | undefined;
}

async function readForm(reader: RequestReader): Promise<SentForm> {
  const form = await readSmallFiles(reader.request, COLLECTION_FORM_BYTES_MAX);
  const text = (name: string) => {
    const value = form.get(name);
    return typeof value === "string" ? value : undefined;
  };
  const romIds = text("rom_ids");
  return {
    name: text("name"),
    description: text("description"),
    urlCover: text("url_cover"),
    ...(romIds === undefined ? {} : { romIds }),
    artwork: await readFileField(
      { name: "artwork", value: form.get("artwork"), bytesMax: COVER_BYTES_MAX },
      reader.refuse,
    ),
  };
}

function parseList(reader: RequestReader, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const message = "Input should be a JSON list of rom ids";
    reader.refuse({ path: ["body", "rom_ids"], type: "json_invalid", message, input: null });
    return undefined;
  }
}
