import type { ServerInfo } from "@multitap/server/contract/system";
import { createAuth } from "./auth/auth.ts";
import type { Auth, AuthInput } from "./auth/types.ts";
import { type Audit, createAudit } from "./domains/audit.ts";
import { type ClientTokens, createClientTokens } from "./domains/client-tokens.ts";
import { type Collections, createCollections } from "./domains/collections.ts";
import { createLibraryConfig, type LibraryConfigCalls } from "./domains/config.ts";
import { createDeviceFlowCalls, type DeviceFlowCalls } from "./domains/device-flow.ts";
import { createLogs, type Logs } from "./domains/logs.ts";
import { createPermissions, type Permissions } from "./domains/permissions.ts";
import { createPlatforms, type Platforms } from "./domains/platforms.ts";
import { createRoms, type Roms } from "./domains/roms.ts";
import { createScans, type Scans } from "./domains/scan.ts";
import { createSetup, type Setup } from "./domains/setup.ts";
import { createStats, type StatsCalls } from "./domains/stats.ts";
import { createTasks, type Tasks } from "./domains/tasks.ts";
import { createUsers, type Users } from "./domains/users.ts";
import { type Environment, systemEnvironment } from "./environment.ts";
import { MultitapError } from "./errors.ts";
import { createEvents } from "./events/events.ts";
import { createHub } from "./events/hub.ts";
import type { Connection, EventStream, GapEvent, StreamOptions, Topic, TopicEvent } from "./events/types.ts";
import { onWake } from "./events/wake.ts";
import { type CallDefaults, runCall } from "./http/calls.ts";
import { createExchange, type FetchLike } from "./http/exchange.ts";
import { createRawFetch } from "./http/raw-fetch.ts";
import type { HttpParts } from "./http/rest.ts";
import type { RetryPolicy } from "./http/retry.ts";
import { SERVER_INFO_MAX_AGE_MS, TRANSFERS_RUNNING } from "./limits.ts";
import { callListener } from "./listeners.ts";
import type { CallOptions, ClientEvent } from "./options.ts";
import { createRpc } from "./rpc/rpc.ts";
import { subscribe } from "./rpc/subscriptions.ts";
import { type Feature, HEARTBEAT_PATH, readServerInfo } from "./server-info.ts";
import { createTransferQueue } from "./transfers/queue.ts";

/**
 * What a client is made of.
 * @example
 * const options: ClientOptions = {
 *   url: "http://nas.local:8080",
 *   auth: fileCredentials("/home/ana/.config/shelf.json"),
 *   app: { name: "Shelf", version: "2.1.0" },
 * };
 */
export interface ClientOptions {
  /** Address of the server, with its path if it does not stand at the root. */
  readonly url: string | URL;
  /** How the client proves who it speaks for; a sign-in that is forgotten at the end unless said. */
  readonly auth?: AuthInput | undefined;
  /** Sends the requests; the platform's `fetch` unless said. */
  readonly fetch?: FetchLike | undefined;
  /** Tells the server's operator which app calls. */
  readonly app?: { readonly name: string; readonly version: string } | undefined;
  /** Time of one try until the server answers; 30000 unless said. */
  readonly timeoutMs?: number | undefined;
  /** `false`: one try per call. */
  readonly retry?: RetryPolicy | false | undefined;
  /** `concurrency`: transfers that run at once, 3 unless said. */
  readonly transfers?: { readonly concurrency?: number | undefined } | undefined;
  /** Hears what no call reports: retries, and failures beside calls. */
  readonly onEvent?: ((event: ClientEvent) => void) | undefined;
}

/** The calls of a client, one group per noun of the server. */
export interface Domains {
  readonly roms: Roms;
  readonly platforms: Platforms;
  readonly scan: Scans;
  readonly users: Users;
  readonly permissions: Permissions;
  readonly clientTokens: ClientTokens;
  readonly deviceFlow: DeviceFlowCalls;
  readonly audit: Audit;
  readonly stats: StatsCalls;
  readonly collections: Collections;
  readonly config: LibraryConfigCalls;
  readonly setup: Setup;
  readonly tasks: Tasks;
  readonly logs: Logs;
}

/**
 * One server, as one user. Any number of clients can live side by side.
 * @example
 * const home = createClient({ url: "http://nas.local:8080", auth: token });
 * const friend = createClient({ url: "https://games.example", auth: otherToken });
 */
