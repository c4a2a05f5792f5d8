import { join } from "node:path";
import type { Context, IdempotencyMark, Ports } from "../base/context.ts";
import { toAppError } from "../base/errors.ts";
import type { Facts } from "../base/facts.ts";
import { createRequestId } from "../base/ids.ts";
import { type AllowedOrigins, addCorsHeaders, answerPreflight } from "../http/cors.ts";
import { detailResponse, toErrorResponse } from "../http/error-response.ts";
import type { CallFacts } from "../http/gate.ts";
import { mountRoutes } from "../http/mount.ts";
import { createOpenApi } from "../http/openapi.ts";
import { formatBaseUrl, isFromThisMachine, readOrigin, type TrustedProxies } from "../http/public-url.ts";
import { createFormReceiver, type FormReceiver } from "../http/receive.ts";
import type { RequestMeter } from "../http/request-meter.ts";
import type { ResponseCache } from "../http/response-cache.ts";
import type { ZipCache } from "../http/zip/cache.ts";
import { createZipSender } from "../http/zip/sender.ts";
import { getHidden } from "../permissions/hidden/service.ts";
import { createRpcHandler, RPC_PATH } from "../rpc/handler.ts";
import { createSocketSwitch, findMount, type SocketMount, type UpgradeServer } from "../socket/mount.ts";
import { API_REVISION, API_REVISION_OLDEST } from "../system/contract.ts";
import { PROBE_ROOT } from "../system/probe/service.ts";
import { type ControlKey, withControlKey } from "./control.ts";
import { answerDocs } from "./docs.ts";
import { createGate } from "./gate.ts";
import { answerLive, answerReady, type HealthCheck } from "./health.ts";
import { answerPhase, type Lifecycle } from "./lifecycle.ts";
import { answerProbe } from "./probe.ts";
import { describeRequest, type RouteNames } from "./request-names.ts";
import { answerResource, RESOURCES_ROOT } from "./resource-files.ts";
import { restRoutes } from "./rest.ts";
import { appRouter } from "./trpc.ts";
import { createWebFolder } from "./web-folder.ts";
import { createWebPage, type WebDoor } from "./web-page.ts";

/** What Bun's server offers a request; absent when a test calls the app in process. */
export type RequestServer = UpgradeServer;

/** Answers what is for operators and their machines alone. */
export type SideDoor = (
  request: Request,
  arrival: Arrival,
  server: RequestServer | null,
) => Promise<Response | undefined> | null;

export interface DispatcherOptions {
  readonly lifecycle: Lifecycle;
  /** The address we listen on. */
  readonly host: string;
  readonly corsOrigins: AllowedOrigins;
  readonly trustedProxies: TrustedProxies;
  readonly urlPrefix: string;
  /** Folder of a built frontend; our own page unless said. */
  readonly webFolder?: string | null | undefined;
  /** Told of what broke outside the doors, which report for themselves. */
  readonly onFailure: (error: unknown) => void;
  /** Counts requests; nothing is counted without it. */
  readonly meter?: RequestMeter | undefined;
  /** Asked first, also while the database is away; null where it has nothing to say to a path. */
  readonly sideDoor?: SideDoor | undefined;
}

/** What opens once the database is there. */
export interface DispatcherParts {
  readonly ports: Ports;
  readonly facts: Facts;
  readonly healthChecks: readonly HealthCheck[];
  readonly socketMounts: readonly SocketMount[];
  /** Kept answers; whoever attaches it tells it of changes. Null keeps none. */
  readonly cache: ResponseCache | null;
  /** Download archives that lie ready on disk. */
  readonly zips: ZipCache;
  /** Lets commands on this machine in as the operator; nobody when left out. */
  readonly controlKey?: ControlKey | undefined;
}

/** The one port: every request of every door goes through here. */
export interface Dispatcher {
  fetch(request: Request, server: RequestServer | null): Promise<Response | undefined>;
  /** The one websocket object of the port. */
  readonly websocket: Bun.WebSocketHandler<object>;
  /** Hands over what opened after the port was bound. */
  attach(parts: DispatcherParts): void;
}

type Doors = (
  request: Request,
  arrival: Arrival,
  server: RequestServer | null,
) => Promise<Response | undefined>;

/** How a request came, as the proxies before us tell it. */
export interface Arrival {
  readonly path: string;
  readonly requestId: string;
  readonly clientAddress: string;
  readonly baseUrl: string;
  /** It comes straight from a program on this machine. */
  readonly isLocal: boolean;
}

/** The status of an answer that is no answer any more. */
const SWITCHING_PROTOCOLS = 101;

