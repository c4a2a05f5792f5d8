import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { appendFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DELETION_LOCK } from "../base/deletion-hold.ts";
import { OPERATOR } from "../base/identity.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import { createFaultyFiles } from "../ports/files/faulty.ts";
import type { SaveScene } from "../saves/scene.testing.ts";
import { removeAccountFiles } from "../users/avatars/service.ts";
import type { BackupSummary } from "./contract.ts";
import { readLastBackups } from "./last/service.ts";
import { listBackups, verifyBackup } from "./reading/service.ts";
import {
  openBackupScene,
  openTarget,
  type RestoreTarget,
  readRows,
  readSaves,
  startWriter,
} from "./scene.testing.ts";
import { type BackupRequest, cancelBackup, makeBackup, runNightlyBackup, startBackup } from "./service.ts";

let scene: SaveScene;
const targets: RestoreTarget[] = [];
beforeAll(async () => {
  scene = await openBackupScene();
  const { basePath } = scene.library.app;
  await writeFile(join(basePath, "secrets", "auth-secret-key"), "the key\n");
  await writeFile(join(basePath, "secrets", "control.json"), "{}");
  await writeFile(join(basePath, "config", "config.yml"), "exclude: {}\n");
  await mkdir(join(basePath, "sync", "keys"), { recursive: true });
  await writeFile(join(basePath, "sync", "keys", "id_ed25519"), "a private key\n");
  await writeFile(join(basePath, "resources", "cover.png"), "a picture");
}, 60_000);
afterAll(() => scene?.close());
afterEach(async () => {
  for (const target of targets.splice(0)) await target.close();
  const folder = scene.library.app.facts.backups.folderPath;
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true, force: true });
});

async function target(): Promise<RestoreTarget> {
  const opened = await openTarget();
  targets.push(opened);
  return opened;
}

const reading = { files: createDiskFiles(), signal: new AbortController().signal };
const PLAIN: BackupRequest = { reason: "manual", outputPath: null, withResources: false, passphrase: null };

const make = (request: Partial<BackupRequest> = {}): Promise<BackupSummary> =>
  makeBackup(scene.library.app.createContext(), { ...PLAIN, ...request });

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );

