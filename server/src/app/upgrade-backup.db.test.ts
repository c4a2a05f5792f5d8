import { afterEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createOlderDatabase, createTestDatabase, type TestDatabase } from "@multitap/db/testing";
import { verifyBackup } from "../backup/reading/service.ts";
import { createDiskFiles } from "../ports/files/disk.ts";
import { createLog } from "../ports/log/pino.ts";
import { prepareBaseFolder } from "./base-folder.ts";
import { type Config, readConfig } from "./config.ts";
import type { OurDatabase } from "./database.ts";
import { answerPhase, createLifecycle } from "./lifecycle.ts";
import { findUpgradeBackup, saveBeforeUpgrade } from "./upgrade-backup.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const LEVEL = 10;

interface Scene {
  readonly config: Config;
  readonly lines: string[];
  readonly names: () => Promise<readonly string[]>;
  save(): Promise<unknown>;
}

async function open(
  database: TestDatabase,
  { isEmbedded = true, environment = {} }: { isEmbedded?: boolean; environment?: Record<string, string> },
): Promise<Scene> {
  const basePath = await mkdtemp(join(tmpdir(), "multitap-upgrade-"));
  closers.push(
    () => database.drop(),
    () => rm(basePath, { recursive: true, force: true }),
  );
  await prepareBaseFolder(basePath);
  const settings = { ROMM_BASE_PATH: basePath, MULTITAP_MIN_FREE: "0", ...environment };
  const config = readConfig(settings, { defaultBasePath: basePath });
  const lines: string[] = [];
  const log = createLog({ level: "info", format: "text", write: (line) => lines.push(line) });
  const lifecycle = createLifecycle();
  const ours: OurDatabase = {
    handle: database.handle,
    description: "",
    isEmbedded,
    close: async () => undefined,
  };
  return {
    config,
    lines,
    names: () => readdir(join(basePath, "backups")),
    async save() {
      await saveBeforeUpgrade(ours, config, { log, lifecycle });
      return await answerPhase(lifecycle.phase)?.json();
    },
  };
}

describe("saveBeforeUpgrade", () => {
  test("saves what pending migrations would change, and files of users as one with those in use", async () => {
    const scene = await open(await createOlderDatabase(LEVEL), {});
    const { basePath } = scene.config;
    const picture = join(basePath, "assets/users/x/profile/avatar.png");
    await mkdir(join(picture, ".."), { recursive: true });
    await writeFile(picture, "a picture");
    expect(await scene.save()).toEqual({ detail: "saving everything before an upgrade" });
    const [name = ""] = await scene.names();
    expect(name).toMatch(new RegExp(`^pre-${LEVEL}-\\d+-\\d{8}T\\d{6}Z$`));
    const path = join(basePath, "backups", name);
    const found = await verifyBackup(
      { files: createDiskFiles(), signal: new AbortController().signal },
      path,
    );
    expect(found.manifest.database.level).toBe(LEVEL);
    expect(await findUpgradeBackup(scene.config)).toBe(path);
    // A picture of an account may be replaced in its place, so it has to be a copy.
    expect((await stat(join(path, "assets/users/x/profile/avatar.png"))).ino).not.toBe(
      (await stat(picture)).ino,
    );
  }, 60_000);

  test("does nothing for a database that is new, or up to date", async () => {
    const empty = await createTestDatabase();
    await empty.handle.sql`drop schema public cascade`;
    await empty.handle.sql`create schema public`;
    for (const database of [empty, await createTestDatabase()]) {
      const scene = await open(database, {});
      await scene.save();
      expect([await scene.names(), scene.lines]).toEqual([[], []]);
    }
  }, 60_000);

  test("only warns where the database is the operator's own, or the operator wants none", async () => {
    const external = await open(await createOlderDatabase(LEVEL), { isEmbedded: false });
    await external.save();
    expect(await external.names()).toEqual([]);
    expect(external.lines[0]).toContain("`multitap backup`");
    const environment = { MULTITAP_SKIP_UPGRADE_BACKUP: "1" };
    const skipped = await open(await createOlderDatabase(LEVEL), { environment });
    await skipped.save();
    expect(await skipped.names()).toEqual([]);
    expect(skipped.lines[0]).toContain("MULTITAP_SKIP_UPGRADE_BACKUP");
  }, 60_000);

  test("stops the upgrade when it fails, and says how to go on", async () => {
    const environment = { MULTITAP_MIN_FREE: "1099511627776" };
    const scene = await open(await createOlderDatabase(LEVEL), { environment });
    await expect(scene.save()).rejects.toMatchObject({ code: "E_BACKUP", exitCode: 1 });
    await expect(scene.save()).rejects.toThrow("MULTITAP_SKIP_UPGRADE_BACKUP=1");
    expect(await scene.names()).toEqual([]);
  }, 60_000);

  test("keeps those of the last three versions", async () => {
    const scene = await open(await createOlderDatabase(LEVEL), {});
    const folder = join(scene.config.basePath, "backups");
    for (const from of [5, 6, 7, 8])
      await mkdir(join(folder, `pre-${from}-${from + 1}-20250${from}01T000000Z`));
    await scene.save();
    const levels = (await scene.names()).map((name) => Number(name.split("-")[1])).toSorted((a, b) => a - b);
    expect(levels).toEqual([7, 8, 10]);
  }, 60_000);
});
