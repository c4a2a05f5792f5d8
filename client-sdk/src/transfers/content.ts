import { MultitapError } from "../errors.ts";
import { toNetworkError } from "../http/exchange.ts";
import { type HttpParts, request } from "../http/rest.ts";
import type { CallOptions } from "../options.ts";

/** One content of the server: what answers tell about it, and its bytes. */
export interface Content {
  readonly name: string;
  /** Null: not told. */
  readonly totalBytes: number | null;
  /** Strong entity tag; null: the bytes cannot be gone on from. */
  readonly validator: string | null;
  readonly modifiedAt: string | null;
  /** Digest of the bytes as the server sends them; null: not told. */
  readonly sha1: string | null;
  /** The server sends parts of it. */
  readonly isPart: boolean;
  /** Where in the content the body begins. */
  readonly start: number;
  readonly body: ReadableStream<Uint8Array> | null;
}

/** Where a content is, and how to name the call that reads it. */
export interface ContentPlace {
  readonly operation: string;
  /** Path below the server's URL. */
  readonly path: string;
  /** What is sent with the question; nothing unless said. */
  readonly init?: Pick<RequestInit, "method" | "body"> | undefined;
  /** Told the headers of each answer. */
  onAnswer?(headers: Headers): void;
}

/** A part of a content. */
export interface ContentRange {
  readonly start: number;
  /** Exclusive; null: to the end. */
  readonly end: number | null;
  /** The content must still be the one of this tag, else all of it is sent; null: whatever it is. */
  readonly validator: string | null;
}

/** The status for a range behind the end, that is any range of an empty content. */
const RANGE_NOT_SATISFIABLE = 416;

/**
 * Asks for a content, or for a part of it.
 * @throws MultitapError `protocol` when the answer is another part than the one asked for.
 */
export async function openContent(
  http: HttpParts,
  place: ContentPlace,
  { range, options }: { readonly range?: ContentRange | undefined; readonly options: CallOptions },
): Promise<Content> {
  const headers: Record<string, string> = {};
  if (range !== undefined) {
    headers.range = `bytes=${range.start}-${range.end === null ? "" : range.end - 1}`;
    if (range.validator !== null) headers["if-range"] = range.validator;
  }
  // Only whoever asks without knowing the content may ask for what an empty one does not have.
  const accepts = range?.validator === null ? RANGE_NOT_SATISFIABLE : undefined;
  const call = { operation: place.operation, options, init: { ...place.init, headers }, accepts };
  const response = await request(http, place.path, call);
  place.onAnswer?.(response.headers);
  const content = describeContent(response);
  if (response.status === 206 && content.start !== (range?.start ?? 0)) {
    await response.body?.cancel();
    const details = { contentType: response.headers.get("content-type") };
    throw new MultitapError("protocol", "ANSWER_NOT_OURS", {
      message: "The server sent another part of the content",
      details,
    });
  }
  return content;
}

/**
 * Reads the next piece of a body; undefined at its end.
 * @throws MultitapError `network` when the connection was lost.
 */
export async function readPiece(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
): Promise<Uint8Array | undefined> {
  try {
    return (await reader?.read())?.value;
  } catch (thrown) {
    throw toNetworkError(thrown);
  }
}

/** Ends an answer whose bytes are not wanted; that this may fail is of no interest. */
export async function discard({ body }: Content): Promise<void> {
  if (body !== null && !body.locked) await body.cancel().catch(() => undefined);
}

function describeContent(response: Response): Content {
  const { headers } = response;
  const part = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)/.exec(headers.get("content-range") ?? "");
  // A proxy that compresses makes lengths and ranges mean something else than the bytes that arrive.
  const isPlain = /^(?:identity)?$/.test(headers.get("content-encoding") ?? "");
  const etag = headers.get("etag");
  return {
    name: readFileName(headers) ?? "content",
    totalBytes: readCount(part?.[2]) ?? (isPlain ? readTotal(response) : null),
    validator: isPlain && etag !== null && !etag.startsWith("W/") ? etag : null,
    modifiedAt: readMoment(headers.get("last-modified")),
    sha1: isPlain ? headers.get("x-multitap-sha1") : null,
    isPart: response.status === 206 || response.status === RANGE_NOT_SATISFIABLE,
    start: response.status === 206 ? (readCount(part?.[1]) ?? 0) : 0,
    body: response.body,
  };
}

function readTotal({ headers, status }: Response): number | null {
  const announced = readCount(headers.get("x-multitap-total-bytes"));
  return announced ?? (status === 206 ? null : readCount(headers.get("content-length")));
}

function readCount(text: string | null | undefined): number | null {
  return text != null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function readMoment(text: string | null): string | null {
  const atMs = Date.parse(text ?? "");
  return Number.isNaN(atMs) ? null : new Date(atMs).toISOString();
}

/** The name of `Content-Disposition`, without any folder: it may become part of a path. */
export function readFileName(headers: Headers): string | null {
  const text = headers.get("content-disposition") ?? "";
  const encoded = /filename\*\s*=\s*UTF-8''([^;]+)/i.exec(text)?.[1];
  const plain = /filename\s*=\s*(?:"([^"]*)"|([^;]+))/i.exec(text);
  const name = encoded === undefined ? (plain?.[1] ?? plain?.[2]) : decodePercent(encoded.trim());
  const bare = name?.trim().split(/[/\\]/).at(-1);
  return bare === undefined || /^\.{0,2}$/.test(bare) ? null : bare;
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (thrown) {
    if (thrown instanceof URIError) return text;
    throw thrown;
  }
}
