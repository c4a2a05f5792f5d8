import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { formatTarget } from "@multitap/db";
import { createTestDatabase } from "@multitap/db/testing";
import { sql } from "drizzle-orm";
import { DELETION_LEASE_MS, DELETION_LOCK } from "../base/deletion-hold.ts";
import {
  type CliEnd,
  endCli,
  makeBase,
  openTerminal,
  runCli,
  startCliServer,
  waitFor,
  withServersDatabase,
} from "./cli.testing.ts";

let basePath = "";
/** A backup that was made while a server ran. */
let backupPath = "";
beforeAll(async () => {
  basePath = await makeBase();
  const server = await startCliServer(basePath);
  try {
    const input = "a long password\n";
    await runCli(["user", "create", "ana", "--role", "admin", "--password-stdin"], { basePath, input });
    await runCli(["scan"], { basePath });
    const made = await runCli(["backup", "--json"], { basePath });
    expect(made).toMatchObject({ exitCode: 0, err: "" });
    const { backup, isJoined } = readJson(made);
    expect(isJoined).toBe(true);
    backupPath = String(backup?.path);
    const refused = await runCli(["restore", backupPath, "--replace", "--json"], { basePath });
    expect(readJson(refused).error?.code).toBe("CLI_SERVER_RUNNING");
  } finally {
    await server.end("SIGTERM");
  }
}, 120_000);
afterAll(() => endCli(), 30_000);

interface CliJson {
  readonly backup?: Readonly<Record<string, unknown>>;
  readonly isJoined?: boolean;
  readonly level?: number;
  readonly error?: { readonly code: string; readonly message: string };
}

const readJson = ({ out }: CliEnd) => JSON.parse(out) as CliJson;

/** A base folder that no server has seen. */
async function emptyBase(name: string): Promise<string> {
  const path = join(basePath, name);
  await mkdir(path);
  return path;
}

const countGames = async (path: string) =>
  await withServersDatabase(path, async (db) => {
    const [row] = await db.execute<{ roms: number; users: number }>(
      sql`select (select count(*) from roms)::int as roms, (select count(*) from users)::int as users`,
    );
    return row;
  });

describe("multitap restore", () => {
  test("brings a backup of one machine up on another, whose server then starts", async () => {
    const other = await emptyBase("other");
    const restored = await runCli(["restore", backupPath, "--json"], { basePath: other });
    expect(restored).toMatchObject({ exitCode: 0, err: "" });
    expect(readJson(restored).level).toBeGreaterThan(0);
    const again = await runCli(["restore", backupPath, "--json"], { basePath: other });
    expect([again.exitCode, readJson(again).error?.code]).toEqual([1, "BACKUP_BASE_IN_USE"]);
    const server = await startCliServer(other);
    try {
      expect(await countGames(other)).toMatchObject({ roms: 24, users: 1 });
      const credentials = btoa("ana:a long password");
      const answer = await fetch(`${server.url}/api/users/me`, {
        headers: { authorization: `Basic ${credentials}` },
      });
      expect(answer.status).toBe(200);
    } finally {
      await server.end("SIGTERM");
    }
  }, 120_000);

  test("works into an external database, too", async () => {
    const database = await createTestDatabase();
    try {
      const other = await emptyBase("external");
      const environment = { DATABASE_URL: formatTarget(database.target) };
      const restored = await runCli(["restore", backupPath], { basePath: other, environment });
      expect(restored).toMatchObject({ exitCode: 0 });
      expect(restored.out).toContain("Restored.");
      const [row] = await database.handle.sql<{ count: number }[]>`select count(*)::int as count from roms`;
      expect(row?.count).toBe(24);
      const saved = await runCli(["backup", "--output", join(other, "again"), "--json"], {
        basePath: other,
        environment,
      });
      expect(readJson(saved)).toMatchObject({ isJoined: false, backup: { path: join(other, "again") } });
    } finally {
      await database.drop();
    }
  }, 120_000);

  test("refuses what is no backup", async () => {
    const other = await emptyBase("refused");
    const refused = await runCli(["restore", basePath, "--json"], { basePath: other });
    expect([refused.exitCode, readJson(refused).error?.code]).toEqual([1, "BACKUP_NOT_FOUND"]);
    const path = join(other, "empty");
    await writeFile(path, "\n");
    const empty = await runCli(["restore", backupPath, "--passphrase-file", path, "--json"], {
      basePath: other,
    });
    expect([empty.exitCode, readJson(empty).error?.code]).toEqual([64, "CLI_PASSPHRASE_UNREADABLE"]);
  }, 120_000);
});

