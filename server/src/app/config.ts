import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import type {
  AssetFacts,
  BackupFacts,
  HeartbeatFlags,
  NetplayFacts,
  OidcFacts,
  PatchingFacts,
  RelayFacts,
  RelayRoomFacts,
  SyncFacts,
  TaskFacts,
} from "../base/facts.ts";
import type { AllowedOrigins } from "../http/cors.ts";
import { parseTrustedProxies, type TrustedProxies } from "../http/public-url.ts";
import type { ComputeSettings } from "../ports/compute/settings.ts";
import { chooseWorkerCount } from "../ports/compute/workers.ts";
import type { HostRules } from "../ports/fetch/addresses.ts";
import type { Proxies } from "../ports/fetch/proxies.ts";
import type { SentryTarget } from "../ports/log/sentry-envelope.ts";
import type { ScanSchedule } from "../scan/schedule/service.ts";
import type { WatchingSettings } from "../scan/watching/service.ts";
import { readMail, readOidc, type SmtpConfig } from "./config-accounts.ts";
import { readFetchAllow, readOwnProxies } from "./config-calls.ts";
import { StartError } from "./config-errors.ts";
import { type MetricsConfig, readMetrics, readSentry } from "./config-metrics.ts";
import { readNetplay } from "./config-netplay.ts";
import { readRelay } from "./config-relay.ts";
import { readRelayRooms } from "./config-relay-rooms.ts";
import { readBackups, readSchedule, readSync, readTasks, readWatching } from "./config-scans.ts";

import {
  type Environment,
  flagOf,
  intOf,
  listOf,
  type RawEnvironment,
  readEnvironment,
  textOf,
} from "./read-environment.ts";

/** Everything the operator decides by environment, checked. */
export interface Config {
  readonly basePath: string;
  readonly host: string;
  readonly port: number;
  readonly publicUrl: string | null;
  readonly urlPrefix: string;
  /** Folder of a built frontend; null: our own page. */
  readonly webFolder: string | null;
  /** Null: generate and keep one. */
  readonly secretKey: string | null;
  /** Null: the embedded database. */
  readonly databaseUrl: string | null;
  /** Null: PostgreSQL keeps what expires. */
  readonly redisUrl: string | null;
  readonly sessionMaxAgeMs: number;
  readonly accessTokenMs: number;
  readonly refreshTokenMs: number;
  readonly inviteTokenMs: number;
  /** Null: off. */
  readonly oidc: OidcFacts | null;
  /** Null: links go to the log instead. */
  readonly smtp: SmtpConfig | null;
  readonly isCsrfOn: boolean;
  readonly isDownloadPublic: boolean;
  readonly isKiosk: boolean;
  readonly isSecureCookie: boolean;
  readonly corsOrigins: AllowedOrigins;
  readonly trustedProxies: TrustedProxies;
  readonly workerCount: number;
  /** What the hashing workers are told. */
  readonly compute: ComputeSettings;
  readonly isCacheOn: boolean;
  /** How the library is watched for changes; null: not at all. */
  readonly watching: WatchingSettings | null;
  /** When the library is scanned by itself; null: never. */
  readonly scanSchedule: ScanSchedule | null;
  readonly assets: AssetFacts;
  readonly sync: SyncFacts;
  readonly tasks: TaskFacts;
  readonly backups: BackupFacts;
  /** Migrate without a backup from before. */
  readonly skipsUpgradeBackup: boolean;
  /** Where numbers for Prometheus are given. */
  readonly metrics: MetricsConfig;
  /** Where failures are reported; null: nowhere. */
  readonly sentry: SentryTarget | null;
  readonly patching: PatchingFacts;
  readonly relay: RelayFacts;
  readonly netplay: NetplayFacts;
  readonly relayRooms: RelayRoomFacts;
  /** Hosts that may be called although they are private. */
  readonly fetchAllow: HostRules;
  /** Proxies of our own calls. */
  readonly proxies: Proxies;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  readonly logFormat: "text" | "json";
  readonly minFreeBytes: number;
  /** Where uploads wait until they are whole. */
  readonly tempPath: string;
  readonly zipCacheMaxBytes: number;
  readonly allowNetworkData: boolean;
  readonly roles: ReadonlySet<Role>;
  readonly memoryLimitBytes: number | null;
  readonly flags: HeartbeatFlags;
  /** What Tinfoil shows when it has read our list. */
  readonly tinfoilWelcome: string;
}