export interface Client extends Domains {
  /** Address of the server, without a slash at the end. */
  readonly url: string;
  readonly auth: Auth;
  /** How the event connection is doing. */
  readonly connection: Connection;
  /**
   * Ends all calls, streams and transfers; transfers are suspended. Resolves once they are.
   * @example
   * await client.close();
   */
  close(): Promise<void>;
  /**
   * Tells what happens on the server, over one connection for all streams of this client.
   * @example
   * for await (const event of client.events(["library"], { signal })) {
   *   if (event.topic === "gap") await refetch();
   *   else apply(event.data);
   * }
   */
  events<T extends Topic>(
    topics: readonly T[],
    options?: StreamOptions,
  ): EventStream<TopicEvent<T> | GapEvent>;
  /**
   * Asks the server who it is; needs no sign-in.
   * @throws MultitapError `incompatible`: another make of server, or the revisions do not meet.
   * @example
   * const { version } = await client.server();
   */
  server(options?: CallOptions): Promise<ServerInfo>;
  /**
   * Tells whether the server has an optional ability; asks it at most once a minute.
   * @example
   * if (await client.supports("scan")) showScanButton();
   */
  supports(feature: Feature, options?: CallOptions): Promise<boolean>;
  /**
   * Sends any request to the server with the client's authorization, renewed if need be. The answer is handed
   * out whatever its status; nothing is retried.
   * @param path Begins with a slash, below the server's URL.
   * @example
   * const cover = await client.fetch("/api/roms/42/cover");
   */
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

/**
 * Makes a client for one server. Sends nothing and opens nothing by itself.
 * @throws MultitapError `invalid` (`URL_INVALID`) for a URL that is not http or https, or holds a password.
 * @example
 * const client = createClient({ url: "http://nas.local:8080", auth: token });
 * const { items } = await client.roms.list({ search: "zelda" });
 */
export function createClient(options: ClientOptions): Client {
  return createClientIn(systemEnvironment, options);
}

/** Like `createClient`, with a clock, dice and timers of the caller's choice. */
export function createClientIn(environment: Environment, options: ClientOptions): Client {
  const url = normalizeUrl(options.url);
  const closing = new AbortController();
  const emit = (event: ClientEvent) => options.onEvent !== undefined && callListener(options.onEvent, event);
  const defaults: CallDefaults = {
    environment,
    timeoutMs: options.timeoutMs,
    retry: options.retry,
    lifetime: closing.signal,
    emit,
  };
  const hasCookies = typeof options.auth === "object" && "kind" in options.auth;
  const exchange = createExchange({ url, fetch: options.fetch, app: options.app, hasCookies });
  const auth = createAuth({
    input: options.auth,
    url,
    exchange,
    environment,
    app: options.app,
    lifetime: closing.signal,
    onFailure: (error) => emit({ type: "failure", error }),
    runCall: (operation, work, callOptions) => runCall(defaults, { operation, options: callOptions }, work),
  });
  const http: HttpParts = { ...defaults, url, exchange, authorizer: auth };
  const rpc = createRpc(http);
  const hub = createHub({
    environment,
    authorizer: auth,
    onAuthChange: auth.face.onChange,
    onWake,
    connect: (input, how) => subscribe(http, { operation: "events", input, ...how }),
  });
  const queue = createTransferQueue(options.transfers?.concurrency ?? TRANSFERS_RUNNING);
  const server = createServerCall(http);
  return {
    url,
    auth: auth.face,
    connection: hub.connection,
    roms: createRoms(rpc, { ...http, queue }),
    platforms: createPlatforms(rpc),
    scan: createScans(rpc, hub),
    permissions: createPermissions(rpc),
    users: createUsers(rpc, http),
    clientTokens: createClientTokens(rpc),
    deviceFlow: createDeviceFlowCalls(rpc),
    audit: createAudit(rpc),
    stats: createStats(rpc),
    collections: createCollections(rpc, http),
    config: createLibraryConfig(rpc),
    setup: createSetup(rpc),
    tasks: createTasks(rpc),
    logs: createLogs(rpc),
    events: (topics, streamOptions) => createEvents({ hub, environment }, topics, streamOptions),
    ...server,
    fetch: createRawFetch(http),
    async close() {
      hub.close();
      closing.abort(new MultitapError("aborted", "CLIENT_CLOSED", { message: "The client was closed" }));
      await queue.settled();
    },
  };
}

function createServerCall(http: HttpParts): Pick<Client, "server" | "supports"> {
  let known: { readonly info: ServerInfo; readonly atMs: number } | null = null;
  const server = (options?: CallOptions) =>
    runCall(http, { operation: "server", options }, async (signal) => {
      const info = await readServerInfo(await http.exchange(`${http.url}${HEARTBEAT_PATH}`, { signal }));
      known = { info, atMs: http.environment.now() };
      return info;
    });
  return {
    server,
    async supports(feature, options) {
      const isFresh = known !== null && http.environment.now() - known.atMs < SERVER_INFO_MAX_AGE_MS;
      const info = isFresh && known !== null ? known.info : await server(options);
      return info.features.includes(feature);
    },
  };
}

/** Never repeats the URL in an error: it may hold a password. */
function normalizeUrl(given: string | URL): string {
  const text = String(given);
  const url = URL.canParse(text) ? new URL(text) : null;
  const refuse = (why: string) =>
    new MultitapError("invalid", "URL_INVALID", { message: `The server's URL ${why}` });
  if (url === null || !/^https?:$/.test(url.protocol)) throw refuse("is not an http or https URL");
  if (url.username !== "" || url.password !== "") throw refuse("may not hold a user name or password");
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
