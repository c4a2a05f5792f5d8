import { isAppError } from "../../base/errors.ts";
import { findErrorCode } from "../../base/outage.ts";
import { invalidAnswer } from "./body.ts";
import { failed, type Guard } from "./guard.ts";
import { FETCH_PAUSE_MS, FETCH_PAUSE_MS_MAX, FETCH_REDIRECTS_MAX } from "./limits.ts";
import { maskCause } from "./masking.ts";
import type { FetchRequest } from "./port.ts";
import { checkTarget, type Target, type TargetRules } from "./target.ts";

/** What goes over the wire to one address. */
interface Message {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: FetchRequest["body"];
}

export interface ExchangeOptions {
  readonly rules: TargetRules;
  readonly guard: Guard;
  readonly userAgent: string;
  readonly ca: string | undefined;
}

/** The head of an answer behind its redirects; its body has not been touched. */
export interface Exchanged {
  readonly response: Response;
  readonly url: URL;
  readonly host: string;
}

/** Headers that go on to another origin; all others may hold keys. */
const HARMLESS_HEADERS = ["accept", "accept-language", "user-agent"];
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Sends a call and follows its redirects, each checked like the first address. */
export async function exchange(
  url: string,
  request: FetchRequest,
  options: ExchangeOptions,
): Promise<Exchanged> {
  const headers = new Headers(request.headers);
  if (!headers.has("user-agent")) headers.set("user-agent", options.userAgent);
  let message: Message = { url, method: request.method ?? "GET", headers, body: request.body };
  for (let hops = 0; hops <= FETCH_REDIRECTS_MAX; hops += 1) {
    const target = await untilAborted(checkTarget(message.url, options.rules), options.guard.signal);
    const response = await send(target, message, options);
    const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
    if (location === null) return { response, url: target.url, host: target.host };
    await response.body?.cancel();
    message = redirect(message, { target, status: response.status, location });
  }
  throw invalidAnswer(new URL(url).hostname, `leads on more than ${FETCH_REDIRECTS_MAX} times`);
}

/** A name that is not resolved in time cannot be given up otherwise. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

interface Redirect {
  readonly target: Target;
  readonly status: number;
  readonly location: string;
}

function redirect(message: Message, { target, status, location }: Redirect): Message {
  const next = URL.parse(location, target.url);
  if (next === null) throw invalidAnswer(target.host, "leads nowhere");
  const isSeeOther = status === 303 || (status < 303 && message.method === "POST");
  const method = isSeeOther && message.method !== "HEAD" ? "GET" : message.method;
  const body = isSeeOther ? undefined : message.body;
  if (next.origin === target.url.origin) return { ...message, url: next.href, method, body };
  if (body !== undefined) throw invalidAnswer(target.host, "sends what we said to another server");
  const headers = new Headers();
  for (const name of HARMLESS_HEADERS) {
    const value = message.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return { url: next.href, method, headers, body };
}

/** Failures before anything was sent, after which another address of the same name may do better. */
const CONNECT_CODES: ReadonlySet<string | null> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "EAFNOSUPPORT",
]);

async function send(target: Target, message: Message, options: ExchangeOptions): Promise<Response> {
  const places = target.proxy === null ? target.addresses : [null];
  let failure: unknown = null;
  for (const address of places) {
    try {
      return await sendTo(address, { target, message, options });
    } catch (error) {
      options.guard.signal.throwIfAborted();
      failure = error;
      if (!CONNECT_CODES.has(findErrorCode(error))) break;
    }
  }
  if (isAppError(failure)) throw failure;
  throw failed(`${target.host} cannot be reached`, target.host, maskCause(failure));
}

interface Sending {
  readonly target: Target;
  readonly message: Message;
  readonly options: ExchangeOptions;
}

/**
 * Sends to one address that was checked, so that a name that changes its meaning in between leads nowhere. The
 * server is told, and its certificate held against, the name. Null leaves the way to the proxy.
 */
async function sendTo(address: string | null, { target, message, options }: Sending): Promise<Response> {
  const { url, host, proxy } = target;
  const headers = new Headers(message.headers);
  headers.set("accept-encoding", "gzip, br");
  const place = new URL(url);
  if (address !== null) {
    headers.set("host", url.host);
    place.hostname = address.includes(":") ? `[${address}]` : address;
  }
  const isNamed = address !== null && address !== host;
  return await fetch(place, {
    method: message.method,
    headers,
    ...(message.body !== undefined && { body: message.body }),
    redirect: "manual",
    // Decompressed by us, within bounds.
    decompress: false,
    signal: options.guard.signal,
    tls: { ...(isNamed && { serverName: host }), ...(options.ca !== undefined && { ca: options.ca }) },
    // False keeps the runtime from reading the variables itself: it would look up the address and not the name.
    proxy: proxy === null ? false : { url: proxy, respectNoProxy: false },
  });
}

/**
 * How long a host asks to be left alone with this answer.
 * @returns Milliseconds; null when it does not ask.
 */
export function readPause(
  { status, headers }: Pick<Response, "status" | "headers">,
  nowMs: number,
): number | null {
  const text = headers.get("retry-after")?.trim() ?? "";
  if (status !== 429 && (status !== 503 || text === "")) return null;
  const pauseMs = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  if (Number.isNaN(pauseMs)) return FETCH_PAUSE_MS;
  return Math.min(Math.max(pauseMs, 0), FETCH_PAUSE_MS_MAX);
}
