import { describeOidcSetup } from "../auth/oidc/service.ts";
import { createLog } from "../ports/log/pino.ts";
import type { Log } from "../ports/log/port.ts";
import { createSentryReporter, type FailureReporter } from "../ports/log/sentry.ts";
import type { SentryTarget } from "../ports/log/sentry-envelope.ts";
import type { SocketMount } from "../socket/mount.ts";
import { prepareBaseFolder } from "./base-folder.ts";
import { type Config, ROLES } from "./config.ts";
import { StartError } from "./config-errors.ts";
import { createControlKey, publishControl, toLocalUrl } from "./control.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import { VERSION } from "./facts.ts";
import { createHealthChecks } from "./health-checks.ts";
import { createLifecycle, type Lifecycle } from "./lifecycle.ts";
import { countSockets, listMetricSources } from "./metric-sources.ts";
import { type OpenMetrics, openMetrics } from "./metrics.ts";
import { type OpenRelay, openRelay } from "./relay.ts";
import { openServerParts, type ServerParts, type ServerPartsOptions } from "./server-parts.ts";
import { openSockets } from "./sockets.ts";
import { describeStart } from "./summary.ts";
import { checkWebFolder, warnOfPrefix } from "./web-folder.ts";

/** How long running requests may finish at a stop. */
const DRAIN_MS = 1_000;
/** How long reports of failures may be on their way at a stop. */
const REPORT_MS = 500;
/** Largest body Bun lets through; every route has its own, smaller limit, and forms are never held in memory. */
const BODY_BYTES_MAX = 64 * 1024 ** 3;
/** Seconds without a byte after which a connection is closed; Bun allows no more than 255. */
const IDLE_TIMEOUT_SECONDS = 255;

/** A running server. */
export interface RunningServer {
  /** Where it listens, such as `http://0.0.0.0:8080`. */
  readonly url: string;
  readonly port: number;
  readonly log: Log;
  /** Resolves with an exit code when the server cannot go on by itself. */
  readonly failed: Promise<number>;
  /** Stops everything in order; safe to call again. */
  stop(): Promise<void>;
}

/** What is no setting of operators. */
export type StartOptions = Pick<ServerPartsOptions, "lockWaitMs">;

/**
 * Starts the whole server: binds the port first, so that health answers from the beginning, then opens the
 * database, migrates and serves.
 * @throws StartError or DbError when it must not start.
 */
export async function startServer(config: Config, options: StartOptions = {}): Promise<RunningServer> {
  const reporter = config.sentry === null ? null : createReporter(config.sentry);
  const log = createLog({ level: config.logLevel, format: config.logFormat, report: reporter?.report });
  const lifecycle = createLifecycle();
  const onFailure = (error: unknown) => log.error("request failed", { error });
  if (config.webFolder !== null) await checkWebFolder(config.webFolder);
  await prepareBaseFolder(config.basePath);
  const metrics = openMetrics(config, log);
  const dispatcher = createDispatcher({
    lifecycle,
    onFailure,
    meter: metrics?.metrics.meter,
    sideDoor: metrics?.answer ?? undefined,
    ...config,
  });
  const listener = await listenOrClose(config, dispatcher, metrics);
  const closers: (() => Promise<void>)[] = [
    () => listener.stop(true),
    async () => void (await metrics?.close()),
    async () => {
      log.flush?.();
      await reporter?.close(REPORT_MS);
    },
  ];
  const failed = Promise.withResolvers<number>();
  try {
    const withWorker = config.roles.has("worker");
    const parts = await openServerParts(config, {
      log,
      lifecycle,
      withWorker,
      withAutomaticScans: true,
      onFailed: () => failed.resolve(1),
      ...options,
    });
    closers.unshift(() => parts.close());
    closers.unshift(
      await openDoors(config, { dispatcher, parts, metrics, port: listener.port ?? config.port }),
    );
    lifecycle.enter({ name: "serving" });
    await printSummary(config, { log, parts, metrics, url: listener.url.origin });
  } catch (error) {
    lifecycle.enter({ name: "stopping" });
    for (const close of closers) await close();
    throw error;
  }
  let stopping: Promise<void> | null = null;
  return {
    url: listener.url.origin,
    port: listener.port ?? config.port,
    log,
    failed: failed.promise,
    stop() {
      stopping ??= stopAll(lifecycle, listener, closers);
      return stopping;
    },
  };
}

