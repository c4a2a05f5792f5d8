import { COVER_BYTES_MAX } from "../../base/covers.ts";
import { parseWhole } from "../../http/read-values.ts";
import type { RequestReader } from "../../http/reader.ts";
import { put, type RestRoute } from "../../http/route.ts";
import { toDetailedRomWire } from "../details/wire.ts";
import { WRITABLE_METADATA } from "./contract.ts";
import { coverTooLarge, updateRomByForm } from "./service.ts";

const NUMBER_IDS = ["igdb", "sgdb", "moby", "ss", "ra", "launchbox", "hasheous", "tgdb", "hltb"] as const;
const TEXT_IDS = ["flashpoint", "libretro"] as const;

/** Routes that change roms. */
export const romEditRoutes: readonly RestRoute[] = [
  put("/api/roms/{id}", updateRomByForm, {
    summary: "Change a rom by a form, perhaps with a new cover; only sent fields change",
    read: readUpdate,
    names: { romId: "id", sortKey: "name_sort_key", unmatch: "unmatch_metadata" },
    write: toDetailedRomWire,
    errors: { ROMS_COVER_INVALID: { status: 400 }, ROMS_NAME_INVALID: { status: 400 } },
  }),
];

async function readUpdate(reader: RequestReader): Promise<unknown> {
  const { fields, files } = await reader.receive({
    fileBytesMax: COVER_BYTES_MAX,
    filesMax: 1,
    tooLarge: coverTooLarge,
  });
  const text = (name: string) => fields.get(name) ?? undefined;
  const artwork = files.find(({ fieldName }) => fieldName === "artwork");
  if ((text("artwork") ?? "") !== "") {
    const message = "Value error, Expected UploadFile, received: <class 'str'>";
    reader.refuse({ path: ["body", "artwork"], type: "value_error", message, input: null });
  }
  return {
    romId: reader.pathInt("id"),
    name: text("name"),
    sortKey: text("name_sort_key"),
    summary: text("summary"),
    fsName: text("fs_name"),
    urlCover: text("url_cover"),
    urlManual: text("url_manual"),
    urlScreenshots: readScreenshots(reader, fields),
    ...readProviderIds(reader, fields),
    ...readMetadata(reader, fields),
    removeCover: reader.queryBool("remove_cover"),
    unmatch: reader.queryBool("unmatch_metadata"),
    // A browser sends an empty file when nobody chose one.
    artwork: artwork?.sizeBytes === 0 && artwork.fileName === "" ? undefined : artwork,
  };
}

/** An empty id forgets the provider. */
function readProviderIds(reader: RequestReader, fields: URLSearchParams): object {
  const refuse = (issue: Parameters<RequestReader["refuse"]>[0]) => reader.refuse(issue);
  const numbers = NUMBER_IDS.flatMap((provider) => {
    const sent = fields.get(`${provider}_id`);
    if (sent === null) return [];
    const id = sent.trim() === "" ? null : parseWhole(sent, ["body", `${provider}_id`], refuse);
    return [[`${provider}Id`, id] as const];
  });
  const texts = TEXT_IDS.flatMap((provider) => {
    const sent = fields.get(`${provider}_id`);
    return sent === null ? [] : [[`${provider}Id`, sent.trim() || null] as const];
  });
  return Object.fromEntries([...numbers, ...texts]);
}

/** JSON of objects; an empty field says nothing. */
function readMetadata(reader: RequestReader, fields: URLSearchParams): object {
  const sent = WRITABLE_METADATA.flatMap((provider) => {
    const name = `raw_${provider}_metadata`;
    const text = fields.get(name) ?? "";
    const field = `raw${provider.charAt(0).toUpperCase()}${provider.slice(1)}Metadata`;
    return text.trim() === "" ? [] : [[field, parseJson(reader, name, text)] as const];
  });
  return Object.fromEntries(sent);
}

/** A list as JSON, or the field once for each. */
function readScreenshots(reader: RequestReader, fields: URLSearchParams): unknown {
  const sent = fields.getAll("url_screenshots");
  const [first] = sent;
  if (first === undefined) return undefined;
  if (sent.length === 1 && first.trim().startsWith("[")) return parseJson(reader, "url_screenshots", first);
  return sent.filter((url) => url !== "");
}

function parseJson(reader: RequestReader, name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    reader.refuse({ path: ["body", name], type: "json_invalid", message: "Invalid JSON", input: null });
    return undefined;
  }
}
