import { dirname, join } from "node:path";
import type { Database } from "@multitap/db";
import { assert } from "../../base/assert.ts";
import type { Files } from "../../ports/files/port.ts";
import { type BackupFolders, placeOf } from "../collecting/service.ts";
import type { BackupFile, BackupSummary } from "../contract.ts";
import { decryptSecret, wrongPassphrase } from "../encryption/service.ts";
import { SECRET_BYTES_MAX } from "../limits.ts";
import { requireEmptyDatabase, requireKnownHistory, restoreRows } from "../queries.ts";
import { readTable, type VerifiedBackup, verifyBackup } from "../reading/service.ts";
import { damaged, summarize } from "../rules.ts";

/** Where a backup goes. */
export interface RestoreScene {
  readonly files: Files;
  readonly database: Database;
  readonly folders: BackupFolders;
  readonly appVersion: string;
  readonly signal: AbortSignal;
}

/** What is to be restored, and how. */
export interface RestorePlan {
  /** The backup's folder, or its manifest. */
  readonly path: string;
  /** Also where accounts or games are. */
  readonly isReplacing: boolean;
  /** For encrypted secrets; null leaves an encrypted backup alone. */
  readonly passphrase: string | null;
  readonly onProgress: (progress: RestoreProgress) => void;
  /** Rejects where the needed room is not there. */
  readonly assertSpace: (neededBytes: number) => Promise<void>;
}

/** How far a restore is. */
export interface RestoreProgress {
  readonly phase: "verifying" | "files" | "database";
  readonly doneBytes: number;
  readonly totalBytes: number | null;
  /** What is worked on; null where nothing has a name. */
  readonly label: string | null;
}

/**
 * Puts a backup in the place of what a base folder holds. It is read to its last byte first, so a damaged one changes
 * nothing. Files of users come before the rows that name them, and replace none that differ; the rows come all or not
 * at all; keys and configuration come last. The schema is that of the backup: migrate afterwards.
 * Nothing else may work on the base folder meanwhile.
 * @throws AppError `BACKUP_DAMAGED`, `BACKUP_FORMAT_UNKNOWN`, `BACKUP_NOT_FOUND`, `BACKUP_PASSPHRASE_WRONG`,
 *   `BACKUP_BASE_IN_USE`, `STORAGE_FULL`; DbError `E_SCHEMA_NEWER`, `E_SCHEMA_FOREIGN`.
 */
export async function restoreBackup(scene: RestoreScene, plan: RestorePlan): Promise<BackupSummary> {
  let totalBytes: number | null = null;
  const backup = await verifyBackup(scene, plan.path, (doneBytes) =>
    plan.onProgress({ phase: "verifying", doneBytes, totalBytes, label: null }),
  );
  requireKnownHistory(backup.manifest.database.history, scene.appVersion);
  await requireEmptyDatabase(scene.database, plan.isReplacing);
  const secrets = await readSecrets(scene, backup, plan.passphrase);
  const summary = summarize(backup.manifest, "", backup.path);
  await plan.assertSpace(summary.sizeBytes);
  totalBytes = backup.manifest.parts.assets.sizeBytes + (backup.manifest.parts.resources?.sizeBytes ?? 0);
  await putFiles(scene, backup, {
    isWanted: (path) => path.startsWith("assets/") || path.startsWith("resources/"),
    onBytes: (doneBytes) => plan.onProgress({ phase: "files", doneBytes, totalBytes, label: null }),
  });
  await putRows(scene, backup, plan);
  await putFiles(scene, backup, {
    isWanted: (path) => path.startsWith("config/"),
    onBytes: () => undefined,
  });
  for (const { path, bytes } of secrets) {
    await scene.files.createFolder(dirname(path), { mode: 0o700 });
    await scene.files.writeAtomic(path, bytes, { mode: 0o600 });
  }
  return summary;
}

async function putRows(scene: RestoreScene, backup: VerifiedBackup, plan: RestorePlan): Promise<void> {
  const { database } = backup.manifest;
  scene.signal.throwIfAborted();
  await restoreRows(scene.database, {
    facts: database,
    readTable: (name) => readTable(scene, backup.path, name),
    appVersion: scene.appVersion,
    isReplacing: plan.isReplacing,
    onTable: (label) => {
      scene.signal.throwIfAborted();
      plan.onProgress({ phase: "database", doneBytes: 0, totalBytes: null, label });
    },
  });
}

interface FilesToPut {
  readonly isWanted: (path: string) => boolean;
  readonly onBytes: (doneBytes: number) => void;
}

async function putFiles(
  scene: RestoreScene,
  backup: VerifiedBackup,
  { isWanted, onBytes }: FilesToPut,
): Promise<void> {
  let doneBytes = 0;
  for (const file of backup.files.filter(({ path }) => isWanted(path))) {
    scene.signal.throwIfAborted();
    const path = targetOf(scene, file);
    await scene.files.createFolder(dirname(path));
    await scene.files.writeAtomic(path, await scene.files.openRead(join(backup.path, file.path)));
    doneBytes += (await scene.files.find(path))?.sizeBytes ?? 0;
    onBytes(doneBytes);
  }
}

function targetOf({ folders }: RestoreScene, { path }: BackupFile): string {
  const place = placeOf(path, folders);
  assert(place !== null, `a backup has no place for ${path}`);
  return place;
}

interface Secret {
  /** Where it belongs. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** All secrets, before anything is written: a wrong passphrase must change nothing. */
async function readSecrets(
  scene: RestoreScene,
  backup: VerifiedBackup,
  passphrase: string | null,
): Promise<readonly Secret[]> {
  const { isEncrypted } = backup.manifest.parts.secrets;
  if (isEncrypted && passphrase === null) {
    throw wrongPassphrase("The secrets of the backup are encrypted. Give --passphrase-file");
  }
  const secrets: Secret[] = [];
  for (const { path } of backup.files.filter((file) => file.path.startsWith("secrets/"))) {
    const bytes = await readSmall(scene, join(backup.path, path));
    const name = isEncrypted ? path.replace(/\.enc$/, "") : path;
    const place = placeOf(name, scene.folders);
    if (place === null) throw damaged(`nobody knows where ${path} belongs`);
    secrets.push({
      path: place,
      bytes: isEncrypted ? await decryptSecret(bytes, path, passphrase ?? "") : bytes,
    });
  }
  return secrets;
}

async function readSmall({ files }: RestoreScene, path: string): Promise<Uint8Array> {
  const facts = await files.find(path);
  if ((facts?.sizeBytes ?? 0) > 2 * SECRET_BYTES_MAX) throw damaged(`${path} is too large for a secret`);
  return Buffer.concat(await Array.fromAsync(await files.openRead(path)));
}