const API_HEADER = `${API_REVISION};oldest=${API_REVISION_OLDEST}`;

/** Makes the dispatcher; until parts are attached it answers health and 503. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  let doors: Doors | null = null;
  let healthChecks: readonly HealthCheck[] = [];
  let socketMounts: readonly SocketMount[] = [];
  const routes: RouteNames = new WeakMap();
  const { webFolder = null, onFailure } = options;
  const web = webFolder === null ? createWebPage({ onFailure }) : createWebFolder(webFolder);
  const answer = async (request: Request, arrival: Arrival, server: RequestServer | null) => {
    if (arrival.path === options.urlPrefix) return redirectToFolder(request, arrival.path);
    if (arrival.path === "/health/live") return answerLive();
    if (arrival.path === "/health/ready") return await answerReady(options.lifecycle, healthChecks);
    const aside = options.sideDoor?.(request, arrival, server) ?? null;
    if (aside !== null) return await aside;
    const preflight = answerPreflight(request, options.corsOrigins);
    if (preflight !== null) return preflight;
    const waiting = answerPhase(options.lifecycle.phase);
    if (waiting !== null || doors === null) return waiting ?? detailResponse(503, "starting");
    return await doors(request, arrival, server);
  };
  return {
    async fetch(rawRequest, rawServer) {
      const request = stripPrefix(rawRequest, options.urlPrefix);
      const server = request === rawRequest ? rawServer : forOriginal(rawRequest, rawServer);
      const arrival = readArrival(request, server, options);
      const startedAtMs = performance.now();
      const response = await answer(request, arrival, server).catch((error: unknown) => {
        options.onFailure(error);
        return toErrorResponse(toAppError(error), { pathNames: [], hasBody: false });
      });
      const durationMs = performance.now() - startedAtMs;
      const status = response?.status ?? SWITCHING_PROTOCOLS;
      options.meter?.note(describeRequest(request, { path: arrival.path, status, durationMs, routes }));
      // A socket upgrade has no response of ours.
      if (response === undefined) return undefined;
      return finish(response, request, { arrival, corsOrigins: options.corsOrigins });
    },
    websocket: createSocketSwitch(() => socketMounts),
    attach(parts) {
      socketMounts = parts.socketMounts;
      healthChecks = parts.healthChecks;
      doors = createDoors(parts, { web, onRoute: (request, path) => routes.set(request, path) });
    },
  };
}

function stripPrefix(request: Request, prefix: string): Request {
  if (prefix === "") return request;
  const start = request.url.indexOf("/", "https://".length);
  const path = request.url.slice(start);
  if (!path.startsWith(`${prefix}/`)) return request;
  return new Request(request.url.slice(0, start) + path.slice(prefix.length), request);
}

/** The page's addresses are relative, so its own one has to end in a slash. */
function redirectToFolder({ url }: Request, prefix: string): Response {
  const { search } = new URL(url);
  return new Response(null, { status: 308, headers: { location: `${prefix}/${search}` } });
}

/** Bun's server knows a request by its object: it tells no address of a copy, and upgrades none. */
function forOriginal(original: Request, server: RequestServer | null): RequestServer | null {
  if (server === null) return null;
  return {
    requestIP: () => server.requestIP(original),
    timeout: (_copy, seconds) => server.timeout(original, seconds),
    upgrade: (_copy, ...options) => server.upgrade(original, ...options),
  };
}

function readArrival(request: Request, server: RequestServer | null, options: DispatcherOptions): Arrival {
  const peerAddress = server?.requestIP(request)?.address ?? "127.0.0.1";
  const origin = readOrigin(request, {
    peerAddress,
    trusted: options.trustedProxies,
    urlPrefix: options.urlPrefix,
  });
  const start = request.url.indexOf("/", "https://".length);
  const end = request.url.indexOf("?", start);
  const path = end < 0 ? request.url.slice(start) : request.url.slice(start, end);
  const isLocal = isFromThisMachine(request, peerAddress, options.host);
  const { clientAddress } = origin;
  return { path, requestId: createRequestId(), clientAddress, baseUrl: formatBaseUrl(origin), isLocal };
}

function readIdempotencyMark(request: Request, path: string): IdempotencyMark | null {
  const key = request.headers.get("idempotency-key");
  return key === null ? null : { key, target: `${request.method} ${path}` };
}