describe("a backup", () => {
  test("brings back every row and every file, as they were at one moment", async () => {
    const to = await target();
    const before = await readRows(scene.library.app.database);
    const { path, missingCount } = await make();
    expect(missingCount).toBe(0);
    await to.restore(path);
    const restored = await readRows(to.database);
    expect(restored).toEqual(before);
    for (const { md5, found } of await readSaves(to.database, to.folders.assetsPath)) expect(found).toBe(md5);
    expect(await readFile(join(to.folders.basePath, "secrets/auth-secret-key"), "utf8")).toBe("the key\n");
    expect(await readFile(join(to.folders.keysPath, "id_ed25519"), "utf8")).toBe("a private key\n");
    expect(await readFile(join(to.folders.basePath, "config/config.yml"), "utf8")).toBe("exclude: {}\n");
    expect((await stat(join(to.folders.keysPath, "id_ed25519"))).mode & 0o777).toBe(0o600);
    const names = await readdir(join(to.folders.basePath, "secrets"));
    expect(names).toEqual(["auth-secret-key"]);
  }, 60_000);

  test("taken while saves are uploaded is of one piece", async () => {
    const to = await target();
    const writer = startWriter(scene);
    await scene.upload({}, { name: "known.srm", bytes: "known before" });
    const { path } = await make();
    const written = await writer.end();
    await to.restore(path);
    const saves = await readSaves(to.database, to.folders.assetsPath);
    expect(saves.filter(({ md5, found }) => md5 !== found)).toEqual([]);
    expect(saves.map(({ name }) => name)).toContain("known.srm");
    // No bytes of a save whose row came later are in it, and the writer was not held up.
    const listed = await verifyBackup(reading, path);
    const assets = listed.files.filter(({ path: each }) => each.includes("/saves/"));
    const names = new Set(assets.map(({ path: each }) => each));
    expect(names.size).toBe(saves.length);
    expect(written.length).toBeGreaterThan(0);
  }, 60_000);

  test("leaves nothing but one on disk of what an earlier one has", async () => {
    const [first, second] = [await make(), await make()];
    const folderOf = async ({ path }: BackupSummary) => {
      const { files } = await verifyBackup(reading, path);
      const asset = files.find((file) => file.path.includes("first"))?.path ?? "";
      return await stat(join(path, asset));
    };
    expect((await folderOf(second)).ino).toBe((await folderOf(first)).ino);
    // What was damaged since is copied anew.
    const { files } = await verifyBackup(reading, first.path);
    const asset = files.find((file) => file.path.includes("first"))?.path ?? "";
    await rm(join(second.path), { recursive: true });
    await writeFile(join(first.path, asset), "wrong");
    const third = await make();
    expect(await readFile(join(third.path, asset), "utf8")).toBe("first");
  }, 60_000);

  test("holds resources only when asked, and never uploads that wait", async () => {
    const { tempPath } = scene.library.app.facts;
    await mkdir(tempPath, { recursive: true });
    await writeFile(join(tempPath, "waiting"), "an upload");
    const paths = async (summary: BackupSummary) =>
      (await verifyBackup(reading, summary.path)).files
        .map(({ path }) => path)
        .filter((path) => path.startsWith("resources/"));
    expect(await paths(await make())).toEqual([]);
    expect(await paths(await make({ withResources: true }))).toEqual(["resources/cover.png"]);
  }, 60_000);

  test("encrypts secrets with a passphrase, without which nothing is written", async () => {
    const to = await target();
    const { path } = await make({ passphrase: "correct horse" });
    const bytes = await readFile(join(path, "secrets/base/auth-secret-key.enc"));
    expect(bytes.includes("the key")).toBe(false);
    expect(await codeOf(to.restore(path))).toBe("BACKUP_PASSPHRASE_WRONG");
    expect(await codeOf(to.restore(path, { passphrase: "battery staple" }))).toBe("BACKUP_PASSPHRASE_WRONG");
    expect(await readdir(to.folders.basePath)).toEqual([]);
    await to.restore(path, { passphrase: "correct horse" });
    expect(await readFile(join(to.folders.basePath, "secrets/auth-secret-key"), "utf8")).toBe("the key\n");
  }, 60_000);

  test("counts files that are gone, and is made all the same", async () => {
    const { body } = await scene.upload({}, { name: "lost.srm", bytes: "lost" });
    const [row] = await scene.library.app.database.handle.sql<{ path: string }[]>`
      select stored_path as path from saves where id = ${body.id}`;
    await rm(join(scene.library.app.facts.assetsPath, row?.path ?? ""));
    expect((await make()).missingCount).toBe(1);
    await scene.library.change(`delete from saves where id = ${body.id}`);
    await scene.library.change(`update trashed_assets set purged_at = now() where asset_id = ${body.id}`);
  }, 60_000);

  test("is not restored over accounts and games unless they are to be lost", async () => {
    const to = await target();
    const { path } = await make();
    await to.restore(path);
    await to.database.handle
      .sql`update users set username = 'changed' where id = (select min(id) from users)`;
    const before = await readRows(to.database);
    expect(await codeOf(to.restore(path))).toBe("BACKUP_BASE_IN_USE");
    expect(await readRows(to.database)).toEqual(before);
    await to.restore(path, { isReplacing: true });
    expect(await readRows(to.database)).not.toEqual(before);
  }, 60_000);
});

