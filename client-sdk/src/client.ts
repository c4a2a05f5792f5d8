import type { ServerInfo } from "@multitap/server/contract/system";
import { createAuth } from "./auth/auth.ts";
import type { Auth, AuthInput } from "./auth/types.ts";
import { attachParts } from "./client-parts.ts";
import { type Activities, createActivities } from "./domains/activity.ts";
import { type Audit, createAudit } from "./domains/audit.ts";
import { type ClientTokens, createClientTokens } from "./domains/client-tokens.ts";
import { type Collections, createCollections } from "./domains/collections.ts";
import { createLibraryConfig, type LibraryConfigCalls } from "./domains/config.ts";
import { createDeviceFlowCalls, type DeviceFlowCalls } from "./domains/device-flow.ts";
import { createDevices, type Devices } from "./domains/devices.ts";
import { createExports, type Exports } from "./domains/exports.ts";
import { createFirmware, type FirmwareCalls } from "./domains/firmware.ts";
import { createLogs, type Logs } from "./domains/logs.ts";
import { createMusic, type Music } from "./domains/music.ts";
import { createNotes, type Notes } from "./domains/notes.ts";
import { createPermissions, type Permissions } from "./domains/permissions.ts";
import { createPlatforms, type Platforms } from "./domains/platforms.ts";
import { createPlaySessions, type PlaySessions } from "./domains/play-sessions.ts";
import { createRelay, type Relay } from "./domains/relay.ts";
import { createRomExtras, type RomExtras } from "./domains/rom-extras.ts";
import { createRoms, type Roms } from "./domains/roms.ts";
import { createSaves, createVersionCalls, type Saves, type VersionCalls } from "./domains/saves.ts";
import { createScans, type Scans } from "./domains/scan.ts";
import { createScreenshots, type Screenshots } from "./domains/screenshots.ts";
import { createSetup, type Setup } from "./domains/setup.ts";
import { createStates, type States } from "./domains/states.ts";
import { createStats, type StatsCalls } from "./domains/stats.ts";
import { createTasks, type Tasks } from "./domains/tasks.ts";
import { createUsers, type Users } from "./domains/users.ts";
import { type Environment, systemEnvironment } from "./environment.ts";
import { MultitapError } from "./errors.ts";
import { createEvents } from "./events/events.ts";
import { createHub } from "./events/hub.ts";
import type { Connection, EventStream, GapEvent, StreamOptions, Topic, TopicEvent } from "./events/types.ts";
import { onWake } from "./events/wake.ts";
import type { RealtimeCall, RealtimeTransport } from "./events/web-socket-realtime.ts";
import { type CallDefaults, runCall } from "./http/calls.ts";
import { createExchange, type FetchLike } from "./http/exchange.ts";
import { createRawFetch } from "./http/raw-fetch.ts";
import { type HttpParts, request } from "./http/rest.ts";
import type { RetryPolicy } from "./http/retry.ts";
import { SERVER_INFO_MAX_AGE_MS, TRANSFERS_RUNNING } from "./limits.ts";
import { callListener } from "./listeners.ts";
import type { CallOptions, ClientEvent } from "./options.ts";
import { createRpc, type Rpc } from "./rpc/rpc.ts";
import { subscribe } from "./rpc/subscriptions.ts";
import { type Feature, HEARTBEAT_PATH, readServerInfo } from "./server-info.ts";
import type { DownloadParts } from "./transfers/download.ts";
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
  /** How events travel: as one long answer unless said, or `webSocketRealtime()`. */
  readonly realtime?: RealtimeTransport | undefined;
  /**
   * `concurrency`: transfers that run at once, 3 unless said. `chunkBytes`: pieces in which uploads go out, a
   * hundredth of the file between 1 and 16 MiB unless said.
   */
  readonly transfers?:
    | { readonly concurrency?: number | undefined; readonly chunkBytes?: number | undefined }
    | undefined;
  /** Hears what no call reports: retries, and failures beside calls. */
  readonly onEvent?: ((event: ClientEvent) => void) | undefined;
}

