import { type InputIssue, invalidInput } from "../base/operation.ts";
import { QUERY_VALUES_MAX } from "./limits.ts";
import { readForm, readJson } from "./read-body.ts";
import { parseBool, parseMoment, parseWhole, type Refuse } from "./read-values.ts";
import type { FormLimits, FormReceiver, ReceivedForm } from "./receive.ts";
import type { SendZip, ZipToSend } from "./zip/sender.ts";

/** Where a value was read from; the first element of `loc` in the compatible 422 body. */
export type Place = "path" | "query" | "header" | "body";

/**
 * Reads one request the way the compatible API does: query values from the raw URL (repeated keys are lists,
 * commas are text), booleans in all spellings, unknown parameters ignored. Every misfit is collected and
 * thrown together by `finish`.
 */
export interface RequestReader {
  readonly request: Request;
  readonly query: URLSearchParams;
  pathText(name: string): string;
  pathInt(name: string): number | undefined;
  queryText(name: string): string | undefined;
  queryInt(name: string): number | undefined;
  queryBool(name: string): boolean | undefined;
  queryTexts(name: string): readonly string[] | undefined;
  queryInts(name: string): readonly number[] | undefined;
  /** A list in one value, separated by commas: `file_ids` and `rom_ids` only. */
  queryCommaInts(name: string): readonly number[] | undefined;
  /** A moment with offset, normalised to UTC. */
  queryInstant(name: string): string | undefined;
  header(name: string): string | null;
  /** The JSON body; an object with unknown keys kept. */
  json(): Promise<unknown>;
  /** The fields of a url-encoded or small multipart form. */
  form(): Promise<URLSearchParams>;
  /** The fields and files of a form of any size; the files are gone once the request has been answered. */
  receive(limits: FormLimits): Promise<ReceivedForm>;
  /** The body as it comes in; empty when there is none. */
  body(): AsyncIterable<Uint8Array>;
  /** Makes an answer that is an archive of files. */
  sendZip(zip: ZipToSend): Promise<Response>;
  /** Adds a misfit found by the route itself. */
  refuse(issue: InputIssue): void;
  /** @throws AppError `INPUT_INVALID` when anything was refused. */
  finish(): void;
}

/** What a reader is made of beside the request. */
export interface ReaderParts {
  readonly params: Readonly<Record<string, string>>;
  readonly sendZip: SendZip;
  readonly receiver: FormReceiver;
}

/** Makes the reader of one request. */
export function createReader(request: Request, { params, sendZip, receiver }: ReaderParts): RequestReader {
  const start = request.url.indexOf("?");
  const query = new URLSearchParams(start < 0 ? "" : request.url.slice(start + 1));
  const issues: InputIssue[] = [];
  const refuse = (issue: InputIssue) => void issues.push(issue);
  return {
    request,
    query,
    pathText: (name) => params[name] ?? "",
    pathInt: (name) => parseWhole(params[name] ?? "", ["path", name], refuse),
    queryText: (name) => query.get(name) ?? undefined,
    queryInt: (name) => mapValue(query.get(name), (text) => parseWhole(text, ["query", name], refuse)),
    queryBool: (name) => mapValue(query.get(name), (text) => parseBool(text, ["query", name], refuse)),
    queryTexts: (name) => readList(query, name, refuse),
    queryInts: (name) => mapInts(readList(query, name, refuse), name, refuse),
    queryCommaInts: (name) => mapInts(readCommaList(query, name, refuse), name, refuse),
    queryInstant: (name) => mapValue(query.get(name), (text) => parseMoment(text, ["query", name], refuse)),
    header: (name) => request.headers.get(name),
    json: () => readJson(request),
    form: () => readForm(request),
    receive: (limits) => receiver.receive(request, limits),
    body: () => request.body ?? new Blob([]).stream(),
    sendZip: (zip) => sendZip(request, zip),
    refuse,
    finish: () => {
      if (issues.length > 0) throw invalidInput(issues);
    },
  };
}

function mapValue<T>(text: string | null, map: (text: string) => T): T | undefined {
  return text === null ? undefined : map(text);
}

function mapInts(
  texts: readonly string[] | undefined,
  name: string,
  refuse: Refuse,
): readonly number[] | undefined {
  return texts?.flatMap((text, index) => parseWhole(text, ["query", name, index], refuse) ?? []);
}

function readList(query: URLSearchParams, name: string, refuse: Refuse): readonly string[] | undefined {
  const values = query.getAll(name);
  return values.length === 0 ? undefined : boundList(values, name, refuse);
}

function readCommaList(query: URLSearchParams, name: string, refuse: Refuse): readonly string[] | undefined {
  const pieces = query.get(name)?.split(",");
  return (
    pieces &&
    boundList(
      pieces.filter((piece) => piece.trim() !== ""),
      name,
      refuse,
    )
  );
}

/** A longer list is refused, never cut: part of it would mean something else. */
function boundList(values: readonly string[], name: string, refuse: Refuse): readonly string[] | undefined {
  if (values.length <= QUERY_VALUES_MAX) return values;
  const message = `List should have at most ${QUERY_VALUES_MAX} items after validation, not ${values.length}`;
  refuse({ path: ["query", name], type: "too_long", message, input: null });
  return undefined;
}