describe("a damaged backup", () => {
  type Damage = (path: string) => Promise<unknown>;
  const table: readonly [string, Damage][] = [
    ["a table that ends early", (path) => truncate(join(path, "tables/users.copy.zst"), 20)],
    ["a table with one byte more", (path) => appendFile(join(path, "tables/users.copy.zst"), "x")],
    ["a table that is gone", (path) => rm(join(path, "tables/users.copy.zst"))],
    ["a changed secret", (path) => writeFile(join(path, "secrets/base/auth-secret-key"), "the kex\n")],
    ["a list that ends early", (path) => truncate(join(path, "files.sha256"), 100)],
    ["an empty list", (path) => truncate(join(path, "files.sha256"), 0)],
    ["a manifest that ends early", (path) => truncate(join(path, "manifest.json"), 200)],
    [
      "a manifest that somebody edited",
      async (path) => {
        const text = await readFile(join(path, "manifest.json"), "utf8");
        await writeFile(join(path, "manifest.json"), text.replace('"rowCount": 1', '"rowCount": 2'));
      },
    ],
  ];
  test.each(table)(
    "is refused before anything is written: %s",
    async (_, damage) => {
      const to = await target();
      const before = await readRows(to.database);
      const { path } = await make();
      await damage(path);
      expect(await codeOf(verifyBackup(reading, path))).toBe("BACKUP_DAMAGED");
      expect(await codeOf(to.restore(path, { isReplacing: true }))).toBe("BACKUP_DAMAGED");
      expect(await readdir(to.folders.basePath)).toEqual([]);
      expect(await readRows(to.database)).toEqual(before);
    },
    60_000,
  );

  test("is told from none, and from one of a later format", async () => {
    const { path } = await make();
    expect(await codeOf(verifyBackup(reading, join(path, "tables")))).toBe("BACKUP_NOT_FOUND");
    expect(await codeOf(verifyBackup(reading, join(path, "manifest.json")))).toBe("done");
    const text = await readFile(join(path, "manifest.json"), "utf8");
    await writeFile(join(path, "manifest.json"), text.replace('"format": 1', '"format": 2'));
    expect(await codeOf(verifyBackup(reading, path))).toBe("BACKUP_FORMAT_UNKNOWN");
  }, 60_000);
});

describe("makeBackup", () => {
  test.each([
    ["in a table", /tables\/saves/, 10],
    ["in a file", /assets\/users/, 2],
    ["in the manifest", /manifest\.json$/, 5],
  ] as const)(
    "says that the disk is full %s, and leaves nothing",
    async (_, path, afterBytes) => {
      const ctx = scene.library.app.createContext();
      const files = createFaultyFiles(ctx.ports.files);
      files.inject({ operation: "writeAtomic", path, error: "ENOSPC", afterBytes });
      const failing = { ...ctx, ports: { ...ctx.ports, files } };
      expect(await codeOf(makeBackup(failing, PLAIN))).toBe("STORAGE_FULL");
      expect(await readdir(ctx.facts.backups.folderPath)).toEqual([]);
      expect(await ctx.ports.kv.get(DELETION_LOCK)).toBeNull();
      expect(await readLastBackups(ctx.ports)).toMatchObject({ last: { isOk: false, code: "STORAGE_FULL" } });
    },
    60_000,
  );

  test("refuses to begin without the room it needs", async () => {
    const ctx = scene.library.app.createContext();
    const facts = { ...ctx.facts, backups: { ...ctx.facts.backups, minFreeBytes: 2 ** 60 } };
    expect(await codeOf(makeBackup({ ...ctx, facts }, PLAIN))).toBe("STORAGE_FULL");
    expect(await readdir(ctx.facts.backups.folderPath)).toEqual([]);
  }, 60_000);

  test("is refused when the disk gives back something else", async () => {
    const ctx = scene.library.app.createContext();
    const files = createFaultyFiles(ctx.ports.files);
    const lying = {
      ...files,
      openRead: async (path: string) => {
        const bytes = await ctx.ports.files.openRead(path);
        if (!path.includes(".partial/config/")) return bytes;
        await bytes.cancel();
        return new Blob(["not what was written"]).stream() as ReadableStream<Uint8Array>;
      },
    };
    const failing = { ...ctx, ports: { ...ctx.ports, files: lying } };
    expect(await codeOf(makeBackup(failing, PLAIN))).toBe("BACKUP_DAMAGED");
    expect(await readdir(ctx.facts.backups.folderPath)).toEqual([]);
  }, 60_000);

  test("removes what a killed one left, and touches nothing else", async () => {
    const folder = scene.library.app.facts.backups.folderPath;
    await mkdir(join(folder, "manual-20260101T000000Z.partial/tables"), { recursive: true });
    await mkdir(join(folder, "mine.partial"));
    const { name } = await make();
    expect((await readdir(folder)).toSorted()).toEqual([name, "mine.partial"].toSorted());
    expect(await listBackups(reading, folder)).toHaveLength(1);
  }, 60_000);

  test("goes where it is told, but not in the place of something", async () => {
    const folder = join(scene.library.app.basePath, "elsewhere");
    const made = await make({ outputPath: folder });
    expect(made.path).toBe(folder);
    const inside = await make({ outputPath: folder });
    expect(inside.path).toStartWith(`${folder}/manual-`);
    expect(await codeOf(make({ outputPath: join(folder, "manifest.json") }))).toBe("BACKUP_EXISTS");
    await rm(folder, { recursive: true });
  }, 60_000);

  test("waits for whoever removes files, and then holds them back", async () => {
    const ctx = scene.library.app.createContext();
    const cleanup = await ctx.ports.kv.lock(DELETION_LOCK, { ttlMs: 60_000 });
    const making = make();
    await cleanup?.release();
    expect(await codeOf(making)).toBe("done");
    expect(await ctx.ports.kv.get(DELETION_LOCK)).toBeNull();
  }, 60_000);
});

