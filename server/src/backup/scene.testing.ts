/** A server with saves to be backed up, and empty databases and folders to restore into. */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase, type TestDatabase } from "@multitap/db/testing";
import { createDiskFiles } from "../ports/files/disk.ts";
import type { Files } from "../ports/files/port.ts";
import { openSaveScene, type SaveScene } from "../saves/scene.testing.ts";
import type { BackupFolders } from "./collecting/service.ts";
import type { BackupSummary } from "./contract.ts";
import { type RestorePlan, restoreBackup } from "./restoring/service.ts";

/** An empty database and an empty base folder. */
export interface RestoreTarget {
  readonly database: TestDatabase;
  readonly folders: BackupFolders;
  restore(path: string, plan?: Partial<RestorePlan>, files?: Files): Promise<BackupSummary>;
  close(): Promise<void>;
}

/** Where everything lies below a base folder. */
export function foldersBelow(basePath: string): BackupFolders {
  return {
    basePath,
    assetsPath: join(basePath, "assets"),
    resourcesPath: join(basePath, "resources"),
    tempPath: join(basePath, "resources", "tmp"),
    keysPath: join(basePath, "sync", "keys"),
    knownHostsPath: join(basePath, "sync", "known_hosts"),
  };
}

/** Opens a place to restore into. */
export async function openTarget(): Promise<RestoreTarget> {
  const database = await createTestDatabase();
  const folders = foldersBelow(await mkdtemp(join(tmpdir(), "multitap-restore-")));
  return {
    database,
    folders,
    restore: (path, plan = {}, files = createDiskFiles()) =>
      restoreBackup(
        {
          files,
          database: database.handle.db,
          folders,
          appVersion: "test",
          signal: new AbortController().signal,
        },
        {
          path,
          isReplacing: false,
          passphrase: null,
          onProgress: () => undefined,
          assertSpace: async () => undefined,
          ...plan,
        },
      ),
    async close() {
      await database.drop();
      await rm(folders.basePath, { recursive: true, force: true });
    },
  };
}

/** Opens a server with a save. */
export async function openBackupScene(): Promise<SaveScene> {
  const scene = await openSaveScene();
  await scene.upload({}, { name: "first.srm", bytes: "first" });
  return scene;
}

/** Uploads saves one after the other until it is ended. */
export function startWriter(scene: SaveScene): { readonly end: () => Promise<readonly string[]> } {
  let isEnded = false;
  const names: string[] = [];
  const work = async () => {
    for (let count = 0; !isEnded; count += 1) {
      const name = `written-${count}.srm`;
      const { status } = await scene.upload({}, { name, bytes: `content ${count}` });
      if (status === 200 || status === 201) names.push(name);
    }
    return names;
  };
  const working = work();
  return {
    end() {
      isEnded = true;
      return working;
    },
  };
}

/** A save as a database names it, with what its file holds. */
export interface FoundSave {
  readonly name: string;
  readonly md5: string;
  readonly found: string | null;
}

/** Every save of a database, and the digest of the file that it names. */
export async function readSaves(database: TestDatabase, assetsPath: string): Promise<readonly FoundSave[]> {
  const rows = await database.handle.sql<{ name: string; path: string; md5: string }[]>`
    select file_name as name, stored_path as path, md5_hash as md5 from saves order by id`;
  const read = async (path: string) => {
    const bytes = await readFile(join(assetsPath, path)).catch(() => null);
    return bytes === null ? null : createHash("md5").update(bytes).digest("hex");
  };
  return await Promise.all(rows.map(async ({ name, path, md5 }) => ({ name, md5, found: await read(path) })));
}

/** All rows of all tables but those that expire, each table in an order of its own. */
export async function readRows({
  handle: { sql },
}: TestDatabase): Promise<Record<string, readonly string[]>> {
  const rows: Record<string, readonly string[]> = {};
  const tables = await sql<{ name: string }[]>`
    select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`;
  for (const { name } of tables.filter((table) => !table.name.startsWith("kv_"))) {
    const found = await sql.unsafe<{ text: string }[]>(`select t::text as text from "${name}" t order by 1`);
    rows[name] = found.map(({ text }) => text);
  }
  return rows;
}
