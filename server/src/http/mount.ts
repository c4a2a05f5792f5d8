import { Elysia } from "elysia";
import type { Context } from "../base/context.ts";
import { toAppError } from "../base/errors.ts";
import type { Facts } from "../base/facts.ts";
import type { Identity } from "../base/identity.ts";
import { formatJson } from "../base/json-text.ts";
import { callOperation, type Operation, requireAccess } from "../base/operation.ts";
import { detailResponse, toErrorResponse } from "./error-response.ts";
import type { CallFacts, CreateContext } from "./gate.ts";
import type { LocationHints } from "./input-issue.ts";
import { acceptsGzip } from "./packing.ts";
import { createReader, type RequestReader } from "./reader.ts";
import type { FormReceiver } from "./receive.ts";
import type { ResponseCache } from "./response-cache.ts";
import type { RestRoute, RouteOptions } from "./route.ts";
import type { SendZip } from "./zip/sender.ts";

/** What the mount needs from the application. */
export interface MountOptions {
  readonly routes: readonly RestRoute[];
  readonly createContext: CreateContext;
  /** The facts of a request that is under way; the dispatcher stored them before calling us. */
  readonly callFacts: (request: Request) => CallFacts;
  /** Keeps finished answers of routes that allow it; null keeps none. */
  readonly cache: ResponseCache | null;
  /** Answers with archives of files. */
  readonly sendZip: SendZip;
  /** Makes what takes the forms of one request off the network. */
  readonly createReceiver: () => FormReceiver;
  /**
   * Names what a caller may not see: callers of different sight share no kept answer, nor one before and after
   * their sight changed. All see the same when left out.
   */
  readonly describeSight?: ((ctx: Context) => Promise<string>) | undefined;
  /** Told which route answers a request. */
  readonly onRoute?: ((request: Request, path: string) => void) | undefined;
  /** Told of every failure that is a bug or an outage. */
  readonly onFailure: (error: unknown, call: CallFacts) => void;
}

interface RouteCall {
  readonly request: Request;
  /** Absent on paths without parameters. */
  readonly params?: Readonly<Record<string, string>>;
}

/** A fetch-like function over all REST routes. */
export type RestHandler = (request: Request) => Promise<Response>;

/**
 * Builds the REST door. Elysia finds the route; reading, checking and answering are ours, because its query
 * and form parsing would change values that device apps send (see the trap tests).
 */
export function mountRoutes(options: MountOptions): RestHandler {
  const originals = new WeakMap<Request, Request>();
  const originalOf = (request: Request) => originals.get(request) ?? request;
  const mount: Mount = { ...options, originalOf };
  // The error hook must stand before the routes it covers.
  const app = new Elysia({ aot: true, normalize: false }).onError(({ code, error, request }) => {
    if (code === "NOT_FOUND") return detailResponse(404, "Not Found");
    return answerFailure(error, mount, { request, hints: { pathNames: [], hasBody: false } });
  });
  for (const [place, routes] of groupByPlace(options.routes)) {
    for (const route of routes) {
      const names = listParameters(route.path);
      const handle = ({ request, params }: RouteCall) => {
        const rest = route.options.isDeep === true ? readRest(request.url, route.path) : null;
        return answer(route, { request, params: nameParameters(names, params, rest) }, mount);
      };
      app.route(route.method, place, handle, { parse: "none" });
    }
    const allow = listMethods(routes);
    app.all(place, ({ request }: RouteCall) => answerOtherMethod(request, allow), { parse: "none" });
  }
  return async (request) => {
    const findable = toFindable(request);
    if (findable !== request) originals.set(findable, request);
    const response = await app.handle(findable);
    return request.method === "HEAD" ? await withoutBody(response) : response;
  };
}

interface Mount extends MountOptions {
  /** The request as it came, of one that was made for Elysia. */
  readonly originalOf: (request: Request) => Request;
}

/** Elysia takes the first slash behind this many characters for the beginning of the path. */
const PATH_SEARCH_START = 11;

/**
 * The same request so that Elysia finds its route: a host name such as "nas" is too short, and its own HEAD of
 * routes with parameters says the length of an empty body.
 */
function toFindable(request: Request): Request {
  const { url, method, headers, signal } = request;
  const pathStart = url.indexOf("/", url.indexOf("//") + 2);
  const isFound = pathStart >= PATH_SEARCH_START;
  if (isFound && method !== "HEAD") return request;
  const longUrl = isFound ? url : `http://localhost${url.slice(pathStart)}`;
  return method === "HEAD" ? new Request(longUrl, { headers, signal }) : new Request(longUrl, request);
}

/**
 * Elysia wants one name for the parameter of one place, and routes of one place call it differently: there it goes by
 * its number.
 */
function groupByPlace(routes: readonly RestRoute[]): ReadonlyMap<string, readonly RestRoute[]> {
  return Map.groupBy(routes, ({ path, options }) => {
    let count = 0;
    const place = path.replaceAll(/\{\w+\}/g, () => `:${count++}`);
    return options.isDeep === true ? place.replace(/:\d+$/, "*") : place;
  });
}

/**
 * What a deep route's last parameter stands for, decoded once: an encoded slash is a slash, as in the compatible API.
 * "" for what cannot be decoded.
 */
