import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase, type TestDatabase } from "@multitap/db/testing";
import type { Context, Ports } from "../base/context.ts";
import type { Facts } from "../base/facts.ts";
import type { Identity } from "../base/identity.ts";
import { createHexToken } from "../base/ids.ts";
import { SCOPES } from "../base/scopes.ts";
import { createInline } from "../ports/compute/inline.ts";
import type { Files } from "../ports/files/port.ts";
import { createLog } from "../ports/log/pino.ts";
import { startScanWorker } from "../scan/service.ts";
import { prepareBaseFolder } from "./base-folder.ts";
import { readConfig } from "./config.ts";
import { createDispatcher } from "./dispatcher.ts";
import { createFacts } from "./facts.ts";
import { createLifecycle } from "./lifecycle.ts";
import { openPorts } from "./open-ports.ts";

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
  close(): Promise<void>;
}

export interface TestAppOptions {
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
  const database = await createTestDatabase();
  const config = readConfig(
    { ROMM_BASE_PATH: basePath, ...options.environment },
    { defaultBasePath: basePath },
  );
  const log = createLog({ level: "error", format: "text" });
  const opened = await openPorts({
    handle: database.handle,
    log,
    basePath,
    redisUrl: process.env.MULTITAP_TEST_REDIS_URL ?? null,
    redisPrefix: `multitap-test-${createHexToken(6)}:`,
    workerCount: 1,
    isSoleProcess: true,
    isCacheOn: config.isCacheOn,
    files: options.files,
    compute: createInline(),
  });
  const { ports } = opened;
  const facts = createFacts(config, "a secret key for tests only");
  const lifecycle = createLifecycle();
  lifecycle.enter({ name: "serving" });
  const dispatcher = createDispatcher({
    lifecycle,
    onFailure: (error) => log.error("request failed", { error }),
    ...config,
  });
  dispatcher.attach({ ports, facts, healthChecks: [], socketMounts: [], cache: opened.cache });
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
    async close() {
      worker?.stop();
      await opened.close(500);
      await database.drop();
      await rm(basePath, { recursive: true, force: true });
    },
  };
}
