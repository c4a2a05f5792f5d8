import { assert } from "../../base/assert.ts";
import { AppError, isAppError } from "../../base/errors.ts";
import type { Log } from "../log/port.ts";
import { type HostRules, parseHostRules, plainHost } from "./addresses.ts";
import { readBody } from "./body.ts";
import { type Exchanged, exchange, readPause } from "./exchange.ts";
import { createGuard, failed, type Guard } from "./guard.ts";
import { createLanes, type Lanes } from "./lanes.ts";
import * as limits from "./limits.ts";
import { maskCause, maskUrl } from "./masking.ts";
import type { Fetch, FetchAnswer, FetchHead, FetchRequest, FetchStream } from "./port.ts";
import { NO_PROXIES, type Proxies } from "./proxies.ts";
import { resolveHost, type TargetRules } from "./target.ts";

export interface WebFetchOptions {
  readonly log: Log;
  /** How we call ourselves, such as `Multitap/1.2`. */
  readonly userAgent: string;
  /** Hosts that may be called although they are private. */
  readonly allow?: HostRules | undefined;
  readonly proxies?: Proxies | undefined;
  /** Certificate authority in place of the usual ones, for tests. */
  readonly ca?: string | undefined;
  /** Resolves names in another way than the system, for tests. */
  readonly resolve?: TargetRules["resolve"] | undefined;
  readonly idleMs?: number | undefined;
}

const NOBODY: HostRules = { matches: () => false, matchesAddress: () => false };

interface Parts {
  readonly options: WebFetchOptions;
  readonly lanes: Lanes;
  readonly closing: AbortController;
}

/** What one call does with the body of its answer. */
type UseBody<T> = (exchanged: Exchanged, call: Call, guard: Guard) => Promise<Used<T>>;

interface Used<T> {
  readonly value: T;
  /** Resolves when nothing of the call goes on any more; absent when that is so already. */
  readonly ended?: Promise<void> | undefined;
}

interface Call {
  readonly url: string;
  readonly request: FetchRequest;
}

/** The fetch port over the runtime's own `fetch`. */
export function createWebFetch(options: WebFetchOptions): Fetch {
  const parts: Parts = { options, lanes: createLanes(), closing: new AbortController() };
  return {
    fetch: (url, request = {}) => perform<FetchAnswer>(parts, { url, request }, readWhole),
    open: (url, request = {}) => {
      const idleMs = options.idleMs ?? limits.FETCH_IDLE_MS;
      return perform<FetchStream>(parts, { url, request }, async (exchanged, call, guard) =>
        openStream(exchanged, call, { guard, idleMs }),
      );
    },
    async close() {
      parts.closing.abort(failed("the server stops", null));
    },
  };
}

/** Sends a call when it is its turn, again after a host asked to wait for a moment. */
async function perform<T>(parts: Parts, call: Call, use: UseBody<T>): Promise<T> {
  const { lanes, closing } = parts;
  const host = hostOf(call.url);
  const signals = [closing.signal, call.request.signal].filter((each) => each !== undefined);
  const turn: Turn = { host, call, signal: AbortSignal.any(signals) };
  for (let tries = 0; ; tries += 1) {
    const outcome = await inTurn(parts, turn, () => attempt(parts, call, use));
    if (outcome.pauseMs === null) return outcome.used.value;
    lanes.pause(host, outcome.pauseMs);
    if (tries < limits.FETCH_RETRIES_MAX && outcome.pauseMs <= limits.FETCH_WAIT_MS_MAX) continue;
    throw new AppError("unavailable", "FETCH_LIMITED", {
      message: `${host} wants to be left alone for a while`,
      details: { host },
      retryAfterMs: outcome.pauseMs,
    });
  }
}

type Outcome<T> = { readonly pauseMs: number } | { readonly pauseMs: null; readonly used: Used<T> };

interface Turn {
  readonly host: string;
  readonly call: Call;
  readonly signal: AbortSignal;
}