/** What a process can do. */
export const ROLES = ["api", "worker", "relay"] as const;
export type Role = (typeof ROLES)[number];

export interface ConfigOptions {
  /** Used when ROMM_BASE_PATH is unset. */
  readonly defaultBasePath: string;
  readonly memoryLimitBytes?: number | null | undefined;
}

/**
 * Reads the whole configuration.
 * @throws StartError `E_CONFIG` on the first value that cannot be used.
 */
export function readConfig(raw: RawEnvironment, options: ConfigOptions): Config {
  const environment = readEnvironment(raw);
  checkTimeZone(textOf(environment, "TZ"));
  const memoryLimitBytes = options.memoryLimitBytes ?? null;
  const seconds = (name: Parameters<typeof intOf>[1]) => (intOf(environment, name) ?? 0) * 1000;
  const basePath = resolve(textOf(environment, "ROMM_BASE_PATH") ?? options.defaultBasePath);
  const roles = readRoles(environment);
  const databaseUrl = readDatabaseUrl(environment);
  return {
    basePath,
    host: textOf(environment, "ROMM_HOST") ?? "0.0.0.0",
    port: intOf(environment, "ROMM_PORT") ?? 8080,
    publicUrl: readPublicUrl(environment),
    urlPrefix: readPrefix(environment),
    webFolder: readWebFolder(environment),
    secretKey: textOf(environment, "ROMM_AUTH_SECRET_KEY"),
    databaseUrl,
    redisUrl: readRedisUrl(environment),
    sessionMaxAgeMs: seconds("SESSION_MAX_AGE_SECONDS"),
    accessTokenMs: seconds("OAUTH_ACCESS_TOKEN_EXPIRE_SECONDS"),
    refreshTokenMs: seconds("OAUTH_REFRESH_TOKEN_EXPIRE_SECONDS"),
    inviteTokenMs: seconds("INVITE_TOKEN_EXPIRY_SECONDS"),
    oidc: readOidc(environment),
    smtp: readMail(environment),
    isCsrfOn: !flagOf(environment, "DISABLE_CSRF_PROTECTION"),
    isDownloadPublic: flagOf(environment, "DISABLE_DOWNLOAD_ENDPOINT_AUTH"),
    isKiosk: flagOf(environment, "KIOSK_MODE"),
    isSecureCookie: flagOf(environment, "ROMM_SESSION_SECURE_COOKIE"),
    corsOrigins: readOrigins(environment),
    trustedProxies: readProxies(environment),
    isCacheOn: flagOf(environment, "MULTITAP_RESPONSE_CACHE"),
    workerCount: readWorkerCount(environment, memoryLimitBytes),
    compute: {
      sevenZipPath: textOf(environment, "MULTITAP_SEVEN_ZIP"),
      sevenZipSilenceMs: seconds("SEVEN_ZIP_TIMEOUT"),
      tempFolder: textOf(environment, "MULTITAP_TMP"),
    },
    watching: readWatching(environment),
    scanSchedule: readSchedule(environment),
    tasks: readTasks(environment),
    backups: readBackups(environment, basePath),
    skipsUpgradeBackup: flagOf(environment, "MULTITAP_SKIP_UPGRADE_BACKUP"),
    metrics: readMetrics(environment),
    sentry: readSentry(environment),
    patching: {
      timeoutMs: seconds("ROM_PATCHER_TIMEOUT"),
      fileBytesMax: intOf(environment, "ROM_PATCHER_MAX_FILE_SIZE_BYTES") ?? 0,
      runningMax: intOf(environment, "ROM_PATCHER_MAX_CONCURRENCY") ?? 1,
    },
    assets: readAssets(environment),
    sync: readSync(environment, basePath),
    fetchAllow: readFetchAllow(environment),
    proxies: readOwnProxies(environment, raw),
    logLevel: readLogLevel(environment),
    logFormat: textOf(environment, "MULTITAP_LOG_FORMAT") === "json" ? "json" : "text",
    tempPath: join(textOf(environment, "ROMM_TMP_PATH") ?? join(basePath, "resources"), "tmp"),
    minFreeBytes: intOf(environment, "MULTITAP_MIN_FREE") ?? 0,
    zipCacheMaxBytes: intOf(environment, "MULTITAP_ZIP_CACHE_MAX") ?? 0,
    allowNetworkData: flagOf(environment, "MULTITAP_ALLOW_NETWORK_DATA"),
    roles,
    relay: readRelay(environment, roles.has("relay")),
    netplay: readNetplay(environment, databaseUrl !== null),
    relayRooms: readRelayRooms(environment),
    memoryLimitBytes,
    flags: readFlags(environment),
    tinfoilWelcome: textOf(environment, "TINFOIL_WELCOME_MESSAGE") ?? "",
  };
}