function finish(
  response: Response,
  request: Request,
  { arrival, corsOrigins }: { readonly arrival: Arrival; readonly corsOrigins: AllowedOrigins },
): Response {
  const { headers } = response;
  headers.set("x-request-id", arrival.requestId);
  headers.set("x-multitap-api", API_HEADER);
  addCorsHeaders(headers, request, corsOrigins);
  return response;
}

/** A call that the gate was not asked about. */
function anonymousCall({ signal }: Request): CallFacts {
  return { identity: { kind: "anonymous" }, requestId: createRequestId(), signal, clientAddress: null };
}

/** Larger files of forms wait beside other uploads. */
function createReceiver({ files, space }: Ports, { tempPath }: Facts): FormReceiver {
  return createFormReceiver({
    files,
    folder: join(tempPath, "received"),
    assertSpace: (neededBytes) => space.assertSpace(neededBytes, { path: tempPath }),
  });
}

/** Everything outside the doors, for which nobody has to be anybody. */
async function answerOutside(
  request: Request,
  arrival: Arrival,
  { ports, facts, web }: DispatcherParts & { readonly web: WebDoor },
): Promise<Response> {
  const { path } = arrival;
  if (path.startsWith(PROBE_ROOT)) return await answerProbe(request, arrival, ports);
  if (!path.startsWith(RESOURCES_ROOT)) return await web.answer(request, path);
  const { resourcesPath } = facts;
  return await answerResource(request, path, { files: ports.files, resourcesPath });
}

interface DoorsOptions {
  readonly web: WebDoor;
  /** Told which route answers a request. */
  readonly onRoute: (request: Request, path: string) => void;
}

function createDoors(parts: DispatcherParts, { web, onRoute }: DoorsOptions): Doors {
  const { ports, facts, socketMounts, cache, controlKey } = parts;
  const calls = new WeakMap<Request, CallFacts>();
  const addresses = new WeakMap<Request, string>();
  const locals = new WeakSet<Request>();
  const door = createGate({ ports, facts, clientAddressOf: (request) => addresses.get(request) ?? null });
  const gate =
    controlKey === undefined ? door : withControlKey(door, controlKey, (request) => locals.has(request));
  const createContext = (call: CallFacts): Context => ({
    ports,
    facts,
    db: ports.database,
    ...call,
    noteWrite: () => cache?.invalidate(),
    raise: ports.events.raise,
  });
  const callFacts = (request: Request): CallFacts => calls.get(request) ?? anonymousCall(request);
  const report = (error: unknown, where: { requestId?: string; path?: string | undefined }) =>
    ports.log.error("request failed", { error, ...where });
  const rest = mountRoutes({
    routes: restRoutes,
    createContext,
    callFacts,
    cache,
    sendZip: createZipSender({ files: ports.files, cache: parts.zips }),
    createReceiver: () => createReceiver(ports, facts),
    onRoute,
    describeSight: async (ctx) => (await getHidden(ctx)).mark,
    onFailure: (error, call) => report(error, { requestId: call.requestId }),
  });
  const rpc = createRpcHandler({
    router: appRouter,
    createContext: (request) => createContext(callFacts(request)),
    onFailure: (error, path) => report(error, { path }),
  });
  const openApi = JSON.stringify(createOpenApi(restRoutes, { title: "Multitap", version: facts.version }));

  return async (request, arrival, server) => {
    const { path } = arrival;
    const mount = findMount(socketMounts, path);
    if (mount !== null && server !== null) return await mount.handle(request, server, arrival);
    if (path === "/openapi.json" || path === "/api/openapi.json") {
      return new Response(openApi, { headers: { "content-type": "application/json" } });
    }
    const isRpc = path.startsWith(`${RPC_PATH}/`);
    if (!isRpc && !path.startsWith("/api/")) return await answerOutside(request, arrival, { ...parts, web });
    const docs = await answerDocs(request, path);
    if (docs !== null) return docs;
    addresses.set(request, arrival.clientAddress);
    if (arrival.isLocal) locals.add(request);
    const entry = await gate.enter(request);
    const { requestId, clientAddress, baseUrl } = arrival;
    const idempotency = readIdempotencyMark(request, path);
    calls.set(request, {
      identity: entry.identity,
      requestId,
      signal: request.signal,
      clientAddress,
      baseUrl,
      idempotency,
      recheck: entry.recheck,
    });
    // An event stream is silent for longer than the server's own patience.
    if (isRpc) server?.timeout(request, 0);
    const response = entry.refusal ?? (await (isRpc ? rpc(request) : rest(request)));
    for (const cookie of entry.setCookies) response.headers.append("set-cookie", cookie);
    if (isRpc) response.headers.set("x-accel-buffering", "no");
    return response;
  };
}
