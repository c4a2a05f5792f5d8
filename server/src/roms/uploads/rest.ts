import type { InputIssue } from "../../base/operation.ts";
import { parseWhole } from "../../http/read-values.ts";
import type { RequestReader } from "../../http/reader.ts";
import { del, get, post, put, type RestRoute, type RouteOptions } from "../../http/route.ts";
import { storeChunk } from "../upload-chunks/service.ts";
import { finishUpload } from "../upload-finish/service.ts";
import type { StartedUpload } from "./contract.ts";
import { cancelUpload, getUpload, startUpload } from "./service.ts";
import { toChunkCountWire, toStartedWire, toUploadWire } from "./wire.ts";

/** What the compatible API answers with 400. */
const errors: RouteOptions<unknown, unknown>["errors"] = {
  PLATFORMS_NOT_FOUND: { status: 400 },
  ROMS_UPLOAD_ID_INVALID: { status: 400 },
  ROMS_UPLOAD_NAME_INVALID: { status: 400 },
  ROMS_UPLOAD_NAME_EXCLUDED: { status: 400 },
  ROMS_UPLOAD_EXISTS: { status: 400 },
  ROMS_UPLOAD_CHUNKS_INVALID: { status: 400 },
  ROMS_UPLOAD_CHUNK_CUT: { status: 400 },
  ROMS_UPLOAD_INCOMPLETE: { status: 400 },
  ROMS_UPLOAD_SIZE_WRONG: { status: 400 },
  ROMS_UPLOAD_DIGEST_WRONG: { status: 400 },
};

const readStartHeaders = (reader: RequestReader) => ({
  platformId: readCount(reader, "x-upload-platform", 1),
  fileName: readNameHeader(reader),
  totalSizeBytes: readCount(reader, "x-upload-total-size", 1),
  totalChunks: readCount(reader, "x-upload-total-chunks", 1),
  sha1: reader.header("x-upload-sha1"),
  resumeId: reader.header("x-upload-resume-id"),
});

/** Headers when there are some, else JSON. */
async function readStart(reader: RequestReader): Promise<unknown> {
  const hasHeaders = reader.header("x-upload-platform") !== null || reader.request.body === null;
  if (hasHeaders) return readStartHeaders(reader);
  const json = await reader.json();
  if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
  const values: ReadonlyMap<string, unknown> = new Map(Object.entries(json));
  return {
    platformId: values.get("platform_id"),
    fileName: values.get("file_name"),
    totalSizeBytes: values.get("total_size"),
    totalChunks: values.get("total_chunks"),
    sha1: values.get("sha1"),
    resumeId: values.get("resume_id"),
  };
}

const NAMES = { totalSizeBytes: "total_size" };

/** Apps send the name percent-encoded, as UTF-8, or in plain letters. */
function readNameHeader(reader: RequestReader): string | undefined {
  const name = "x-upload-filename";
  const raw = reader.header(name);
  if (raw === null) {
    reader.refuse(missing(name));
    return undefined;
  }
  const text = decodeBytes(raw);
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // A percent sign of the name itself.
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** A header's bytes come one per character; those of UTF-8 mean a text. */
function decodeBytes(raw: string): string {
  const bytes = Uint8Array.from(raw, (character) => character.charCodeAt(0));
  const isBytes = [...raw].every((character) => character.charCodeAt(0) <= 0xff);
  const text = new TextDecoder().decode(bytes);
  return isBytes && !text.includes("\uFFFD") ? text : raw;
}

function readCount(reader: RequestReader, name: string, least: number): number | undefined {
  const text = reader.header(name);
  if (text === null) {
    reader.refuse(missing(name));
    return undefined;
  }
  const value = parseWhole(text, ["header", name], reader.refuse);
  if (value === undefined || value >= least) return value;
  reader.refuse({ path: ["header", name], type: "min_value", message: `Expected >=${least}`, input: text });
  return undefined;
}

function missing(name: string): InputIssue {
  return { path: ["header", name], type: "missing", message: "Field required", input: null };
}

/** A rom that is there already is no upload that was made. */
function writeStarted(output: StartedUpload, wire: object): Response {
  return Response.json(wire, { status: output.upload === null ? 200 : 201 });
}

const readUploadId = (reader: RequestReader) => ({ uploadId: reader.pathText("upload_id") });

function readChunk(reader: RequestReader): unknown {
  return describeChunk(reader, readCount(reader, "x-chunk-index", 0));
}

/** The older name of the route takes the index in the query too. */
function readChunkOfQuery(reader: RequestReader): unknown {
  const isInQuery = reader.header("x-chunk-index") === null && reader.query.has("index");
  return isInQuery ? describeChunk(reader, reader.queryInt("index")) : readChunk(reader);
}

function describeChunk(reader: RequestReader, chunkIndex: number | undefined): unknown {
  const length = reader.header("content-length");
  const announcedBytes = length === null ? null : Number(length);
  return { ...readUploadId(reader), chunkIndex, announcedBytes, body: reader.body() };
}

const chunkOptions = { summary: "Chunked rom upload: send one chunk", write: toChunkCountWire, errors };
const cancelOptions = { summary: "Chunked rom upload: drop", read: readUploadId, status: 204, errors };

/** Chunked uploads, in both generations of the compatible API. */
export const romUploadRoutes: readonly RestRoute[] = [
  post("/api/roms/upload/start", startUpload, {
    summary: "Chunked rom upload: open",
    read: readStartHeaders,
    write: (output) => writeStarted(output, toStartedWire(output)),
    errors,
  }),
  post("/api/roms/upload/init", startUpload, {
    summary: "Chunked rom upload: open, and learn the largest chunk",
    read: readStart,
    write: (output) =>
      writeStarted(output, { ...toStartedWire(output), chunk_size_max: output.chunkBytesMax }),
    names: NAMES,
    errors,
  }),
  put("/api/roms/upload/{upload_id}", storeChunk, { ...chunkOptions, read: readChunk }),
  post("/api/roms/upload/{upload_id}/chunk", storeChunk, { ...chunkOptions, read: readChunkOfQuery }),
  get("/api/roms/upload/{upload_id}/session", getUpload, {
    summary: "Chunked rom upload: what is there of it",
    read: readUploadId,
    write: toUploadWire,
    errors,
  }),
  post("/api/roms/upload/{upload_id}/complete", finishUpload, {
    summary: "Chunked rom upload: assemble",
    read: (reader) => ({ ...readUploadId(reader), sha1: reader.header("x-upload-sha1") }),
    write: () => new Response(null, { status: 201 }),
    errors,
  }),
  post("/api/roms/upload/{upload_id}/cancel", cancelUpload, cancelOptions),
  del("/api/roms/upload/{upload_id}", cancelUpload, cancelOptions),
];