function readRest(url: string, path: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const [sent = ""] = url.slice(start).split(/[?#]/, 1);
  const skipped = path.split("/").length - 1;
  try {
    return decodeURIComponent(sent.split("/").slice(skipped).join("/"));
  } catch (error) {
    if (error instanceof URIError) return "";
    throw error;
  }
}

function listParameters(path: string): readonly string[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = ""]) => name);
}

/** @param rest The value of the last one, on a deep route. */
function nameParameters(
  names: readonly string[],
  values: RouteCall["params"],
  rest: string | null,
): Record<string, string> {
  const last = names.length - 1;
  const find = (index: number) => (index === last ? rest : null) ?? values?.[String(index)] ?? "";
  return Object.fromEntries(names.map((name, index) => [name, find(index)]));
}

function listMethods(routes: readonly RestRoute[]): string {
  const methods = routes.flatMap((route) => (route.method === "GET" ? ["GET", "HEAD"] : [route.method]));
  return methods.join(", ");
}

function answerOtherMethod(request: Request, allow: string): Response {
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  return detailResponse(405, "Method Not Allowed", { allow });
}

async function answer(route: RestRoute, call: RouteCall, mount: Mount): Promise<Response> {
  const params = call.params ?? {};
  const original = mount.originalOf(call.request);
  mount.onRoute?.(original, route.path);
  // A body is read where it went; without one the request as it came says more.
  const hasBody = !isBodiless(original.method) || original.body !== null;
  const request = hasBody ? call.request : original;
  const receiver = mount.createReceiver();
  const reader = createReader(request, { params, sendZip: mount.sendZip, receiver });
  const operation = route.operation as unknown as Operation<unknown, unknown>;
  const options = route.options as unknown as RouteOptions<unknown, unknown>;
  const hints: LocationHints = {
    pathNames: Object.keys(params),
    hasBody,
    names: options.names,
    sentText: (place, name) => (place === "path" ? params[name] : reader.queryText(name)),
  };
  try {
    const ctx = mount.createContext(mount.callFacts(original));
    const make = async () => {
      const output = await callOperation(operation, ctx, () => readInput(reader, options, ctx.facts));
      return options.write === undefined ? output : await options.write(output, reader);
    };
    if (options.isCached !== true || mount.cache === null) return toResponse(await make(), options.status);
    requireAccess(ctx, operation);
    const sight = (await mount.describeSight?.(ctx)) ?? "";
    const key = `${sight} ${cacheKey(ctx.identity, request)}`;
    return await answerCached(
      mount.cache,
      { key, acceptEncoding: request.headers.get("accept-encoding") },
      make,
    );
  } catch (error) {
    return answerFailure(error, mount, { request: original, hints, errors: options.errors });
  } finally {
    await receiver.discard();
  }
}

/** What an answer depends on beside the data: who asks, and for what. */
function cacheKey(identity: Identity, request: Request): string {
  return `${identity.kind === "user" ? identity.userId : identity.kind} ${request.url}`;
}

async function answerCached(
  cache: ResponseCache,
  { key, acceptEncoding }: { readonly key: string; readonly acceptEncoding: string | null },
  make: () => Promise<unknown>,
): Promise<Response> {
  const answer = await cache.answer(key, async () => ({
    body: new TextEncoder().encode(formatJson(await make())),
    status: 200,
  }));
  const headers = { "content-type": "application/json", vary: "accept-encoding" };
  const packed = acceptsGzip(acceptEncoding) ? cache.findPacked(answer) : null;
  if (packed === null) return new Response(answer.body, { status: answer.status, headers });
  return new Response(packed, { status: answer.status, headers: { ...headers, "content-encoding": "gzip" } });
}

async function readInput(
  reader: RequestReader,
  options: RouteOptions<unknown, unknown>,
  facts: Facts,
): Promise<unknown> {
  const raw = options.read === undefined ? {} : await options.read(reader, facts);
  reader.finish();
  return raw;
}

function toResponse(value: unknown, status = 200): Response {
  if (value instanceof Response) return value;
  if (status === 204) return new Response(null, { status });
  const headers = { "content-type": "application/json" };
  return new Response(formatJson(value), { status, headers });
}

/** What a failed call knew of its route. */
interface FailedCall {
  readonly request: Request;
  readonly hints: LocationHints;
  readonly errors?: RouteOptions<unknown, unknown>["errors"] | undefined;
}

function answerFailure(thrown: unknown, mount: Mount, { request, hints, errors }: FailedCall): Response {
  const error = toAppError(thrown);
  if (error.kind === "internal" || error.kind === "unavailable") {
    mount.onFailure(thrown, mount.callFacts(mount.originalOf(request)));
  }
  return toErrorResponse(error, hints, errors);
}

function isBodiless(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "DELETE";
}

/** The answer to HEAD: every header of GET, and the length Bun would otherwise drop with the body. */
async function withoutBody(response: Response): Promise<Response> {
  const headers = new Headers(response.headers);
  if (headers.has("content-length")) await response.body?.cancel();
  else if (response.body !== null) {
    headers.set("content-length", String((await response.arrayBuffer()).byteLength));
  }
  return new Response(null, { status: response.status, headers });
}
