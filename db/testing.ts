/** Databases for tests: one migrated template per run, one clone per test file. Not for production code. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ConnectionTarget,
  type DatabaseHandle,
  formatTarget,
  openDatabase,
  parseTarget,
  withDatabase,
} from "./client.ts";
import { PG_MAJOR } from "./embedded/binaries.ts";
import { findFreeBytes } from "./embedded/file-system.ts";
import { tryFlock } from "./embedded/flock.ts";
import { PID_FILE } from "./embedded/leftovers.ts";
import { LOCK_FILE } from "./embedded/lock.ts";
import { startCluster } from "./embedded/start.ts";
import { sqlState } from "./errors.ts";
import { migrate } from "./migrate.ts";
import { hashMigrations, listMigrations, MIGRATIONS_FOLDER } from "./migration-files.ts";

export interface TestTemplate {
  /** Variables for child processes, whose `createTestDatabase` then clones from this template. */
  env: Record<string, string>;
  /** Ends the cluster and removes its folder; on an external server the template stays for the next run. */
  stop(): Promise<void>;
}

export interface TestDatabase {
  readonly handle: DatabaseHandle;
  readonly target: ConnectionTarget;
  /** Closes the handle, cuts other connections, drops the database. Safe to call again. */
  drop(): Promise<void>;
}

/** An external PostgreSQL to test on, as a superuser; unset: an embedded one. */
const URL_VARIABLE = "MULTITAP_TEST_DATABASE_URL";
/** Set for child processes by `prepareTestTemplate`. */
const SERVER_VARIABLE = "MULTITAP_TEST_SERVER";
const TEMPLATE_VARIABLE = "MULTITAP_TEST_TEMPLATE";

const TEMPLATE_PREFIX = "multitap_template_";
const DATABASE_PREFIX = "multitap_test_";
const FOLDER_PREFIX = "multitap-test-";
const MAINTENANCE_DATABASE = "postgres";

/** A file system in memory on Linux; each clone takes about 10 MB there until it is dropped. */
const MEMORY_FOLDER = "/dev/shm";
const MEMORY_BYTES_MIN = 2 * 1024 ** 3;

/** A test that opens more at once should say so in its own pool. */
const POOL_SIZE = 5;
/** Leftovers of killed runs are removed when they are this old; no run takes that long. */
const LEFTOVER_AGE_MS = 60 * 60_000;
/** A folder this old without an owner is no start in progress. */
const DEAD_AGE_MS = 10 * 60_000;
/** Templates of other versions on an external server. */
const TEMPLATE_AGE_MS = 7 * 24 * 60 * 60_000;

// The cluster is thrown away, so nothing needs to survive a crash; autovacuum would block cloning the template.
const THROWAWAY_SETTINGS: Record<string, string> = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  autovacuum: "off",
  max_connections: "200",
  // Not in /dev/shm, where a killed server would leave it.
  dynamic_shared_memory_type: "mmap",
};

interface Template extends TestTemplate {
  server: ConnectionTarget;
  name: string;
}

/** Starts one cluster (or uses the one of `MULTITAP_TEST_DATABASE_URL`) and migrates a template database on it. */
export async function prepareTestTemplate(): Promise<TestTemplate> {
  return await prepareTemplate();
}

async function prepareTemplate(): Promise<Template> {
  const url = process.env[URL_VARIABLE];
  return url === undefined || url === "" ? await prepareEmbedded() : await prepareExternal(parseTarget(url));
}