describe("multitap backup", () => {
  test("verify tells a whole backup from a damaged one, without a server or settings", async () => {
    const options = { basePath: join(basePath, "none"), environment: { ROMM_PORT: "many" } };
    const whole = await runCli(["backup", "verify", backupPath], options);
    expect(whole).toMatchObject({ exitCode: 0, err: "" });
    expect(whole.out).toContain("The backup is whole.");
    const copy = join(basePath, "copy");
    Bun.spawnSync(["cp", "-r", backupPath, copy]);
    await writeFile(join(copy, "tables/roms.copy.zst"), "x");
    const damaged = await runCli(["backup", "verify", copy, "--json"], options);
    expect([damaged.exitCode, readJson(damaged).error?.code]).toEqual([1, "BACKUP_DAMAGED"]);
  }, 60_000);

  test("agrees with sha256sum", () => {
    const checked = Bun.spawnSync(["sha256sum", "--check", "--quiet", "--strict", "files.sha256"], {
      cwd: backupPath,
    });
    expect([checked.exitCode, checked.stdout.toString()]).toEqual([0, ""]);
  });

  test("killed at any moment leaves nothing that looks like one, and holds nothing for longer than a lease", async () => {
    const server = await startCliServer(basePath);
    const folder = join(basePath, "backups");
    const before = await readdir(folder);
    const isUnderWay = async () => (await readdir(folder)).some((name) => name.endsWith(".partial"));
    await withServersDatabase(basePath, async (db) => {
      // Nobody reads the roms before the lock is gone, so the backup is in the middle.
      const released = Promise.withResolvers<void>();
      const locking = db.transaction(async (tx) => {
        await tx.execute(sql`lock table roms in access exclusive mode`);
        await released.promise;
      });
      const terminal = openTerminal(["backup"], { basePath });
      await waitFor(isUnderWay);
      const [row] = await db.execute<{ left_ms: number }>(
        sql`select extract(epoch from expires_at - now()) * 1000 as left_ms from kv_entries where key = ${DELETION_LOCK}`,
      );
      expect(Number(row?.left_ms)).toBeGreaterThan(0);
      expect(Number(row?.left_ms)).toBeLessThanOrEqual(DELETION_LEASE_MS);
      await server.end("SIGKILL");
      released.resolve();
      await Promise.allSettled([locking]);
      expect(await terminal.exited).toBe(1);
    });
    const left = (await readdir(folder)).filter((name) => !before.includes(name));
    expect(left).toHaveLength(1);
    expect(left[0]).toEndWith(".partial");
    const refused = await runCli(["backup", "verify", join(folder, left[0] ?? ""), "--json"], { basePath });
    expect(readJson(refused).error?.code).toBe("BACKUP_NOT_FOUND");
    // The next one need not wait: nobody else can be at work on this database.
    const next = await runCli(["backup", "--json"], { basePath });
    expect(next.exitCode).toBe(0);
    expect((await readdir(folder)).some((name) => name.endsWith(".partial"))).toBe(false);
  }, 120_000);

  test("says what to do when nothing can be written", async () => {
    const output = join(basePath, "file");
    await writeFile(output, "");
    await chmod(dirname(output), 0o755);
    const refused = await runCli(["backup", "--output", output, "--json"], { basePath });
    expect(readJson(refused).error).toMatchObject({ code: "BACKUP_EXISTS" });
  }, 60_000);
});
