/** One stored file as a door hands it out. */
export interface ServedFile {
  /** Absolute path on disk. */
  readonly path: string;
  /** The name the caller should store it under. */
  readonly fileName: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
  /** Strong validator with its quotes. */
  readonly etag: string;
  /** SHA-1 of the whole file in lower-case hex, for callers that verify; null when it is not known. */
  readonly sha1?: string | null | undefined;
  readonly contentType?: string | undefined;
  readonly disposition?: "attachment" | "inline" | undefined;
  /** How long answers may be kept; unless said, a caller may keep them for itself and asks each time. */
  readonly cacheControl?: string | undefined;
}

/** A part of a file: first byte, and the byte after the last. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a Range header against a known size.
 * @returns Null when the whole file is meant (no header, another unit, several ranges, damaged), or
 * "unsatisfiable" when the range lies behind the end.
 * @source RFC 9110 section 14.
 */
export function parseRange(header: string | null, sizeBytes: number): ByteRange | "unsatisfiable" | null {
  const match = header === null ? null : /^bytes=\s*(\d*)-(\d*)$/i.exec(header.trim());
  if (match === null || (match[1] === "" && match[2] === "")) return null;
  if (match[1] === "") {
    const suffix = Number(match[2]);
    if (suffix === 0 || sizeBytes === 0) return "unsatisfiable";
    return { start: Math.max(0, sizeBytes - suffix), end: sizeBytes };
  }
  const start = Number(match[1]);
  const last = match[2] === "" ? sizeBytes - 1 : Number(match[2]);
  if (match[2] !== "" && last < start) return null;
  if (start >= sizeBytes) return "unsatisfiable";
  return { start, end: Math.min(last, sizeBytes - 1) + 1 };
}

/** Tells whether any validator of an If-None-Match list names this entity (weak comparison). */
export function matchesAnyEtag(header: string, etag: string): boolean {
  if (header.trim() === "*") return true;
  const plain = etag.replace(/^W\//, "");
  return header.split(",").some((entry) => entry.trim().replace(/^W\//, "") === plain);
}

/** What an answer about a file says before its first byte. */
export interface FileAnswer {
  readonly status: 200 | 206 | 304 | 416;
  readonly headers: Headers;
  /** The bytes that follow; null for none: HEAD, an unchanged file, a range behind the end, an empty file. */
  readonly part: ByteRange | null;
}

/** Decides about validators, conditional requests and one range; `path` plays no part. */
export function planFileAnswer(request: Request, file: Omit<ServedFile, "path">): FileAnswer {
  const headers = fileHeaders(file);
  if (isNotModified(request, file)) return { status: 304, headers, part: null };
  const range = isRangeWanted(request, file)
    ? parseRange(request.headers.get("range"), file.sizeBytes)
    : null;
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${file.sizeBytes}`);
    return { status: 416, headers, part: null };
  }
  const part = range ?? { start: 0, end: file.sizeBytes };
  headers.set("content-length", String(part.end - part.start));
  if (range !== null) headers.set("content-range", `bytes ${part.start}-${part.end - 1}/${file.sizeBytes}`);
  const hasBody = request.method !== "HEAD" && file.sizeBytes > 0;
  return { status: range === null ? 200 : 206, headers, part: hasBody ? part : null };
}

/**
 * Answers GET or HEAD of one file: validators, conditional requests, one range, and a disposition that every
 * known app can read. The bytes go out by sendfile and are never compressed.
 */
export function fileResponse(request: Request, file: ServedFile): Response {
  const { status, headers, part } = planFileAnswer(request, file);
  if (part === null) return new Response(null, { status, headers });
  const bytes = Bun.file(file.path);
  return new Response(status === 200 ? bytes : bytes.slice(part.start, part.end), { status, headers });
}

function fileHeaders(file: Omit<ServedFile, "path">): Headers {
  const headers = new Headers({
    "accept-ranges": "bytes",
    "content-type": file.contentType ?? "application/octet-stream",
    "content-disposition": formatDisposition(file.disposition ?? "attachment", file.fileName),
    etag: file.etag,
    "last-modified": file.modifiedAt.toUTCString(),
    "cache-control": file.cacheControl ?? "private, no-cache",
    "x-content-type-options": "nosniff",
  });
  if (file.sha1) headers.set("x-multitap-sha1", file.sha1);
  return headers;
}

function isNotModified(request: Request, file: Omit<ServedFile, "path">): boolean {
  const ifNoneMatch = request.headers.get("if-none-match");
  if (ifNoneMatch !== null) return matchesAnyEtag(ifNoneMatch, file.etag);
  const since = parseHttpDate(request.headers.get("if-modified-since"));
  return since !== null && Math.floor(file.modifiedAt.getTime() / 1000) * 1000 <= since;
}

/** Milliseconds since the epoch, or null: a date in any other form counts as none. */
function parseHttpDate(text: string | null): number | null {
  if (text === null || !/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) return null;
  const moment = Date.parse(text);
  return Number.isNaN(moment) ? null : moment;
}

/** A range is for GET alone, and honoured unless If-Range names another version of the bytes. */
function isRangeWanted(request: Request, file: Omit<ServedFile, "path">): boolean {
  if (request.method !== "GET") return false;
  const ifRange = request.headers.get("if-range");
  if (ifRange === null) return true;
  if (ifRange.startsWith('"')) return ifRange === file.etag;
  return ifRange === file.modifiedAt.toUTCString();
}

/** Both spellings of a file name, as the compatible API sends them. */
export function formatDisposition(kind: "attachment" | "inline", fileName: string): string {
  const encoded = encodeURIComponent(fileName.toWellFormed()).replaceAll(/[!'()*]/g, toPercent);
  return `${kind}; filename*=UTF-8''${encoded}; filename="${encoded}"`;
}

function toPercent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