async function prepareEmbedded(): Promise<Template> {
  removeDeadFolders();
  const base = mkdtempSync(join(chooseRoot(), FOLDER_PREFIX));
  const removeBase = () => rmSync(base, { recursive: true, force: true, maxRetries: 5 });
  try {
    const folder = join(base, "postgres");
    const log = () => undefined;
    const options = { folder, appVersion: "test", databaseName: MAINTENANCE_DATABASE, log, onStatus: log };
    const { target: server, stop } = await startCluster(options, { settings: THROWAWAY_SETTINGS });
    const cleaner = startCleaner(base, server.socketFolder);
    const name = await ensureTemplate(server);
    const end = async () => {
      cleaner.stop();
      await stop();
      removeBase();
    };
    return { server, name, env: createEnv(server, name), stop: end };
  } catch (error) {
    removeBase();
    throw error;
  }
}

// Cloning makes hundreds of files; ext4 takes 150 ms for that soon after others were removed, memory takes 15 ms.
function chooseRoot(): string {
  const free = findFreeBytes(MEMORY_FOLDER) ?? 0;
  return free >= MEMORY_BYTES_MIN ? MEMORY_FOLDER : tmpdir();
}

async function prepareExternal(given: ConnectionTarget): Promise<Template> {
  const server = withDatabase(given, MAINTENANCE_DATABASE);
  await dropLeftovers(server);
  const name = await ensureTemplate(server);
  return { server, name, env: createEnv(server, name), stop: async () => undefined };
}

function createEnv(server: ConnectionTarget, name: string): Record<string, string> {
  return { [SERVER_VARIABLE]: formatTarget(server), [TEMPLATE_VARIABLE]: name };
}

/** Makes the template of this version's migrations where it is missing; its name holds their hash. */
async function ensureTemplate(server: ConnectionTarget): Promise<string> {
  const name = TEMPLATE_PREFIX + hashMigrations(listMigrations()).slice(0, 12);
  await withAdmin(server, async ({ sql }) => {
    const found = await sql`select 1 from pg_database where datname = ${name}`;
    if (found.length > 0) return;
    // Made under another name and renamed when complete, so that a killed run leaves no half template.
    const unfinished = createName();
    await sql`create database ${sql(unfinished)} template template0 encoding 'UTF8'`;
    await migrateDatabase(withDatabase(server, unfinished));
    try {
      await sql`alter database ${sql(unfinished)} rename to ${sql(name)}`;
    } catch (error) {
      if (sqlState(error) !== DUPLICATE_DATABASE) throw error;
      await sql`drop database ${sql(unfinished)}`; // Another run was faster.
    }
    await sql.unsafe(`comment on database "${name}" is '${new Date().toISOString()}'`);
  });
  return name;
}

const DUPLICATE_DATABASE = "42P04";

async function migrateDatabase(target: ConnectionTarget): Promise<void> {
  const handle = openDatabase(target, { maxConnections: 1, applicationName: "multitap-test" });
  try {
    await migrate(handle, { appVersion: "test", log: () => undefined });
  } finally {
    await handle.close();
  }
}

