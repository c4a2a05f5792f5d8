import { join } from "node:path";
import type { DatabaseHandle } from "@multitap/db";
import { systemClock } from "../base/clock.ts";
import type { Ports } from "../base/context.ts";
import { createResponseCache, type ResponseCache } from "../http/response-cache.ts";
import { createZipCache, type ZipCache } from "../http/zip/cache.ts";
import { METADATA_QUEUE } from "../metadata/service.ts";
import type { Compute } from "../ports/compute/port.ts";
import type { ComputeSettings } from "../ports/compute/settings.ts";
import { createWorkers } from "../ports/compute/workers.ts";
import { createPostgresEvents } from "../ports/events/postgres.ts";
import type { HostRules } from "../ports/fetch/addresses.ts";
import type { Proxies } from "../ports/fetch/proxies.ts";
import { createWebFetch } from "../ports/fetch/web.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import { SPACE_CRITICAL_BYTES } from "../ports/files/limits.ts";
import type { Files } from "../ports/files/port.ts";
import { type SpaceGuard, startSpaceGuard } from "../ports/files/space-guard.ts";
import { createPgListener, type PgListener } from "../ports/kv/pg-listener.ts";
import type { Kv } from "../ports/kv/port.ts";
import { createPostgresKv } from "../ports/kv/postgres.ts";
import { createRedisKv } from "../ports/kv/redis.ts";
import type { Log } from "../ports/log/port.ts";
import { createLogMail } from "../ports/mail/log.ts";
import type { Mail } from "../ports/mail/port.ts";
import { createSmtpMail, type SmtpMailOptions } from "../ports/mail/smtp.ts";
import { createPgBossQueue } from "../ports/queue/pg-boss.ts";
import { createFileSettings } from "../ports/settings/file.ts";

export interface OpenPortsOptions {
  readonly handle: DatabaseHandle;
  readonly log: Log;
  readonly basePath: string;
  /** Where uploads wait. */
  readonly tempPath: string;
  /** Bytes that uploads and other bulk leave free. */
  readonly minFreeBytes: number;
  readonly redisUrl: string | null;
  /** Put before every key in Redis; our own unless a test shares the server with others. */
  readonly redisPrefix?: string | undefined;
  readonly workerCount: number;
  /** What the workers are told; the defaults when absent. */
  readonly computeSettings?: ComputeSettings | undefined;
  /** No other process can use this database. */
  readonly isSoleProcess: boolean;
  readonly isCacheOn: boolean;
  /** Largest download archive that is kept on disk; 0 keeps none. */
  readonly zipCacheMaxBytes: number;
  /** The operator's mail server; null writes messages to the log. */
  readonly smtp: Pick<SmtpMailOptions, "url" | "from"> | null;
  /** How other servers are called. */
  readonly calls: { readonly userAgent: string; readonly allow: HostRules; readonly proxies: Proxies };
  /** Drivers a test brings instead of the usual ones. */
  readonly files?: Files | undefined;
  readonly compute?: Compute | undefined;
}

export interface OpenedPorts {
  readonly ports: Ports;
  /** Kept answers, told of every change by the database; null when the operator turned them off. */
  readonly cache: ResponseCache | null;
  /** Download archives that lie ready on disk. */
  readonly zips: ZipCache;
  /** Stops jobs within `drainMs`, then closes everything but the database pool. */
  close(drainMs: number): Promise<void>;
}

/** Opens every port over an open database. */
export async function openPorts(options: OpenPortsOptions): Promise<OpenedPorts> {
  const { handle, log } = options;
  const report = (message: string, cause: unknown) => log.warn(message, { error: cause });
  const listener = createPgListener(handle.sql, report);
  const files = options.files ?? createDiskFiles();
  const kv: Kv =
    options.redisUrl === null
      ? createPostgresKv(handle, { listener, report })
      : createRedisKv({ url: options.redisUrl, prefix: options.redisPrefix ?? REDIS_PREFIX, report });
  const [events, queue] = await Promise.all([
    createPostgresEvents(handle, { listener, log }),
    createPgBossQueue(handle, {
      listener,
      report,
      names: ["scan", "task", METADATA_QUEUE],
      isSoleProcess: options.isSoleProcess,
    }),
  ]);
  const compute =
    options.compute ??
    createWorkers({
      size: options.workerCount,
      settings: options.computeSettings,
      onLoss: (loss) => log.error("a worker thread died", { error: loss }),
    });
  const settings = createFileSettings({
    path: join(options.basePath, "config", "config.yml"),
    files,
    kv,
    log: log.child("config"),
  });
  const mail: Mail = options.smtp === null ? createLogMail(log.child("mail")) : createSmtpMail(options.smtp);
  const space = watchSpace(options, files, report);
  const fetch = createWebFetch({ log: log.child("fetch"), ...options.calls });
  const cache = options.isCacheOn ? await openCache(listener) : null;
  const ports: Ports = {
    database: handle.db,
    kv,
    files,
    space,
    queue,
    compute,
    events,
    settings,
    mail,
    fetch,
    log,
    clock: systemClock,
    kept: cache,
  };
  const zips = createZipCache({
    files,
    clock: systemClock,
    folder: join(options.basePath, "cache", "zips"),
    archiveBytesMax: options.zipCacheMaxBytes,
    report,
  });
  return {
    ports,
    cache,
    zips,
    async close(drainMs) {
      zips.close();
      space.stop();
      await queue.stop({ drainMs });
      await Promise.all([compute.close(), events.close(), kv.close(), mail.close(), fetch.close()]);
      await listener.close();
    },
  };
}

function watchSpace(
  { basePath, tempPath, minFreeBytes, log }: OpenPortsOptions,
  files: Files,
  report: (message: string, cause: unknown) => void,
): SpaceGuard {
  return startSpaceGuard({
    files,
    paths: ["", "resources", "assets"].map((name) => join(basePath, name)),
    separatePaths: [join(basePath, "library"), tempPath],
    lowBytes: minFreeBytes,
    criticalBytes: Math.min(SPACE_CRITICAL_BYTES, minFreeBytes),
    report,
    onChange: ({ level, worst }) =>
      log[level === "ok" ? "info" : "warn"](`free space is ${level}`, { path: worst?.path ?? null }),
  });
}

/** Several programs may share one Redis. */
const REDIS_PREFIX = "multitap:";
/** Bytes of finished answers, and of what they are made from, that are kept. */
const CACHE_BYTES_MAX = 32 * 1024 * 1024;
/** Longest life of a kept answer, should an announcement ever be lost. */
const CACHE_AGE_MAX_MS = 10_000;
/** Channel on which triggers announce committed changes of the library (see the migrations). */
const LIBRARY_CHANNEL = "library_changed";

async function openCache(listener: PgListener): Promise<ResponseCache> {
  const cache = createResponseCache({ bytesMax: CACHE_BYTES_MAX, ageMaxMs: CACHE_AGE_MAX_MS });
  await listener.listen(LIBRARY_CHANNEL, { onNotify: cache.invalidate, onResume: cache.invalidate });
  return cache;
}