/** Gives the outcome as soon as there is one, and keeps the place in the lane until nothing goes on any more. */
async function inTurn<T>(
  { lanes }: Parts,
  { host, call, signal }: Turn,
  run: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome<T>>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const { pace } = call.request;
  const turn = lanes.run(host, { pace, signal }, async () => {
    const outcome = await run();
    resolve(outcome);
    if (outcome.pauseMs === null) await outcome.used.ended;
  });
  turn.catch(reject);
  try {
    return await promise;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** One exchange, from the first connection until its answer is handed on. */
async function attempt<T>(parts: Parts, call: Call, use: UseBody<T>): Promise<Outcome<T>> {
  const { options, closing } = parts;
  const { url, request } = call;
  const host = hostOf(url);
  const guard = createGuard({ host, asker: request.signal, closing: closing.signal });
  const beganAtMs = performance.now();
  guard.limit(request.timeoutMs ?? limits.FETCH_TIMEOUT_MS);
  try {
    const rules = toRules(options, request.hosts);
    const { userAgent, ca } = options;
    const exchanged = await exchange(url, request, { rules, guard, userAgent, ca });
    const { response } = exchanged;
    const pauseMs = readPause(response, Date.now());
    options.log.debug("called out", {
      method: request.method ?? "GET",
      url: maskUrl(exchanged.url),
      status: response.status,
      ms: Math.round(performance.now() - beganAtMs),
    });
    if (pauseMs === null) return { pauseMs, used: await use(exchanged, call, guard) };
    await response.body?.cancel();
    guard.end();
    return { pauseMs };
  } catch (error) {
    guard.end();
    // The reason of an abort comes first: it is what made the rest fail.
    throw guard.signal.aborted ? guard.signal.reason : toFailure(error, host);
  }
}

/** The host with its port: two services of one machine have nothing to do with each other. */
function hostOf(url: string): string {
  return plainHost(URL.parse(url)?.host ?? "");
}

function toRules(options: WebFetchOptions, hosts: readonly string[] | undefined): TargetRules {
  const rules = hosts === undefined ? null : parseHostRules(hosts);
  assert(hosts === undefined || rules !== null, `fetch hosts cannot be read: ${hosts?.join(", ")}`);
  return {
    allow: options.allow ?? NOBODY,
    hosts: rules,
    proxies: options.proxies ?? NO_PROXIES,
    resolve: options.resolve ?? resolveHost,
  };
}

function toFailure(error: unknown, host: string): unknown {
  if (isAppError(error)) return error;
  return failed(`the answer of ${host} broke off`, host, maskCause(error));
}

function headOf({ response, url }: Exchanged): FetchHead {
  return { status: response.status, headers: response.headers, url: url.href };
}

async function readWhole(exchanged: Exchanged, { request }: Call, guard: Guard): Promise<Used<FetchAnswer>> {
  const maxBytes = request.maxBytes ?? limits.FETCH_BYTES_MAX;
  const chunks: Uint8Array[] = [];
  for await (const chunk of readBody(exchanged.response, { host: exchanged.host, maxBytes }))
    chunks.push(chunk);
  guard.end();
  return { value: { ...headOf(exchanged), bytes: new Uint8Array(Buffer.concat(chunks)) } };
}

interface StreamOptions {
  readonly guard: Guard;
  readonly idleMs: number;
}

function openStream(
  exchanged: Exchanged,
  { request }: Call,
  { guard, idleMs }: StreamOptions,
): Used<FetchStream> {
  const { host, response } = exchanged;
  const chunks = readBody(response, { host, maxBytes: request.maxBytes ?? limits.FETCH_BYTES_MAX });
  const ended = Promise.withResolvers<void>();
  const end = () => {
    guard.end();
    ended.resolve();
  };
  // Time counts while we wait for the host; the reader's own pauses are bounded by the life of the stream.
  guard.limit(limits.FETCH_STREAM_MS_MAX);
  guard.signal.addEventListener("abort", end, { once: true });
  if (guard.signal.aborted) end();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        guard.limit(idleMs);
        try {
          const next = await chunks.next();
          if (next.done) controller.close();
          else controller.enqueue(next.value);
          if (next.done) end();
          else guard.limit(limits.FETCH_STREAM_MS_MAX);
        } catch (error) {
          end();
          controller.error(guard.signal.aborted ? guard.signal.reason : toFailure(error, host));
        }
      },
      async cancel() {
        guard.stop();
        end();
        // What was still on its way fails by our own stop, which nobody needs to hear of.
        await chunks.return(undefined).catch((error: unknown) => {
          if (!guard.signal.aborted) throw error;
        });
      },
    },
    { highWaterMark: 0 },
  );
  return { value: { ...headOf(exchanged), body }, ended: ended.promise };
}