/**
 * A fresh database with this release's schema: a clone of the template.
 * Without a prepared template (a single file run by hand) the first call prepares one for the rest of the process.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const template = await findTemplate();
  const name = createName();
  // Copying files is faster than writing them to the log, but only where the checkpoints it takes cost no fsync.
  const strategy = "url" in template.server ? "wal_log" : "file_copy";
  await withAdmin(template.server, ({ sql }) =>
    sql.unsafe(`create database "${name}" template "${template.name}" strategy ${strategy}`),
  );
  const target = withDatabase(template.server, name);
  const handle = openDatabase(target, { maxConnections: POOL_SIZE, applicationName: "multitap-test" });
  let dropped: Promise<void> | null = null;
  const drop = async () => {
    await handle.close();
    await withAdmin(template.server, ({ sql }) =>
      sql.unsafe(`drop database if exists "${name}" with (force)`),
    );
  };
  return {
    handle,
    target,
    drop: () => {
      dropped ??= drop();
      return dropped;
    },
  };
}

/** The same with the schema of an earlier release: `level` migrations. */
export async function createOlderDatabase(level: number): Promise<TestDatabase> {
  const database = await createTestDatabase();
  const { sql } = database.handle;
  await sql`drop schema public cascade`;
  await sql`create schema public`;
  const folder = mkdtempSync(join(tmpdir(), FOLDER_PREFIX));
  try {
    const names = readdirSync(MIGRATIONS_FOLDER).filter((name) => name.endsWith(".sql"));
    for (const name of names.sort().slice(0, level)) {
      copyFileSync(join(MIGRATIONS_FOLDER, name), join(folder, name));
    }
    await migrate(database.handle, { appVersion: "older", log: () => undefined, folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return database;
}

let ownTemplate: Promise<Template> | null = null;

async function findTemplate(): Promise<{ server: ConnectionTarget; name: string }> {
  const server = process.env[SERVER_VARIABLE];
  const name = process.env[TEMPLATE_VARIABLE];
  if (server !== undefined && name !== undefined) return { server: parseTarget(server), name };
  ownTemplate ??= prepareTemplate(); // Ended by its cleaner when the process is gone.
  return await ownTemplate;
}

function createName(): string {
  return `${DATABASE_PREFIX}${Date.now().toString(36)}_${randomBytes(4).toString("hex")}`;
}

async function withAdmin<T>(
  server: ConnectionTarget,
  work: (admin: DatabaseHandle) => PromiseLike<T>,
): Promise<T> {
  const admin = openDatabase(server, { maxConnections: 1, applicationName: "multitap-test-admin" });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

async function dropLeftovers(server: ConnectionTarget): Promise<void> {
  await withAdmin(server, async ({ sql }) => {
    const rows = await sql<{ name: string; note: string | null }[]>`
      select datname as "name", shobj_description(oid, 'pg_database') as "note" from pg_database
      where starts_with(datname, ${DATABASE_PREFIX}) or starts_with(datname, ${TEMPLATE_PREFIX})`;
    for (const { name, note } of rows) {
      const isOld = name.startsWith(DATABASE_PREFIX)
        ? Date.now() - Number.parseInt(name.slice(DATABASE_PREFIX.length), 36) > LEFTOVER_AGE_MS
        : Date.now() - Date.parse(note ?? "") > TEMPLATE_AGE_MS;
      if (isOld) await sql.unsafe(`drop database if exists "${name}" with (force)`);
    }
  });
}

/**
 * Starts a shell that outlives us and, once we are gone however we went (test runners skip exit handlers), ends the
 * server and removes its folders. It notices by its input being closed.
 */
function startCleaner(base: string, socketFolder: string): { stop(): void } {
  const script = `cat > /dev/null
pid=$(head -n 1 "$1/postgres/${PG_MAJOR}/${PID_FILE}" 2> /dev/null) && kill -QUIT "$pid" 2> /dev/null
for i in 1 2 3; do sleep 0.3; rm -rf "$1" "$2"; done 2> /dev/null`;
  const shell = spawn("/bin/sh", ["-c", script, "sh", base, socketFolder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    cwd: "/",
  });
  shell.unref();
  return { stop: () => void shell.kill("SIGKILL") };
}

/** Removes the folders of runs that were killed together with their cleaner: old ones whose lock nobody holds. */
function removeDeadFolders(): void {
  for (const root of [MEMORY_FOLDER, tmpdir()].filter((path) => existsSync(path))) {
    const names = readdirSync(root).filter((name) => name.startsWith(FOLDER_PREFIX));
    for (const base of names.map((name) => join(root, name))) {
      if (isDead(base)) rmSync(base, { recursive: true, force: true });
    }
  }
}

function isDead(base: string): boolean {
  try {
    if (Date.now() - statSync(base).mtimeMs < DEAD_AGE_MS) return false;
    const file = openSync(join(base, "postgres", LOCK_FILE), "r");
    const { status } = tryFlock(file);
    closeSync(file);
    return status === "locked";
  } catch {
    return false; // Removed meanwhile, another user's, or ended before it had a lock.
  }
}
