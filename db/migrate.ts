/** Brings a database's schema to this release's level: forward only, one transaction per migration, one migrator. */
import type postgres from "postgres";
import type { DatabaseHandle } from "./client.ts";
import { DbError, describeCause, sqlState } from "./errors.ts";
import type { DbLog } from "./log.ts";
import { listMigrations, MIGRATIONS_FOLDER, type Migration } from "./migration-files.ts";

export interface MigrateOptions {
  /** Recorded with each migration, and named when an older release meets the database later. */
  appVersion: string;
  log: DbLog;
  /** Called with 0 before the first pending migration and after each; not at all when none is pending. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** Default: this release's own migrations. */
  folder?: string | undefined;
  /** Newest backup from before an upgrade, named in the refusal of a newer schema. */
  backupName?: string | undefined;
  /** Longest wait for another migrator; default 15 minutes. */
  lockWaitMs?: number | undefined;
}

export interface MigrateResult {
  /** How many migrations this call applied. */
  applied: number;
  /** How many the database has now; 0 is an empty database. */
  level: number;
}

/** Arbitrary, and part of the protocol between releases: never change it. */
const LOCK_KEY = "7023541194280513";
const LOCK_POLL_MS = 250;
const LOCK_LOG_EVERY_MS = 10_000;
/** A migration over a large library takes minutes; longer means a stuck session that an operator must look at. */
const LOCK_WAIT_MS = 15 * 60_000;

/**
 * Applies what is pending. Of several callers one works and the others wait, then find nothing to do.
 * @throws DbError `E_SCHEMA_NEWER` or `E_SCHEMA_FOREIGN` before anything is written, `E_DB_EXTENSION`,
 *   `E_DISK_FULL`, or `E_SCHEMA_FAILED`; migrations before the failed one stay applied.
 */
export async function migrate(handle: DatabaseHandle, options: MigrateOptions): Promise<MigrateResult> {
  const migrations = listMigrations(options.folder ?? MIGRATIONS_FOLDER);
  // A session lock belongs to one connection, so everything below runs on a reserved one.
  const session = await handle.sql.reserve();
  try {
    await takeLock(session, options);
    try {
      return await migrateLocked(session, migrations, options);
    } finally {
      await settle(session`select pg_advisory_unlock(${LOCK_KEY}::bigint)`);
    }
  } finally {
    session.release();
  }
}

// Tidying up after an error must not replace it; on a broken connection the server has tidied up already.
async function settle(work: PromiseLike<unknown>): Promise<void> {
  await Promise.allSettled([work]);
}

async function takeLock(session: postgres.ReservedSql, options: MigrateOptions): Promise<void> {
  const waitMs = options.lockWaitMs ?? LOCK_WAIT_MS;
  const startedAt = performance.now();
  for (let lines = 0; ; ) {
    const [row] = await session<{ isOurs: boolean }[]>`
      select pg_try_advisory_lock(${LOCK_KEY}::bigint) as "isOurs"`;
    if (row?.isOurs === true) return;
    const waitedMs = performance.now() - startedAt;
    if (waitedMs >= waitMs) {
      throw new DbError(
        "E_SCHEMA_FAILED",
        `another process has been migrating this database for ${Math.round(waitedMs / 1000)} s: its lock is still held. Wait for it, or end its session.`,
      );
    }
    if (waitedMs >= lines * LOCK_LOG_EVERY_MS) {
      options.log({ level: "info", message: "another process is migrating the database; waiting" });
      lines++;
    }
    await Bun.sleep(Math.min(LOCK_POLL_MS, waitMs - waitedMs));
  }
}

async function migrateLocked(
  session: postgres.ReservedSql,
  migrations: readonly Migration[],
  options: MigrateOptions,
): Promise<MigrateResult> {
  const applied = await readApplied(session);
  if (applied === null) await expectNoForeignTables(session);
  checkHistory(applied ?? [], migrations, options);
  const level = applied?.length ?? 0;
  const pending = migrations.slice(level);
  if (applied === null) await prepareDatabase(session);
  if (pending.length > 0) options.onProgress?.(0, pending.length);
  for (const [index, migration] of pending.entries()) {
    await applyMigration(session, migration, options.appVersion);
    options.log({ level: "info", message: `applied migration ${migration.name}` });
    options.onProgress?.(index + 1, pending.length);
  }
  return { applied: pending.length, level: level + pending.length };
}

/** How many migrations a database has, and how many this release would bring it to. */
export async function readLevels(
  { sql }: DatabaseHandle,
  folder: string = MIGRATIONS_FOLDER,
): Promise<{ readonly from: number; readonly to: number }> {
  const applied = await readApplied(sql);
  return { from: applied?.length ?? 0, to: listMigrations(folder).length };
}

export interface AppliedMigration {
  number: number;
  name: string;
  sha256: string;
  appVersion: string;
}

