import { join } from "node:path";
import { readLevels } from "@multitap/db/migrate";
import { listBackups } from "../backup/reading/service.ts";
import { chooseExpiredUpgrades, isPartialBackup, toBackupName, type UpgradeLevels } from "../backup/rules.ts";
import { toBackupFolders } from "../backup/service.ts";
import { requireFreeBytes } from "../backup/space/service.ts";
import { writeBackup } from "../backup/writing/service.ts";
import { isAppError } from "../base/errors.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import type { Log } from "../ports/log/port.ts";
import type { Config } from "./config.ts";
import { StartError } from "./config-errors.ts";
import type { OurDatabase } from "./database.ts";
import { createFacts, VERSION } from "./facts.ts";
import type { Lifecycle } from "./lifecycle.ts";

interface Scene {
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}

/**
 * Saves everything before pending migrations of the embedded database change it. Nobody else works on it yet, so
 * nothing has to be held. Files of users never change: they become one with those in use where that is possible, and
 * take no room.
 * @throws StartError `E_BACKUP`, and nothing was changed.
 */
export async function saveBeforeUpgrade(
  database: OurDatabase,
  config: Config,
  { log, lifecycle }: Scene,
): Promise<void> {
  const levels = await readLevels(database.handle);
  // An empty database has nothing to save; of a newer one the migration says what is to be done.
  if (levels.from === 0 || levels.from >= levels.to) return;
  if (!database.isEmbedded) {
    log.warn(
      `the schema of the external database is upgraded from ${levels.from} to ${levels.to}; \`multitap backup\` of the old version would have saved it`,
    );
    return;
  }
  if (config.skipsUpgradeBackup) {
    log.warn("the database is upgraded without a backup, as MULTITAP_SKIP_UPGRADE_BACKUP says");
    return;
  }
  lifecycle.enter({ name: "saving" });
  try {
    const path = await save(database, config, { levels, log });
    log.info(`saved everything before the upgrade of the database: ${path}`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartError(
      "E_BACKUP",
      `the database was not upgraded, because no backup could be made before: ${reason}. Correct that, or set MULTITAP_SKIP_UPGRADE_BACKUP=1 to upgrade without one.`,
      { cause },
    );
  }
}

async function save(
  database: OurDatabase,
  config: Config,
  { levels, log }: { readonly levels: UpgradeLevels; readonly log: Log },
): Promise<string> {
  const files = createDiskFiles();
  const folder = config.backups.folderPath;
  const names = (await files.list(folder)).flatMap(({ name }) => (name === null ? [] : [name]));
  for (const name of names.filter(isPartialBackup)) {
    await files.remove(join(folder, name), { recursive: true });
  }
  const at = new Date();
  const outputPath = join(folder, toBackupName(levels, at, new Set(names)));
  const { signal } = new AbortController();
  await writeBackup(
    {
      files,
      database: database.handle.db,
      log,
      folders: toBackupFolders(createFacts(config, "")),
      appVersion: VERSION,
      signal,
    },
    {
      outputPath,
      reason: "upgrade",
      at,
      withResources: false,
      passphrase: null,
      previousPath: null,
      isLinking: true,
      onProgress: () => undefined,
      assertSpace: (neededBytes) =>
        requireFreeBytes(files, { folder, neededBytes, floorBytes: config.minFreeBytes }),
    },
  );
  const present = (await files.list(folder)).flatMap(({ name }) => (name === null ? [] : [name]));
  for (const name of chooseExpiredUpgrades(present)) {
    await files.remove(join(folder, name), { recursive: true });
  }
  return outputPath;
}

/** The path of the newest backup from before an upgrade; undefined when there is none. */
export async function findUpgradeBackup({ backups }: Config): Promise<string | undefined> {
  try {
    const scene = { files: createDiskFiles(), signal: new AbortController().signal };
    const found = await listBackups(scene, backups.folderPath);
    return found.find(({ reason }) => reason === "upgrade")?.path;
  } catch (error) {
    if (isAppError(error)) return undefined;
    throw error;
  }
}
