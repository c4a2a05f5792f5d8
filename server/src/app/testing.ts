import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatTarget } from "@multitap/db";
import { createTestDatabase, type TestDatabase } from "@multitap/db/testing";
import type { Context, Ports } from "../base/context.ts";
import type { Facts } from "../base/facts.ts";
import type { Identity } from "../base/identity.ts";
import { SCOPES } from "../base/scopes.ts";
import { createInline } from "../ports/compute/inline.ts";
import type { Files } from "../ports/files/port.ts";
import { createLog } from "../ports/log/pino.ts";
import type { Log } from "../ports/log/port.ts";
import { startScanWorker } from "../scan/service.ts";
import type { SocketMount } from "../socket/mount.ts";
import { prepareBaseFolder } from "./base-folder.ts";
import { type Config, readConfig } from "./config.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import { createFacts } from "./facts.ts";
import { createLifecycle } from "./lifecycle.ts";
import { type OpenedPorts, openPorts } from "./open-ports.ts";
import { type OpenSockets, openSockets } from "./sockets.ts";

/** A whole server in this process, without a port, on its own database and folder. */
export interface TestApp {
  /** Calls a path such as `/api/heartbeat`. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  readonly ports: Ports;
  readonly facts: Facts;
  readonly database: TestDatabase;
  /** The base folder; `library/` lies in it. */
  readonly basePath: string;
  /** A context for calling operations directly; an administrator with every scope unless given. */
  createContext(identity?: Identity): Context;
  /** Opens a port with every socket endpoint, once; returns where, such as `http://127.0.0.1:40000`. */
  listen(): Promise<string>;
  close(): Promise<void>;
}

export interface TestAppOptions {
  /** A database that another app works on as well; that one removes it. */
  readonly database?: TestDatabase | undefined;
  /** Environment variables of the server. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly files?: Files | undefined;
  /** Also work on scans. */
  readonly withScanWorker?: boolean | undefined;
}

const ADMIN: Identity = {
  kind: "user",
  userId: 1,
  username: "admin",
  isAdmin: true,
  scopes: new Set(SCOPES),
  proof: "access_token",
  deviceId: null,
  sessionId: null,
};

/** Opens an app for tests; `close` removes everything it made. */
export async function createTestApp(options: TestAppOptions = {}): Promise<TestApp> {
  const basePath = await mkdtemp(join(tmpdir(), "multitap-app-"));
  await prepareBaseFolder(basePath);
  const database = options.database ?? (await createTestDatabase());
  const config = readConfig(
    { ROMM_BASE_PATH: basePath, ...options.environment },
    { defaultBasePath: basePath },
  );
  const log = createLog({ level: "error", format: "text" });
  const opened = await openTestPorts(config, { database, basePath, log, files: options.files });
  const { ports } = opened;
  const facts = createFacts(config, "a secret key for tests only");
  const dispatcher = createTestDispatcher(config, log);
  const attach = (socketMounts: readonly SocketMount[]) =>
    dispatcher.attach({
      ports,
      facts,
      healthChecks: [],
      socketMounts,
      cache: opened.cache,
      zips: opened.zips,
    });
  attach([]);
  let listening: Promise<ListeningApp> | null = null;
  const createContext = (identity: Identity = ADMIN): Context => ({
    ports,
    facts,
    db: ports.database,
    identity,
    requestId: "test",
    signal: new AbortController().signal,
    clientAddress: "127.0.0.1",
    noteWrite: () => opened.cache?.invalidate(),
    raise: ports.events.raise,
  });
  const worker = options.withScanWorker
    ? await startScanWorker(ports, { createContext, isSoleOwner: true })
    : null;
  return {
    async fetch(path, init) {
      const response = await dispatcher.fetch(new Request(`http://localhost${path}`, init), null);
      return response ?? new Response(null, { status: 101 });
    },
    ports,
    facts,
    database,
    basePath,
    createContext,
    async listen() {
      listening ??= listenOn(dispatcher, await openSockets({ ports, facts, cache: opened.cache }), attach);
      return (await listening).url;
    },
    async close() {
      worker?.stop();
      await (await listening)?.close();
      await opened.close(500);
      if (options.database === undefined) await database.drop();
      await rm(basePath, { recursive: true, force: true });
    },
  };
}

interface TestParts {
  readonly database: TestDatabase;
  readonly basePath: string;
  readonly log: Log;
  readonly files: Files | undefined;
}

function openTestPorts(config: Config, { database, basePath, log, files }: TestParts): Promise<OpenedPorts> {
  return openPorts({
    handle: database.handle,
    log,
    basePath,
    tempPath: config.tempPath,
    minFreeBytes: config.minFreeBytes,
    redisUrl: process.env.MULTITAP_TEST_REDIS_URL ?? null,
    // Apps on one database are processes of one installation.
    redisPrefix: `multitap-test-${Bun.hash(formatTarget(database.target)).toString(36)}:`,
    workerCount: 1,
    isSoleProcess: true,
    isCacheOn: config.isCacheOn,
    zipCacheMaxBytes: config.zipCacheMaxBytes,
    smtp: config.smtp,
    calls: { userAgent: "Multitap/test", allow: config.fetchAllow, proxies: config.proxies },
    files,
    compute: createInline(),
  });
}

function createTestDispatcher(config: Config, log: Log): Dispatcher {
  const lifecycle = createLifecycle();
  lifecycle.enter({ name: "serving" });
  const onFailure = (error: unknown) => log.error("request failed", { error });
  return createDispatcher({ lifecycle, onFailure, ...config });
}

interface ListeningApp {
  readonly url: string;
  close(): Promise<void>;
}

async function listenOn(
  dispatcher: Dispatcher,
  sockets: OpenSockets,
  attach: (mounts: readonly SocketMount[]) => void,
): Promise<ListeningApp> {
  attach(sockets.mounts);
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request, self) => (await dispatcher.fetch(request, self)) as Response,
    websocket: dispatcher.websocket,
  });
  return {
    url: server.url.origin,
    async close() {
      await sockets.close();
      await server.stop(true);
    },
  };
}