/** Null when the database has no history table. */
export async function readApplied(session: postgres.Sql): Promise<AppliedMigration[] | null> {
  const [row] = await session<{ isPresent: boolean }[]>`
    select to_regclass('schema_migrations') is not null as "isPresent"`;
  if (row?.isPresent !== true) return null;
  return await session<AppliedMigration[]>`
    select number, name, sha256, app_version as "appVersion" from schema_migrations order by number`;
}

/**
 * Refuses a history that is not a beginning of ours.
 * @throws DbError `E_SCHEMA_NEWER`, `E_SCHEMA_FOREIGN`.
 */
export function checkHistory(
  applied: readonly AppliedMigration[],
  migrations: readonly Migration[],
  options: Pick<MigrateOptions, "appVersion" | "backupName">,
): void {
  const newest = applied.at(-1);
  if (newest !== undefined && newest.number > migrations.length) {
    const backup =
      options.backupName === undefined
        ? "a backup from before that upgrade"
        : `the backup ${options.backupName}`;
    throw new DbError(
      "E_SCHEMA_NEWER",
      `database schema ${newest.number} (written by Multitap ${newest.appVersion}) is newer than this version ${options.appVersion}, which knows ${migrations.length}. Use ${newest.appVersion} or later, or restore ${backup}.`,
    );
  }
  for (const [index, row] of applied.entries()) {
    const ours = migrations[index];
    if (ours !== undefined && row.number === ours.number && row.sha256 === ours.sha256) continue;
    throw new DbError(
      "E_SCHEMA_FOREIGN",
      `the database's migration ${row.number} is not ours: ${row.name} with hash ${row.sha256.slice(0, 12)}, written by Multitap ${row.appVersion}; this version has ${ours?.name ?? "nothing"} with ${ours?.sha256.slice(0, 12) ?? "none"} at place ${index + 1}. Use the build that wrote it, or another database.`,
    );
  }
}

/**
 * Refuses a database with tables but without our history: an operator who swaps only the image may point us at
 * another program's database. Tables of extensions are fine.
 */
export async function expectNoForeignTables(session: postgres.Sql): Promise<void> {
  const tables = await session<{ name: string }[]>`
    select c.relname as "name" from pg_class c
    where c.relkind in ('r', 'p') and c.relnamespace = to_regnamespace(current_schema()::text)
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    order by c.relname`;
  const [first] = tables;
  if (first === undefined) return;
  throw new DbError(
    "E_SCHEMA_FOREIGN",
    `the database holds ${tables.length} tables of another program: the first is ${first.name}. Use an empty database; RomM's data is read by import-romm.`,
  );
}

/** Makes what stands before the first migration: the extension, and the table of the history. */
export async function prepareDatabase(session: postgres.Sql): Promise<void> {
  try {
    await session`create extension if not exists pg_trgm`;
  } catch (error) {
    throw new DbError(
      "E_DB_EXTENSION",
      `the extension pg_trgm cannot be created: ${describeCause(error)}. Run CREATE EXTENSION pg_trgm as the database's owner; it is in PostgreSQL's contrib package.`,
      { cause: error },
    );
  }
  await session`
    create table schema_migrations (
      number integer primary key,
      name text not null,
      sha256 text not null,
      app_version text not null,
      applied_at timestamptz not null default now()
    )`;
}

async function applyMigration(
  session: postgres.ReservedSql,
  migration: Migration,
  appVersion: string,
): Promise<void> {
  const { number, name, text, sha256 } = migration;
  try {
    await session`begin`;
    await session`set local statement_timeout = 0`;
    // One round trip: drizzle's statement breakpoints are SQL comments, so the file is a valid script as it stands.
    await session.unsafe(text);
    await session`insert into schema_migrations (number, name, sha256, app_version)
      values (${number}, ${name}, ${sha256}, ${appVersion})`;
    await session`commit`;
  } catch (error) {
    await settle(session`rollback`);
    throw migrationError(migration, error);
  }
}

const DISK_FULL = "53100";

function migrationError(migration: Migration, error: unknown): DbError {
  const detail = error instanceof Error ? error.message : String(error);
  const state = sqlState(error) ?? describeCause(error);
  if (state === DISK_FULL) {
    const text = `the database's disk is full: ${detail}, in migration ${migration.name}. Free some space and start again.`;
    return new DbError("E_DISK_FULL", text, { cause: error });
  }
  return new DbError(
    "E_SCHEMA_FAILED",
    `migration ${migration.name} failed: ${state} ${detail}${findStatement(migration.text, error)}. Nothing of it was kept; correct the cause and start again.`,
    { cause: error },
  );
}

const STATEMENT_CHARS_MAX = 80;

/** The beginning of the statement that the error's position points at. */
function findStatement(text: string, error: unknown): string {
  const position = Number((error as { position?: unknown }).position);
  if (!Number.isInteger(position)) return "";
  const before = text.slice(0, position).lastIndexOf("--> statement-breakpoint");
  const start = before < 0 ? text : text.slice(text.indexOf("\n", before) + 1);
  return `, near ${start.replace(/\s+/g, " ").slice(0, STATEMENT_CHARS_MAX)}`;
}
