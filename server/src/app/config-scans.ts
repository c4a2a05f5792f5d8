import { join, resolve } from "node:path";
import { Cron } from "croner";
import type { BackupFacts, SyncFacts, TaskFacts } from "../base/facts.ts";
import type { ScanSchedule } from "../scan/schedule/service.ts";
import type { WatchingSettings } from "../scan/watching/service.ts";
import { StartError } from "./config-errors.ts";
import { type Environment, flagOf, intOf, textOf } from "./read-environment.ts";

/** Delay of a watcher whose operator wrote 0: a file needs some seconds to be complete. */
const DELAY_MS_MIN = 5_000;

/**
 * Reads how the library is watched.
 * @returns Null while it is not.
 */
export function readWatching(environment: Environment): WatchingSettings | null {
  if (!flagOf(environment, "ENABLE_RESCAN_ON_FILESYSTEM_CHANGE")) return null;
  const mode = (textOf(environment, "MULTITAP_WATCH_MODE") ?? "auto").toLowerCase();
  const delayMinutes = intOf(environment, "RESCAN_ON_FILESYSTEM_CHANGE_DELAY") ?? 0;
  return {
    mode: mode === "native" || mode === "poll" ? mode : "auto",
    pollIntervalMs: (intOf(environment, "MULTITAP_WATCH_POLL_SECONDS") ?? 0) * 1000,
    delayMs: Math.max(delayMinutes * 60_000, DELAY_MS_MIN),
  };
}

/**
 * Reads when the library is scanned by itself.
 * @returns Null while it is not.
 * @throws StartError `E_CONFIG` for a pattern without a time, also while the schedule is off.
 */
export function readSchedule(environment: Environment): ScanSchedule | null {
  const cron = readCron(environment, "SCHEDULED_RESCAN_CRON");
  const timeZone = textOf(environment, "TZ") ?? "UTC";
  return flagOf(environment, "ENABLE_SCHEDULED_RESCAN") ? { cron, timeZone } : null;
}

/**
 * Reads how background work is set up.
 * @throws StartError `E_CONFIG` for a pattern without a time, also while its schedule is off.
 */
export function readTasks(environment: Environment): TaskFacts {
  return {
    rescan: {
      isEnabled: flagOf(environment, "ENABLE_SCHEDULED_RESCAN"),
      cron: readCron(environment, "SCHEDULED_RESCAN_CRON"),
    },
    orphanedResources: {
      isEnabled: flagOf(environment, "ENABLE_SCHEDULED_CLEANUP_ORPHANED_RESOURCES"),
      cron: readCron(environment, "SCHEDULED_CLEANUP_ORPHANED_RESOURCES_CRON"),
    },
    watcher: {
      isEnabled: flagOf(environment, "ENABLE_RESCAN_ON_FILESYSTEM_CHANGE"),
      delayMinutes: intOf(environment, "RESCAN_ON_FILESYSTEM_CHANGE_DELAY") ?? 0,
    },
    timeZone: textOf(environment, "TZ") ?? "UTC",
    resultTtlMs: (intOf(environment, "TASK_RESULT_TTL") ?? 0) * 1000,
  };
}

/**
 * Reads how devices are synced that call nobody.
 * @throws StartError `E_CONFIG` for a pattern without a time, also while its schedule is off.
 */
export function readSync(environment: Environment, basePath: string): SyncFacts {
  const folderPath = join(basePath, "sync");
  const pathOf = (name: "SYNC_SSH_KEYS_PATH" | "SYNC_SSH_KNOWN_HOSTS_PATH", fallback: string) =>
    resolve(textOf(environment, name) ?? join(folderPath, fallback));
  return {
    folderPath,
    isFolderWatched: flagOf(environment, "ENABLE_SYNC_FOLDER_WATCHER"),
    pushPull: {
      isEnabled: flagOf(environment, "ENABLE_SYNC_PUSH_PULL"),
      cron: readCron(environment, "SYNC_PUSH_PULL_CRON"),
    },
    keysPath: pathOf("SYNC_SSH_KEYS_PATH", "keys"),
    knownHostsPath: pathOf("SYNC_SSH_KNOWN_HOSTS_PATH", "known_hosts"),
  };
}

/**
 * Reads when and how backups are made.
 * @throws StartError `E_CONFIG` for a pattern without a time, also while its schedule is off.
 */
export function readBackups(environment: Environment, basePath: string): BackupFacts {
  return {
    folderPath: join(basePath, "backups"),
    nightly: {
      isEnabled: flagOf(environment, "MULTITAP_BACKUP"),
      cron: readCron(environment, "MULTITAP_BACKUP_CRON"),
    },
    keptMax: intOf(environment, "MULTITAP_BACKUP_KEEP") ?? 1,
    withResources: flagOf(environment, "MULTITAP_BACKUP_RESOURCES"),
    passphrase: textOf(environment, "MULTITAP_BACKUP_PASSPHRASE"),
    minFreeBytes: intOf(environment, "MULTITAP_MIN_FREE") ?? 0,
  };
}

type CronName =
  | "SCHEDULED_RESCAN_CRON"
  | "SCHEDULED_CLEANUP_ORPHANED_RESOURCES_CRON"
  | "SYNC_PUSH_PULL_CRON"
  | "MULTITAP_BACKUP_CRON";

/** What the queue reads otherwise than the validator, or not at all: nearest weekday. */
const QUEUE_CANNOT_READ = /\dW|LW/i;

function readCron(environment: Environment, name: CronName): string {
  const text = (textOf(environment, name) ?? "").trim();
  const refuse = (cause?: unknown) =>
    new StartError(
      "E_CONFIG",
      `${name} is ${JSON.stringify(text)}. Accepted: a cron pattern of five fields such as "0 3 * * *".`,
      { cause },
    );
  if (QUEUE_CANNOT_READ.test(text)) throw refuse();
  try {
    const next = new Cron(text, { mode: "5-part", paused: true }).nextRun();
    if (next !== null) return text;
  } catch (cause) {
    throw refuse(cause);
  }
  throw refuse();
}
