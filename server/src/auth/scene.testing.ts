/** The surroundings of an operation for tests of services: a real database and kv store, a clock that obeys. */
import { createTestDatabase } from "@multitap/db/testing";
import type { Context, Ports } from "../base/context.ts";
import type { Facts } from "../base/facts.ts";
import { ANONYMOUS, type Identity } from "../base/identity.ts";
import { createPgListener } from "../ports/kv/pg-listener.ts";
import { createPostgresKv } from "../ports/kv/postgres.ts";
import type { Log } from "../ports/log/port.ts";

export interface TestScene {
  readonly ports: Ports;
  readonly facts: Facts;
  /** Lines of the log at level warn and above. */
  readonly warnings: readonly string[];
  /** A call as its operation sees it. */
  context(options?: { identity?: Identity | undefined; address?: string | null | undefined }): Context;
  /** The ports of another process on the same database: nothing that this one remembers. */
  openOtherProcess(): Ports;
  advance(ms: number): void;
  close(): Promise<void>;
}

const FACTS: Facts = {
  version: "0.0.0",
  basePath: "",
  libraryPath: "",
  resourcesPath: "",
  assetsPath: "",
  tempPath: "",
  secretKey: "a secret only for tests",
  publicUrl: null,
  isKiosk: false,
  isCsrfOn: true,
  isSecureCookie: false,
  isDownloadPublic: false,
  sessionMaxAgeMs: 1_209_600_000,
  accessTokenMs: 1_800_000,
  tasks: {
    rescan: { isEnabled: false, cron: "0 3 * * *" },
    orphanedResources: { isEnabled: false, cron: "0 5 * * *" },
    watcher: { isEnabled: false, delayMinutes: 5 },
    timeZone: "UTC",
    resultTtlMs: 86_400_000,
  },
  backups: {
    folderPath: "",
    nightly: { isEnabled: false, cron: "0 3 * * *" },
    keptMax: 7,
    withResources: false,
    passphrase: null,
    minFreeBytes: 0,
  },
  patching: { timeoutMs: 1_000, fileBytesMax: 1_000_000, runningMax: 1 },
  assets: { bytesMax: 536_870_912, keptMax: 100 },
  sync: {
    folderPath: "",
    isFolderWatched: false,
    pushPull: { isEnabled: false, cron: "*/30 * * * *" },
    keysPath: "",
    knownHostsPath: "",
  },
  relayRooms: {
    roomsMax: 200,
    memoryBytesMax: 268_435_456,
    graceMs: 30_000,
    memberMessagesPerSecond: 300,
    memberBytesPerSecond: 2_097_152,
    roomMessagesPerSecond: 5_000,
    roomBytesPerSecond: 8_388_608,
  },
  netplay: {
    isSignInRequired: false,
    isShared: false,
    pingIntervalMs: 25_000,
    pingTimeoutMs: 60_000,
    socketMessagesPerSecond: 500,
    socketBytesPerSecond: 4_194_304,
    roomMessagesPerSecond: 4_000,
    roomBytesPerSecond: 8_388_608,
    turn: null,
  },
  refreshTokenMs: 604_800_000,
  inviteTokenMs: 600_000,
  oidc: null,
  flags: {
    disableSetupWizard: false,
    disableUserpassLogin: false,
    disableLogsViewer: false,
    disableEmulatorJs: false,
    disableRuffleRs: false,
    youtubeBaseUrl: "",
  },
  relay: { port: null, address: null, toldPort: null, allows: () => true },
  tinfoilWelcome: "",
};

/** Opens a scene on a fresh database. */
export async function openScene(facts: Partial<Facts> = {}): Promise<TestScene> {
  const database = await createTestDatabase();
  const warnings: string[] = [];
  const report = (message: string) => void warnings.push(message);
  const listener = createPgListener(database.handle.sql, report);
  const kv = createPostgresKv(database.handle, { listener, report });
  let offsetMs = 0;
  // Only these are used by what is under test; the use of any other port fails loudly.
  const ports = {
    database: database.handle.db,
    kv,
    log: createLog(warnings),
    clock: { now: () => new Date(Date.now() + offsetMs) },
  } as unknown as Ports;
  const allFacts = { ...FACTS, ...facts };
  return {
    ports,
    facts: allFacts,
    warnings,
    context: ({ identity = ANONYMOUS, address = "192.0.2.1" } = {}) => ({
      ports,
      db: ports.database,
      identity,
      requestId: "test",
      signal: new AbortController().signal,
      clientAddress: address,
      facts: allFacts,
      noteWrite: () => undefined,
      raise: () => undefined,
    }),
    openOtherProcess: () => ({ ...ports }),
    advance: (ms) => {
      offsetMs += ms;
    },
    async close() {
      await kv.close();
      await listener.close();
      await database.drop();
    },
  };
}

function createLog(warnings: string[]): Log {
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (message) => void warnings.push(message),
    error: (message) => void warnings.push(message),
    child: () => log,
  };
  return log;
}