interface DoorOptions {
  readonly dispatcher: Dispatcher;
  readonly parts: ServerParts;
  readonly metrics: OpenMetrics | null;
  readonly port: number;
}

/** Hands the parts to the doors, and leaves the key by which commands on this machine find and enter them. */
async function openDoors(
  config: Config,
  { dispatcher, parts, metrics, port }: DoorOptions,
): Promise<() => Promise<void>> {
  const { ports, facts, cache, zips } = parts;
  const controlKey = createControlKey();
  const sockets = await openSockets({ ports, facts, cache });
  const relay = await openOwnRelay(config, parts);
  dispatcher.attach({
    ports,
    facts,
    cache,
    zips,
    controlKey,
    healthChecks: createHealthChecks(ports),
    socketMounts: watchNumbers(metrics, parts, sockets.mounts),
  });
  const url = toLocalUrl(config.host, port);
  const removeControl = await publishControl(config.basePath, {
    url,
    token: controlKey.token,
    log: ports.log,
  });
  return async () => {
    await relay?.stop();
    await sockets.close();
    await removeControl();
  };
}

function createReporter(target: SentryTarget): FailureReporter {
  return createSentryReporter({ target, release: `multitap@${VERSION}` });
}

/** Lets the numbers for Prometheus be read from the parts. */
function watchNumbers(
  metrics: OpenMetrics | null,
  { createContext, database }: ServerParts,
  mounts: readonly SocketMount[],
): readonly SocketMount[] {
  if (metrics === null) return mounts;
  const { handle, isEmbedded } = database;
  for (const source of listMetricSources({ createContext, handle, isEmbedded })) metrics.metrics.add(source);
  const counted = countSockets(mounts);
  metrics.metrics.add(counted.source);
  return counted.mounts;
}

/** The relay, where this process has that role. */
async function openOwnRelay(config: Config, { ports, facts }: ServerParts): Promise<OpenRelay | null> {
  const { port } = facts.relay;
  return port === null ? null : await openRelay({ ports, facts, host: config.host, port });
}

type Listener = Bun.Server<object>;

async function listenOrClose(
  config: Config,
  dispatcher: Dispatcher,
  metrics: OpenMetrics | null,
): Promise<Listener> {
  try {
    return listen(config, dispatcher);
  } catch (error) {
    await metrics?.close();
    throw error;
  }
}

function listen(config: Config, dispatcher: Dispatcher): Listener {
  try {
    return Bun.serve({
      hostname: config.host,
      port: config.port,
      maxRequestBodySize: BODY_BYTES_MAX,
      idleTimeout: IDLE_TIMEOUT_SECONDS,
      fetch: async (request, server) => (await dispatcher.fetch(request, server)) as Response,
      websocket: dispatcher.websocket,
      error: () => Response.json({ detail: "Internal Server Error" }, { status: 500 }),
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError("E_PORT", `cannot listen on ${config.host} port ${config.port}: ${reason}`, {
      cause,
    });
  }
}

interface Summary {
  readonly log: Log;
  readonly parts: ServerParts;
  readonly metrics: OpenMetrics | null;
  readonly url: string;
}

async function printSummary(config: Config, { log, parts, metrics, url }: Summary): Promise<void> {
  const { database } = parts;
  if (metrics !== null && metrics.port !== null) log.info(`numbers for Prometheus: port ${metrics.port}`);
  if (database.isEmbedded && config.roles.size < ROLES.length) {
    log.warn("MULTITAP_ROLES leaves work to other processes, which need an external database (DATABASE_URL)");
  }
  const about = { ctx: parts.createContext(), url, database: database.description };
  for (const line of await describeStart(config, about)) log.info(line);
  const webWarning = warnOfPrefix(config.webFolder, config.urlPrefix);
  if (webWarning !== null) log.warn(webWarning);
  const oidc = describeOidcSetup(config.oidc);
  for (const line of oidc.lines) log.info(line);
  for (const warning of oidc.warnings) log.warn(warning);
}

async function stopAll(
  lifecycle: Lifecycle,
  listener: Listener,
  closers: readonly (() => Promise<void>)[],
): Promise<void> {
  lifecycle.enter({ name: "stopping" });
  // Refuses new connections now; those that are answered at this moment may finish while jobs drain.
  const drained = listener.stop(false);
  await Promise.race([drained, Bun.sleep(DRAIN_MS)]);
  for (const close of closers) await close();
}
