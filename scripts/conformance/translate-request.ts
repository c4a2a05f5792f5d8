/** Turns a recorded request into the one that asks our server for the same: with our ids, tokens and codes. */
import type { Correspondence } from "./correspondence.ts";
import { type IdKind, kindOfEntity, kindOfName, kindOfParameter } from "./kinds.ts";
import { readParameters, withoutQuery } from "./path-template.ts";
import {
  type BodyRecord,
  isList,
  isObject,
  type Json,
  type JsonObject,
  type PartRecord,
  type RequestRecord,
} from "./types.ts";

/** A body in the two forms that `fetch` takes here. */
export type RequestBody = string | FormData | Uint8Array<ArrayBuffer> | null;

export interface OurRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody;
  /** Ids that were exchanged, for messages that repeat them. */
  readonly exchanged: readonly (readonly [theirs: string, ours: string])[];
}

export interface TranslateOptions {
  readonly correspondence: Correspondence;
  /** The template of the route that the request asks for; null for paths that no route has. */
  readonly template: string | null;
  /** Tokens by the names that stand in braces in recorded headers. */
  readonly tokens: ReadonlyMap<string, string>;
}

/** Lists in bodies that name what is to be done something to. */
const LISTS_OF_IDS: Readonly<Record<string, string>> = {
  roms: "rom",
  saves: "save",
  states: "state",
  firmware: "firmware",
};

/** Changes one value: an id of a kind, or a text that may hold tokens and codes. */
type Exchange = (kind: IdKind, value: string) => string;

/** The request for our server; ids that were never learned stay as they are, such as ids of nothing. */
export function translateRequest(record: RequestRecord, options: TranslateOptions): OurRequest {
  const exchanged: (readonly [string, string])[] = [];
  const exchange: Exchange = (kind, value) => {
    const own = exchangeValue(options.correspondence, kind, value);
    if (own !== value) exchanged.push([value, own]);
    return own;
  };
  const isMultipart = record.body?.multipart !== undefined;
  const headers = Object.entries(record.headers)
    // The boundary of a form is chosen anew.
    .filter(([name]) => !(isMultipart && name.toLowerCase() === "content-type"))
    .map(([name, value]) => [name, translateHeader(name, fillTokens(value, options.tokens), exchange)]);
  return {
    method: record.method,
    path: translatePath(record.path, options.template, exchange),
    headers: Object.fromEntries(headers),
    body: record.body === null ? null : translateBody(record.body, exchange),
    exchanged,
  };
}

function exchangeValue(correspondence: Correspondence, kind: IdKind, value: string): string {
  const isId = /^\d+$/.test(value) && kind !== null;
  return isId ? String(correspondence.toOurs(kind, Number(value))) : correspondence.translate(value);
}

function translatePath(recorded: string, template: string | null, exchange: Exchange): string {
  const parameters = template === null ? [] : (readParameters(template, recorded) ?? []);
  let path = withoutQuery(recorded);
  for (const [name, value] of parameters) {
    // Names in addresses are given by the caller, not by the server.
    if (template === null || name.endsWith("name")) continue;
    const own = exchange(kindOfParameter(template, name), decodeURIComponent(value));
    path = path.replace(`/${value}`, () => `/${encodeURIComponent(own)}`);
  }
  const at = recorded.indexOf("?");
  return at < 0 ? path : `${path}?${translateQuery(recorded.slice(at + 1), exchange)}`;
}

function translateQuery(query: string, exchange: Exchange): string {
  const translatePair = (pair: string) => {
    const [name = "", value = ""] = pair.split("=");
    const parts = decodeURIComponent(value).split(",");
    const own = parts.map((part) => exchange(kindOfName(name, null), part));
    // Left letter by letter as it was recorded, unless an id in it is another.
    return own.join() === parts.join() ? pair : `${name}=${encodeURIComponent(own.join())}`;
  };
  return query.split("&").map(translatePair).join("&");
}

function fillTokens(value: string, tokens: TranslateOptions["tokens"]): string {
  return value.replaceAll(/\{([^}]+)\}/g, (whole, token: string) => tokens.get(token) ?? whole);
}

function translateHeader(name: string, value: string, exchange: Exchange): string {
  return exchange(name.toLowerCase() === "x-upload-platform" ? "platform" : null, value);
}

function translateBody(body: BodyRecord, exchange: Exchange): RequestBody {
  if (body.json !== undefined) return JSON.stringify(translateJson(body.json, null, exchange));
  if (body.base64 !== undefined) return new Uint8Array(Buffer.from(body.base64, "base64"));
  if (body.form !== undefined) {
    const fields = Object.entries(body.form).map(([name, value]) => [name, exchange(null, value)]);
    return new URLSearchParams(fields).toString();
  }
  return body.multipart === undefined ? null : toFormData(body.multipart, exchange);
}

function translateJson(value: Json | undefined, kind: IdKind, exchange: Exchange): Json {
  if (value === undefined) return null;
  if (isList(value)) return value.map((element) => translateJson(element, kind, exchange));
  if (isObject(value)) return translateFields(value, exchange);
  if (typeof value === "string") return exchange(null, value);
  return typeof value === "number" && kind !== null ? Number(exchange(kind, String(value))) : value;
}

function translateFields(fields: JsonObject, exchange: Exchange): JsonObject {
  const kindFor = (name: string) =>
    name === "entity_id" ? kindOfEntity(fields.entity) : (LISTS_OF_IDS[name] ?? kindOfName(name, null));
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, translateJson(value, kindFor(name), exchange)]),
  );
}

function toFormData(parts: readonly PartRecord[], exchange: Exchange): FormData {
  const data = new FormData();
  for (const { name, value = "", filename, contentType, base64 } of parts) {
    if (base64 === undefined) data.append(name, translatePartText(name, value, exchange));
    else {
      const type = contentType ?? "application/octet-stream";
      data.append(name, new Blob([Buffer.from(base64, "base64")], { type }), filename ?? name);
    }
  }
  return data;
}

/** Ids in a form stand in JSON: `[25, 8]`. */
function translatePartText(name: string, value: string, exchange: Exchange): string {
  const kind = kindOfName(name, null);
  return kind === null ? exchange(null, value) : value.replaceAll(/\d+/g, (digits) => exchange(kind, digits));
}
