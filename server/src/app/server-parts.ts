import { stopBackups } from "../backup/service.ts";
import type { Context, Ports } from "../base/context.ts";
import { DELETION_LOCK } from "../base/deletion-hold.ts";
import type { Facts } from "../base/facts.ts";
import { ANONYMOUS } from "../base/identity.ts";
import { createRequestId } from "../base/ids.ts";
import { startExportWorker } from "../export/service.ts";
import type { ResponseCache } from "../http/response-cache.ts";
import type { ZipCache } from "../http/zip/cache.ts";
import { startMetadataWorker } from "../metadata/service.ts";
import { createDiskWatch } from "../ports/watch/disk.ts";
import { settleDiskChanges } from "../roms/disk-changes/service.ts";
import { storeProviderAnswers } from "../roms/provider-metadata/service.ts";
import { scheduleScans } from "../scan/schedule/service.ts";
import { queueScan, type ScanWorkerOptions, startScanWorker } from "../scan/service.ts";
import { startWatching } from "../scan/watching/service.ts";
import { startFolderWorker } from "../sync/folder/service.ts";
import { startFolderWatching } from "../sync/folder-watching/service.ts";
import { startPushPullWorker } from "../sync/push-pull/service.ts";
import { scheduleTasks, startTaskWorker } from "../tasks/worker.ts";
import { keepSecretKey } from "./base-folder.ts";
import type { Config } from "./config.ts";
import { type DatabaseOptions, migrateDatabase, type OurDatabase, openOurDatabase } from "./database.ts";
import { createFacts, VERSION } from "./facts.ts";
import { type OpenedPorts, openPorts } from "./open-ports.ts";
import { findUpgradeBackup, saveBeforeUpgrade } from "./upgrade-backup.ts";

/** How long running jobs may finish when everything closes. */
const DRAIN_MS = 5_000;

export interface ServerPartsOptions extends DatabaseOptions {
  /** Also work on jobs, such as scans. */
  readonly withWorker: boolean;
  /** With a worker: also scan by itself, when the library changes and at set times, as the operator asked. */
  readonly withAutomaticScans?: boolean | undefined;
}

/** Everything below the doors: an open, migrated database, the ports over it, and perhaps a worker. */
export interface ServerParts {
  readonly database: OurDatabase;
  readonly ports: Ports;
  readonly facts: Facts;
  /** Kept answers; null when the operator turned them off. */
  readonly cache: ResponseCache | null;
  /** Download archives that lie ready on disk. */
  readonly zips: ZipCache;
  /** A context for calling operations inside this process, as nobody. */
  createContext(): Context;
  /**
   * Stops the worker, lets running jobs finish for `drainMs` (5 s unless said; then they are handed back), and
   * closes everything in order.
   */
  close(drainMs?: number): Promise<void>;
}

/**
 * Opens what a server stands on, without a network port. The base folder must have been prepared.
 * @throws StartError or DbError when it must not start; nothing stays open then.
 */
export async function openServerParts(config: Config, options: ServerPartsOptions): Promise<ServerParts> {
  const database = await openOurDatabase(config, options);
  try {
    await saveBeforeUpgrade(database, config, options);
    await migrateDatabase(database.handle, { ...options, backupName: await findUpgradeBackup(config) });
    return await openOver(database, config, options);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function openOver(
  database: OurDatabase,
  config: Config,
  { log, withWorker, withAutomaticScans = false }: ServerPartsOptions,
): Promise<ServerParts> {
  const secretKey = config.secretKey ?? (await keepSecretKey(config.basePath));
  const opened: OpenedPorts = await openPorts({
    handle: database.handle,
    log,
    basePath: config.basePath,
    tempPath: config.tempPath,
    minFreeBytes: config.minFreeBytes,
    redisUrl: config.redisUrl,
    workerCount: config.workerCount,
    computeSettings: config.compute,
    isSoleProcess: database.isEmbedded,
    isCacheOn: config.isCacheOn,
    zipCacheMaxBytes: config.zipCacheMaxBytes,
    smtp: config.smtp,
    calls: { userAgent: `Multitap/${VERSION}`, allow: config.fetchAllow, proxies: config.proxies },
  });
  const { ports, cache, zips } = opened;
  // Nobody else can be at work, so whoever held it was killed.
  if (database.isEmbedded) await ports.kv.remove([DELETION_LOCK]);
  const facts = createFacts(config, secretKey);
  const stop = new AbortController();
  const createContext = (): Context => ({
    ports,
    facts,
    db: ports.database,
    identity: ANONYMOUS,
    requestId: createRequestId(),
    signal: stop.signal,
    clientAddress: null,
    noteWrite: () => cache?.invalidate(),
    raise: ports.events.raise,
  });
  const isAutomatic = withWorker && withAutomaticScans;
  const workerOptions = { createContext, isSoleOwner: database.isEmbedded };
  const worker = withWorker
    ? await startWorker(opened, { ...workerOptions, config: isAutomatic ? config : null })
    : null;
  return {
    database,
    ports,
    facts,
    cache,
    zips,
    createContext,
    async close(drainMs = DRAIN_MS) {
      await worker?.stop();
      await stopBackups(ports);
      await opened.close(drainMs);
      stop.abort();
      await database.close();
    },
  };
}

interface WorkerOptions extends ScanWorkerOptions {
  /** Null leaves out scans that nobody asked for. */
  readonly config: Pick<Config, "watching" | "scanSchedule"> | null;
}

async function startWorker(
  opened: OpenedPorts,
  { config, ...options }: WorkerOptions,
): Promise<{ stop(): Promise<void> }> {
  const { ports } = opened;
  try {
    // Before a scan can see what a crash has left half done.
    await settleDiskChanges(options.createContext());
    await startMetadataWorker(ports, { ...options, storeAnswers: storeProviderAnswers });
    await startExportWorker(ports, options);
    const worker = await startScanWorker(ports, options);
    const housekeeping = { sweepZips: opened.zips.sweep };
    const tasks = await startTaskWorker(ports, { ...options, housekeeping });
    const pushPull = await startPushPullWorker(ports, options);
    const folders = await startFolderWorker(ports, options);
    const isFolderWatched = config !== null && options.createContext().facts.sync.isFolderWatched;
    const folderWatching = isFolderWatched
      ? startFolderWatching(ports, { ...options, watch: createDiskWatch() })
      : null;
    if (config !== null) {
      await scheduleScans(ports, config.scanSchedule, { ...options, queueScan });
      await scheduleTasks(ports, options);
    }
    const watching =
      config === null || config.watching === null
        ? null
        : startWatching(ports, { ...options, ...config.watching, queueScan, watch: createDiskWatch() });
    return {
      async stop() {
        worker.stop();
        tasks.stop();
        pushPull.stop();
        folders.stop();
        await folderWatching?.stop();
        await watching?.stop();
      },
    };
  } catch (error) {
    await opened.close(0);
    throw error;
  }
}