function checkTimeZone(zone: string | null): void {
  if (zone === null) return;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
  } catch (cause) {
    throw new StartError("E_CONFIG", `TZ ${JSON.stringify(zone)} is unknown.`, { cause });
  }
}

function readPublicUrl(environment: Environment): string | null {
  const text = textOf(environment, "ROMM_BASE_URL");
  if (text === null) return null;
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new StartError(
      "E_CONFIG",
      `ROMM_BASE_URL is ${JSON.stringify(text)}. Accepted: an http or https address.`,
    );
  }
  return url.href.replace(/\/$/, "");
}

function readPrefix(environment: Environment): string {
  const text = (textOf(environment, "MULTITAP_URL_PREFIX") ?? "").replace(/\/+$/, "");
  if (text === "" || /^(\/[\w.~-]+)+$/.test(text)) return text;
  throw new StartError(
    "E_CONFIG",
    `MULTITAP_URL_PREFIX is ${JSON.stringify(text)}. Accepted: a path such as /romm.`,
  );
}

function readWebFolder(environment: Environment): string | null {
  const folder = textOf(environment, "MULTITAP_WEB_DIR");
  return folder === null ? null : resolve(folder);
}

function readDatabaseUrl(environment: Environment): string | null {
  const driver = textOf(environment, "ROMM_DB_DRIVER")?.toLowerCase() ?? null;
  if (driver === "mariadb" || driver === "mysql") {
    throw new StartError(
      "E_CONFIG",
      `ROMM_DB_DRIVER is ${driver}; Multitap uses PostgreSQL. Remove it and DB_* for the built-in database, then run import-romm.`,
    );
  }
  if (driver === "embedded") return null;
  const url = textOf(environment, "DATABASE_URL");
  if (url !== null) {
    if (/^postgres(ql)?:\/\//.test(url)) return url;
    throw new StartError(
      "E_CONFIG",
      "DATABASE_URL is (hidden). Accepted: postgres://user:password@host:port/database.",
    );
  }
  const host = textOf(environment, "DB_HOST");
  if (host === null) {
    if (driver !== "postgresql") return null;
    throw new StartError(
      "E_CONFIG",
      "ROMM_DB_DRIVER is postgresql but neither DATABASE_URL nor DB_HOST is set.",
    );
  }
  const account = encodeURIComponent(textOf(environment, "DB_USER") ?? "");
  const password = encodeURIComponent(textOf(environment, "DB_PASSWD") ?? "");
  const place = `${host.includes(":") ? `[${host}]` : host}:${intOf(environment, "DB_PORT")}`;
  return `postgres://${account}:${password}@${place}/${encodeURIComponent(textOf(environment, "DB_NAME") ?? "")}`;
}

function readRedisUrl(environment: Environment): string | null {
  const url = textOf(environment, "REDIS_URL");
  if (url !== null) {
    if (/^rediss?:\/\//.test(url)) return url;
    throw new StartError(
      "E_CONFIG",
      "REDIS_URL is (hidden). Accepted: redis://user:password@host:port/number.",
    );
  }
  const host = textOf(environment, "REDIS_HOST");
  if (host === null) return null;
  const account = encodeURIComponent(textOf(environment, "REDIS_USERNAME") ?? "");
  const password = encodeURIComponent(textOf(environment, "REDIS_PASSWORD") ?? "");
  const secret = account === "" && password === "" ? "" : `${account}:${password}@`;
  const scheme = flagOf(environment, "REDIS_SSL") ? "rediss" : "redis";
  return `${scheme}://${secret}${host}:${intOf(environment, "REDIS_PORT")}/${intOf(environment, "REDIS_DB")}`;
}

function readOrigins(environment: Environment): AllowedOrigins {
  const origins = listOf(environment, "ROMM_CORS_ALLOWED_ORIGINS");
  return origins.includes("*") ? "*" : origins;
}

function readProxies(environment: Environment): TrustedProxies {
  const items = listOf(environment, "MULTITAP_TRUSTED_PROXIES");
  const parsed = parseTrustedProxies(items);
  if (parsed !== null) return parsed;
  throw new StartError(
    "E_CONFIG",
    `MULTITAP_TRUSTED_PROXIES is ${JSON.stringify(items.join(","))}. Accepted: CIDR addresses, loopback, private or none.`,
  );
}

function readWorkerCount(environment: Environment, memoryLimitBytes: number | null): number {
  const asked = intOf(environment, "SCAN_WORKERS");
  if (asked !== null) return asked;
  const memoryBytes = memoryLimitBytes ?? Number.POSITIVE_INFINITY;
  return chooseWorkerCount({ cores: availableParallelism(), memoryBytes });
}

function readLogLevel(environment: Environment): Config["logLevel"] {
  const level = (textOf(environment, "LOGLEVEL") ?? "INFO").toUpperCase();
  if (level === "DEBUG") return "debug";
  if (level === "WARNING") return "warn";
  return level === "INFO" ? "info" : "error";
}

function readRoles(environment: Environment): ReadonlySet<Role> {
  const wanted = listOf(environment, "MULTITAP_ROLES");
  const unknown = wanted.filter((name) => !ROLES.some((role) => role === name));
  if (unknown.length > 0 || wanted.length === 0) {
    throw new StartError(
      "E_CONFIG",
      `MULTITAP_ROLES is ${JSON.stringify(wanted.join(","))}. Accepted: ${ROLES.join(", ")}.`,
    );
  }
  return new Set(ROLES.filter((role) => wanted.includes(role)));
}

function readAssets(environment: Environment): AssetFacts {
  const bytesMax = intOf(environment, "MAX_ASSET_UPLOAD_SIZE_BYTES") ?? 0;
  return {
    bytesMax: bytesMax === 0 ? Number.POSITIVE_INFINITY : bytesMax,
    keptMax: intOf(environment, "MAX_AUTOCLEANUP_LIMIT") ?? 1,
  };
}

function readFlags(environment: Environment): HeartbeatFlags {
  return {
    disableSetupWizard: flagOf(environment, "DISABLE_SETUP_WIZARD"),
    disableUserpassLogin: flagOf(environment, "DISABLE_USERPASS_LOGIN"),
    disableLogsViewer: flagOf(environment, "DISABLE_LOGS_VIEWER"),
    disableEmulatorJs: flagOf(environment, "DISABLE_EMULATOR_JS"),
    disableRuffleRs: flagOf(environment, "DISABLE_RUFFLE_RS"),
    youtubeBaseUrl: textOf(environment, "YOUTUBE_BASE_URL") ?? "",
  };
}
