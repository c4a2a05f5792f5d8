import type { RequestReader } from "../../http/reader.ts";
import { del, get, post, put, type RestRoute } from "../../http/route.ts";
import {
  createSmartCollection,
  getSmartCollection,
  listSmartCollections,
  listSmartIdentifiers,
  removeSmartCollection,
  updateSmartCollection,
} from "./service.ts";
import { toSmartCollectionWire } from "./wire.ts";

/** The compatible API shows the ids of the roms with every collection. */
const WITH_ROMS = ["romIds"] as const;
const NAMES = { criteria: "filter_criteria" };

const readId = (reader: RequestReader) => ({ collectionId: reader.pathInt("id") });
const readOne = (reader: RequestReader) => ({ ...readId(reader), with: WITH_ROMS });

/** Routes about collections that are stored filters. */
export const smartCollectionRoutes: readonly RestRoute[] = [
  post("/api/collections/smart", createSmartCollection, {
    summary: "Create a smart collection, which is a stored filter, by a form",
    read: async (reader) => {
      const { name = "", ...fields } = await readForm(reader);
      return { ...fields, name, with: WITH_ROMS };
    },
    write: toSmartCollectionWire,
    names: NAMES,
  }),
  get("/api/collections/smart", listSmartCollections, {
    summary: "The caller's smart collections and public ones",
    read: (reader) => ({ updatedAfter: reader.queryInstant("updated_after"), with: WITH_ROMS }),
    write: (collections) => collections.map(toSmartCollectionWire),
  }),
  get("/api/collections/smart/identifiers", listSmartIdentifiers, {
    summary: "Ids of the caller's smart collections and public ones",
  }),
  get("/api/collections/smart/{id}", getSmartCollection, {
    summary: "One smart collection",
    read: readOne,
    write: toSmartCollectionWire,
  }),
  put("/api/collections/smart/{id}", updateSmartCollection, {
    summary: "Change a smart collection by a form",
    read: async (reader) => {
      const { name = "", ...fields } = await readForm(reader);
      // Apps send an empty text for a name that stays.
      return { ...readOne(reader), ...fields, name: name === "" ? undefined : name };
    },
    write: toSmartCollectionWire,
    names: NAMES,
  }),
  del("/api/collections/smart/{id}", removeSmartCollection, {
    summary: "Remove a smart collection",
    read: readId,
  }),
];

async function readForm(reader: RequestReader) {
  const form = await reader.form();
  const text = (name: string) => form.get(name) ?? undefined;
  const criteria = text("filter_criteria") ?? "";
  return {
    name: text("name"),
    description: text("description"),
    isPublic: reader.queryBool("is_public"),
    criteria: criteria === "" ? undefined : parseCriteria(reader, criteria),
  };
}

function parseCriteria(reader: RequestReader, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const message = "Input should be a JSON object";
    reader.refuse({ path: ["body", "filter_criteria"], type: "json_invalid", message, input: null });
    return undefined;
  }
}