test("files of an account that is removed meanwhile stay until the backup has them", async () => {
  const { app } = scene.library;
  const ctx = app.createContext();
  const { body } = await scene.upload({}, { name: "stays.srm", bytes: "stays" });
  const [row] = await app.database.handle.sql<{ path: string; user_id: number }[]>`
    select stored_path as path, user_id from saves where id = ${body.id}`;
  const path = join(app.facts.assetsPath, row?.path ?? "");
  const hold = await ctx.ports.kv.lock(DELETION_LOCK, { ttlMs: 60_000 });
  await removeAccountFiles(ctx, row?.user_id ?? 0);
  await hold?.release();
  expect(await readFile(path, "utf8")).toBe("stays");
}, 60_000);

describe("startBackup", () => {
  test("tells how far it is; one runs at a time, and whoever started it may end it", async () => {
    const ctx = scene.library.app.createContext();
    const blocker = await ctx.ports.kv.lock(DELETION_LOCK, { ttlMs: 60_000 });
    const input = { outputPath: null, withResources: false, passphrase: null };
    const run = await startBackup.run(ctx, input);
    expect(run).toMatchObject({ status: "running", phase: "waiting" });
    expect(await codeOf(startBackup.run(ctx, input))).toBe("BACKUP_RUNNING");
    const cancelling = cancelBackup.run(ctx, { id: run.id });
    await blocker?.release();
    expect(await cancelling).toMatchObject({ status: "cancelled", backup: null });
    expect(await readdir(ctx.facts.backups.folderPath)).toEqual([]);
  }, 60_000);

  test("lets only the operator choose where it goes", async () => {
    const ctx = scene.library.app.createContext();
    const input = { outputPath: "/tmp/x", withResources: false, passphrase: null };
    expect(await codeOf(startBackup.run(ctx, input))).toBe("AUTH_OPERATOR_ONLY");
    const operator = scene.library.app.createContext(OPERATOR);
    expect(await codeOf(startBackup.run(operator, { ...input, outputPath: "x" }))).toBe(
      "BACKUP_OUTPUT_INVALID",
    );
  });
});

test("runNightlyBackup keeps as many as the operator wants, and those of others", async () => {
  const ctx = scene.library.app.createContext();
  const folder = ctx.facts.backups.folderPath;
  const kept = { ...ctx, facts: { ...ctx.facts, backups: { ...ctx.facts.backups, keptMax: 2 } } };
  await make();
  const made = [];
  for (let count = 0; count < 3; count += 1) made.push((await runNightlyBackup(kept)).name);
  const names = await readdir(folder);
  expect(names.filter((name) => name.startsWith("nightly")).toSorted()).toEqual(made.slice(1).toSorted());
  expect(names.filter((name) => name.startsWith("manual"))).toHaveLength(1);
  expect(await readLastBackups(ctx.ports)).toMatchObject({ last: { isOk: true }, good: { isOk: true } });
}, 60_000);
