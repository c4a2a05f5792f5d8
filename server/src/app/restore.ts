import { readLevels } from "@multitap/db/migrate";
import type { BackupSummary } from "../backup/contract.ts";
import { type RestorePlan, restoreBackup } from "../backup/restoring/service.ts";
import { toBackupFolders } from "../backup/service.ts";
import { requireFreeBytes } from "../backup/space/service.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import type { Log } from "../ports/log/port.ts";
import { prepareBaseFolder } from "./base-folder.ts";
import type { Config } from "./config.ts";
import { type DatabaseOptions, migrateDatabase, openOurDatabase } from "./database.ts";
import { createFacts, VERSION } from "./facts.ts";
import { createLifecycle } from "./lifecycle.ts";

export interface RestoreHereOptions
  extends Omit<RestorePlan, "assertSpace">,
    Pick<DatabaseOptions, "lockWaitMs" | "connectWaitMs"> {
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface Restored {
  readonly backup: BackupSummary;
  /** Level of the schema that the database has now. */
  readonly level: number;
}

/**
 * Restores a backup into the base folder and the database of a configuration, and brings the schema up to this
 * version.
 * @throws StartError, DbError or AppError; what it found is unchanged then, but for files of users that no row names.
 */
export async function restoreHere(config: Config, options: RestoreHereOptions): Promise<Restored> {
  const { log, signal, lockWaitMs, connectWaitMs, ...plan } = options;
  await prepareBaseFolder(config.basePath);
  const lifecycle = createLifecycle();
  const lost = new AbortController();
  const database = await openOurDatabase(config, {
    log,
    lifecycle,
    lockWaitMs,
    connectWaitMs,
    onFailed: () => lost.abort(),
  });
  const files = createDiskFiles();
  try {
    const backup = await restoreBackup(
      {
        files,
        database: database.handle.db,
        folders: toBackupFolders(createFacts(config, "")),
        appVersion: VERSION,
        signal: AbortSignal.any([signal, lost.signal]),
      },
      {
        ...plan,
        assertSpace: (neededBytes) =>
          requireFreeBytes(files, {
            folder: config.basePath,
            neededBytes,
            floorBytes: config.minFreeBytes,
          }),
      },
    );
    await migrateDatabase(database.handle, { log, lifecycle });
    return { backup, level: (await readLevels(database.handle)).from };
  } finally {
    await database.close();
  }
}
