import { statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DatabaseHandle, type DbLog, openDatabase, parseTarget } from "@multitap/db";
import { type EmbeddedPostgres, startEmbedded } from "@multitap/db/embedded";
import { openExternal } from "@multitap/db/external";
import { migrate } from "@multitap/db/migrate";
import type { Log } from "../ports/log/port.ts";
import type { Config } from "./config.ts";
import { VERSION } from "./facts.ts";
import type { Lifecycle } from "./lifecycle.ts";

/** Connections of the pool; the embedded server allows 40 in all. */
const POOL_CONNECTIONS = 16;
/** How long queries may run on when the embedded database stops: by then their callers are gone. */
const EMBEDDED_CLOSE_MS = 500;

/** An open database and how to close it. */
export interface OurDatabase {
  readonly handle: DatabaseHandle;
  /** For people, such as `embedded 18.4 on ext4`. */
  readonly description: string;
  readonly isEmbedded: boolean;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  /** Told when the embedded database died and could not be started again. */
  readonly onFailed: () => void;
  /** How long another owner of the embedded database's folder is waited for; the database's own patience unless said. */
  readonly lockWaitMs?: number | undefined;
  /** How long an external database is waited for; its opener's own patience unless said. */
  readonly connectWaitMs?: number | undefined;
}

/**
 * Opens the configured database: an external one, or the embedded one, which is started.
 * @throws DbError when it must not or cannot be used.
 */
export async function openOurDatabase(config: Config, options: DatabaseOptions): Promise<OurDatabase> {
  const settings = { maxConnections: POOL_CONNECTIONS, applicationName: "multitap" };
  if (config.databaseUrl === null) return await openEmbedded(config, options, settings);
  const log = toDbLog(options.log);
  if (statSync(join(config.basePath, "postgres"), { throwIfNoEntry: false }) !== undefined) {
    options.log.warn("an embedded database is in the data folder too; the external one is used");
  }
  const target = parseTarget(config.databaseUrl);
  const handle = await openExternal(target, { ...settings, log, waitMs: options.connectWaitMs });
  return {
    handle,
    description: `external ${handle.serverVersion}`,
    isEmbedded: false,
    close: () => handle.close(),
  };
}

async function openEmbedded(
  config: Config,
  { log, lifecycle, onFailed, lockWaitMs }: DatabaseOptions,
  settings: { readonly maxConnections: number; readonly applicationName: string },
): Promise<OurDatabase> {
  const embedded: EmbeddedPostgres = await startEmbedded({
    folder: join(config.basePath, "postgres"),
    appVersion: VERSION,
    log: toDbLog(log),
    allowNetworkData: config.allowNetworkData,
    memoryLimitBytes: config.memoryLimitBytes ?? undefined,
    lockWaitMs,
    onStatus(status) {
      if (status === "failed") onFailed();
      else lifecycle.enter({ name: status === "up" ? "serving" : "database_down" });
    },
  });
  const handle = openDatabase(embedded.target, settings);
  await explainFolder(join(config.basePath, "postgres"), log);
  return {
    handle,
    description: `embedded ${embedded.serverVersion} on ${embedded.fsType}`,
    isEmbedded: true,
    async close() {
      await handle.close(EMBEDDED_CLOSE_MS);
      await embedded.stop();
    },
  };
}

const FOLDER_NOTE = `These are the files of the built-in PostgreSQL. Copying them while the server runs is no backup:
what is copied at different moments does not fit together. Leave this folder out of file backups and
copy "backups", "assets" and "library" beside it; "multitap backup" makes a backup at any time.
Snapshots of the whole data folder at one moment (ZFS, btrfs, LVM) are fine.
`;

/** Tells whoever sets up a file backup; not being able to is no reason not to start. */
async function explainFolder(folder: string, log: Log): Promise<void> {
  try {
    await writeFile(join(folder, "README"), FOLDER_NOTE, { flag: "wx" });
  } catch (error) {
    const isThere = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (!isThere) log.debug("the note in the database's folder could not be written", { error });
  }
}

/** The log as the database floor wants it. */
export function toDbLog(log: Log): DbLog {
  return ({ level, message, component }) =>
    (component === undefined ? log : log.child(component))[level](message);
}

export interface MigrationScene {
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  /** The newest backup from before an upgrade, for whoever goes back to an older version. */
  readonly backupName?: string | undefined;
}

/**
 * Brings the schema to this version's level; the lifecycle tells how far it is.
 * @throws DbError `E_SCHEMA_…` when it cannot.
 */
export async function migrateDatabase(
  handle: DatabaseHandle,
  { log, lifecycle, backupName }: MigrationScene,
): Promise<void> {
  await migrate(handle, {
    appVersion: VERSION,
    log: toDbLog(log),
    backupName,
    onProgress: (done, total) => lifecycle.enter({ name: "migrating", done, total }),
  });
}
