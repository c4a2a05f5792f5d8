import { type ErrorKind, MultitapError, type ServerErrorKind } from "../errors.ts";
import { ERROR_BODY_CHARS_MAX } from "../limits.ts";

const KIND_OF_STATUS: Readonly<Record<number, ServerErrorKind>> = {
  400: "invalid",
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  409: "conflict",
  413: "too_large",
  415: "unsupported",
  422: "invalid",
  429: "rate_limited",
  502: "upstream",
  503: "unavailable",
  504: "unavailable",
  507: "storage_full",
};

// What a proxy answers in the server's place; its body is never ours, but the call may succeed later.
const PASSING_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** The kind of failure that an HTTP status of the server stands for. */
export function kindOfStatus(status: number): ServerErrorKind {
  return KIND_OF_STATUS[status] ?? (status < 500 ? "invalid" : "internal");
}

/** Turns an answer that is not a success into an error; reads its body. */
export async function toAnswerError(response: Response): Promise<MultitapError> {
  return answerError(response, await readText(response));
}

/** Turns an answer that is not a success into an error, when its body was read already. */
export function answerError(response: Response, text: string): MultitapError {
  const { status, headers } = response;
  const facts = {
    status,
    requestId: headers.get("x-request-id"),
    retryAfterMs: readRetryAfter(headers, Date.now()),
  };
  const detail = readDetail(text);
  if (detail === undefined && !PASSING_STATUSES.has(status)) return notOurs(response);
  const kind: ErrorKind = kindOfStatus(status);
  const message = typeof detail === "string" ? detail : `The server answered ${status}`;
  return new MultitapError(kind, `HTTP_${status}`, {
    message,
    ...facts,
    details: typeof detail === "string" ? null : detail,
  });
}

/** The error for an answer that no Multitap server gives, such as a proxy's HTML. */
export function notOurs(response: Response): MultitapError {
  const contentType = response.headers.get("content-type");
  const message = `The answer is not one of a Multitap server (status ${response.status}, ${contentType ?? "no type"})`;
  return new MultitapError("protocol", "ANSWER_NOT_OURS", {
    message,
    status: response.status,
    details: { contentType },
  });
}

/** Tells whether an answer says that it is JSON. */
export function isJson(response: Response): boolean {
  return /^application\/(?:[\w.-]+\+)?json/i.test(response.headers.get("content-type") ?? "");
}

/** Reads `Retry-After`: seconds or a date. Null when absent or not understood. */
export function readRetryAfter(headers: Headers, nowMs: number): number | null {
  const text = headers.get("retry-after");
  if (text === null) return null;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** Reads an error body, but never more of it than one of ours can have. */
export async function readText(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (text.length > ERROR_BODY_CHARS_MAX) {
      await reader.cancel();
      return text.slice(0, ERROR_BODY_CHARS_MAX);
    }
  }
}

/** Parses JSON text; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
}

function readDetail(text: string): unknown {
  const body = parseJson(text);
  if (typeof body !== "object" || body === null || !("detail" in body)) return undefined;
  return body.detail ?? null;
}
