import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DatabaseHandle, openDatabase, withDatabase } from "./client.ts";
import { catchError } from "./embedded/fixtures/clusters.ts";
import { migrate } from "./migrate.ts";
import { hashMigrations, listMigrations, MIGRATIONS_FOLDER } from "./migration-files.ts";
import { createTestDatabase, type TestDatabase } from "./testing.ts";

const BREAK = "--> statement-breakpoint";
const FIRST = `CREATE TABLE "a" ("id" serial PRIMARY KEY);\n${BREAK}\nCREATE INDEX "a_id" ON "a" ("id");\n`;
const SECOND = `ALTER TABLE "a" ADD COLUMN "name" text;\n${BREAK}\nINSERT INTO "a" ("name") VALUES ('x');\n`;
const silent = { appVersion: "1.0.0", log: () => undefined };

const folders: string[] = [];

/** A folder of migrations, named in order. */
function writeMigrations(...texts: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "multitap-migrations-"));
  folders.push(folder);
  for (const [index, text] of texts.entries()) writeFileSync(join(folder, `000${index}_step.sql`), text);
  return folder;
}

let home: TestDatabase;
let counter = 0;

beforeAll(async () => {
  home = await createTestDatabase();
});

afterAll(async () => {
  await home.drop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Runs with a pool on a database that holds nothing at all. */
async function withEmpty(work: (handle: DatabaseHandle) => Promise<void>): Promise<void> {
  const name = `multitap_test_${Date.now().toString(36)}_m${counter++}_${process.pid}`;
  await home.handle.sql.unsafe(`create database "${name}" template template0`);
  const handle = openDatabase(withDatabase(home.target, name), {
    maxConnections: 3,
    applicationName: "test",
  });
  try {
    await work(handle);
  } finally {
    await handle.close(500);
    await home.handle.sql.unsafe(`drop database "${name}" with (force)`);
  }
}

const listTables = async ({ sql }: DatabaseHandle) =>
  (
    await sql`select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
    order by 1`
  ).map(({ relname }) => relname);

describe("migrate", () => {
  test("applies what is pending, once, and records it", async () => {
    await withEmpty(async (handle) => {
      const one = writeMigrations(FIRST);
      const two = writeMigrations(FIRST, SECOND);
      const progress: string[] = [];
      const onProgress = (done: number, total: number) => progress.push(`${done}/${total}`);
      expect(await migrate(handle, { ...silent, folder: one })).toEqual({ applied: 1, level: 1 });
      expect(await migrate(handle, { ...silent, folder: two, appVersion: "1.1.0", onProgress })).toEqual({
        applied: 1,
        level: 2,
      });
      expect(await migrate(handle, { ...silent, folder: two, onProgress })).toEqual({ applied: 0, level: 2 });
      expect(progress).toEqual(["0/1", "1/1"]);
      const rows =
        await handle.sql`select number, name, sha256, app_version from schema_migrations order by 1`;
      const [first, second] = listMigrations(two);
      expect([...rows] as unknown[]).toEqual([
        { number: 1, name: "0000_step", sha256: first?.sha256, app_version: "1.0.0" },
        { number: 2, name: "0001_step", sha256: second?.sha256, app_version: "1.1.0" },
      ]);
      expect(await handle.sql`select name from a`).toHaveLength(1);
      expect(await handle.sql`select 1 from pg_extension where extname = 'pg_trgm'`).toHaveLength(1);
    });
  });

  test("prepares a database when there is no migration at all", async () => {
    await withEmpty(async (handle) => {
      expect(await migrate(handle, { ...silent, folder: writeMigrations() })).toEqual({
        applied: 0,
        level: 0,
      });
      expect(await migrate(handle, { ...silent, folder: "/nonexistent" })).toEqual({ applied: 0, level: 0 });
      expect(await listTables(handle)).toEqual(["schema_migrations"]);
    });
  });

  test("refuses a newer schema, names who wrote it, and writes nothing", async () => {
    await withEmpty(async (handle) => {
      await migrate(handle, { ...silent, appVersion: "2.0.0", folder: writeMigrations(FIRST, SECOND) });
      const before = await handle.sql`select xmin, * from schema_migrations`;
      const error = await catchError(
        migrate(handle, { ...silent, folder: writeMigrations(FIRST), backupName: "pre-1-2" }),
      );
      expect(error).toMatchObject({ code: "E_SCHEMA_NEWER", exitCode: 78 });
      expect((error as Error).message).toBe(
        "database schema 2 (written by Multitap 2.0.0) is newer than this version 1.0.0, which knows 1. Use 2.0.0 or later, or restore the backup pre-1-2. (E_SCHEMA_NEWER)",
      );
      expect([...(await handle.sql`select xmin, * from schema_migrations`)]).toEqual([...before]);
    });
  });

  test("refuses a history whose texts are not ours", async () => {
    await withEmpty(async (handle) => {
      await migrate(handle, { ...silent, folder: writeMigrations(FIRST) });
      const error = await catchError(
        migrate(handle, { ...silent, folder: writeMigrations(`${FIRST} `, SECOND) }),
      );
      expect(error).toMatchObject({ code: "E_SCHEMA_FOREIGN", exitCode: 78 });
      expect(await listTables(handle)).toEqual(["a", "schema_migrations"]);
    });
  });

  test("refuses another program's database before it writes into it", async () => {
    await withEmpty(async (handle) => {
      await handle.sql`create table alembic_version (version_num text)`;
      const error = await catchError(migrate(handle, { ...silent, folder: writeMigrations(FIRST) }));
      expect(error).toMatchObject({ code: "E_SCHEMA_FOREIGN" });
      expect((error as Error).message).toContain("the first is alembic_version");
      expect(await listTables(handle)).toEqual(["alembic_version"]);
    });
  });

  test("keeps nothing of a migration that fails, all of those before it, and goes on after a repair", async () => {
    await withEmpty(async (handle) => {
      const broken = `CREATE TABLE "b" ();\n${BREAK}\nALTER TABLE "absent" ADD COLUMN "x" text;\n`;
      const error = await catchError(migrate(handle, { ...silent, folder: writeMigrations(FIRST, broken) }));
      expect(error).toMatchObject({ code: "E_SCHEMA_FAILED", exitCode: 1 });
      expect((error as Error).message).toContain("migration 0001_step failed: 42P01");
      expect(await listTables(handle)).toEqual(["a", "schema_migrations"]);
      expect(await migrate(handle, { ...silent, folder: writeMigrations(FIRST, SECOND) })).toEqual({
        applied: 1,
        level: 2,
      });
    });
  });

  test("lets one of several callers work while the others wait", async () => {
    await withEmpty(async (handle) => {
      const folder = writeMigrations(`${FIRST}${BREAK}\nSELECT pg_sleep(0.2);\n`, SECOND);
      const results = await Promise.all(
        Array.from({ length: 3 }, () => migrate(handle, { ...silent, folder })),
      );
      expect(results.map(({ applied }) => applied).sort()).toEqual([0, 0, 2]);
      expect(results.map(({ level }) => level)).toEqual([2, 2, 2]);
    });
  });

  test("gives up waiting for another migrator in time", async () => {
    await withEmpty(async (handle) => {
      const folder = writeMigrations("SELECT pg_sleep(1);");
      const first = migrate(handle, { ...silent, folder });
      await Bun.sleep(200);
      const error = await catchError(migrate(handle, { ...silent, folder, lockWaitMs: 100 }));
      expect(error).toMatchObject({ code: "E_SCHEMA_FAILED", exitCode: 1 });
      expect(await first).toEqual({ applied: 1, level: 1 });
    });
  });

  test("ends with an error when the connection breaks, and the next call does the work", async () => {
    await withEmpty(async (handle) => {
      const folder = writeMigrations(`${FIRST}${BREAK}\nSELECT pg_sleep(0.5);\n`);
      const first = catchError(migrate(handle, { ...silent, folder }));
      await Bun.sleep(200);
      await home.handle
        .sql`select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(0.5)%'
        and pid <> pg_backend_pid()`;
      expect(await first).toMatchObject({ code: "E_SCHEMA_FAILED" });
      expect(await migrate(handle, { ...silent, folder })).toEqual({ applied: 1, level: 1 });
    });
  });
});

describe("listMigrations", () => {
  test("refuses a gap", () => {
    const folder = writeMigrations(FIRST);
    writeFileSync(join(folder, "0002_late.sql"), SECOND);
    expect(() => listMigrations(folder)).toThrow("0002_late.sql stands at place 1");
  });
  test("gives one hash for LF and CRLF, and another for another text", () => {
    const hash = (...texts: string[]) => hashMigrations(listMigrations(writeMigrations(...texts)));
    expect(hash(FIRST.replaceAll("\n", "\r\n"))).toBe(hash(FIRST));
    expect(hash(FIRST, SECOND)).not.toBe(hash(FIRST));
  });
  test("finds in this release exactly what drizzle's journal lists", () => {
    const path = join(MIGRATIONS_FOLDER, "meta", "_journal.json");
    const journal = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { entries: [] };
    const tags = (journal.entries as { tag: string }[]).map(({ tag }) => tag);
    expect(listMigrations().map(({ name }) => name)).toEqual(tags);
  });
});