/** The calls of a client, one group per noun of the server. */
export interface Domains {
  readonly roms: Roms;
  readonly platforms: Platforms;
  readonly firmware: FirmwareCalls;
  readonly states: States & Pick<VersionCalls, "versions" | "restore" | "store">;
  readonly screenshots: Screenshots;
  readonly saves: Saves;
  readonly scan: Scans;
  readonly users: Users;
  readonly permissions: Permissions;
  readonly clientTokens: ClientTokens;
  readonly deviceFlow: DeviceFlowCalls;
  readonly devices: Devices;
  readonly playSessions: PlaySessions;
  readonly activity: Activities;
  readonly audit: Audit;
  readonly exports: Exports;
  readonly stats: StatsCalls;
  readonly collections: Collections;
  readonly notes: Notes;
  readonly config: LibraryConfigCalls;
  readonly setup: Setup;
  readonly tasks: Tasks;
  readonly logs: Logs;
  readonly music: Music;
  readonly romExtras: RomExtras;
  readonly relay: Relay;
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
  const { timeoutMs, retry } = options;
  const defaults: CallDefaults = { environment, timeoutMs, retry, lifetime: closing.signal, emit };
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
    connect: (input, how) => openEvents(http, options.realtime, { input, ...how }),
  });
  const transfers = createTransfers(options.transfers);
  const server = createServerCall(http);
  const client: Client = {
    url,
    auth: auth.face,
    connection: hub.connection,
    roms: createRoms(rpc, { ...http, ...transfers }),
    platforms: createPlatforms(rpc),
    firmware: createFirmware(rpc, { ...http, ...transfers }),
    states: createAllStates(rpc, { ...http, ...transfers }),
    screenshots: createScreenshots(rpc, { ...http, ...transfers }),
    saves: createSaves(rpc, { ...http, ...transfers }),
    scan: createScans(rpc, hub),
    permissions: createPermissions(rpc),
    users: createUsers(rpc, http),
    clientTokens: createClientTokens(rpc),
    deviceFlow: createDeviceFlowCalls(rpc),
    devices: createDevices(rpc),
    playSessions: createPlaySessions(rpc),
    activity: createActivities(rpc),
    audit: createAudit(rpc),
    exports: createExports(rpc),
    stats: createStats(rpc),
    collections: createCollections(rpc, http),
    notes: createNotes(rpc),
    config: createLibraryConfig(rpc),
    setup: createSetup(rpc),
    tasks: createTasks(rpc),
    logs: createLogs(rpc),
    music: createMusic(rpc),
    romExtras: createRomExtras(rpc, http),
    relay: createRelay(rpc),
    events: (topics, streamOptions) => createEvents({ hub, environment }, topics, streamOptions),
    ...server,
    fetch: createRawFetch(http),
    async close() {
      hub.close();
      closing.abort(clientClosed());
      await transfers.queue.settled();
    },
  };
  return attachParts(client, { ...http, rpc, request: (path, call) => request(http, path, call) });
}

/** Opens one event connection; returns how to end it. */
function openEvents(
  http: HttpParts,
  realtime: RealtimeTransport | undefined,
  call: Pick<RealtimeCall, "input" | "authorization" | "observer">,
): () => void {
  if (realtime === undefined) return subscribe(http, { operation: "events", ...call });
  const { url, environment, timeoutMs } = http;
  return realtime.open({ url, environment, timeoutMs, ...call });
}

/** What is told of states, and what they have in common with saves. */
function createAllStates(rpc: Rpc, http: HttpParts & DownloadParts): Client["states"] {
  return { ...createVersionCalls(rpc, http, "state"), ...createStates(rpc, http) };
}

/** The one queue of all transfers, and how uploads are cut. */
function createTransfers({ concurrency = TRANSFERS_RUNNING, chunkBytes }: ClientOptions["transfers"] = {}) {
  return { queue: createTransferQueue(concurrency), concurrency, chunkBytes };
}

function clientClosed(): MultitapError {
  return new MultitapError("aborted", "CLIENT_CLOSED", { message: "The client was closed" });
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
