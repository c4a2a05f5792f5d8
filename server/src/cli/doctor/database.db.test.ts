import { afterEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatTarget } from "@multitap/db";
import { createTestDatabase, type TestDatabase } from "@multitap/db/testing";
import { readConfig } from "../../app/config.ts";
import { parseLibraryConfig } from "../../base/library-config.ts";
import { ensurePlatform } from "../../platforms/service.ts";
import { createLog } from "../../ports/log/pino.ts";
import { addDiscoveredRoms } from "../../roms/discovery/service.ts";
import { type CheckScene, type Finding, runCheck } from "./check.ts";
import { databaseCheck } from "./database.ts";
import { redisCheck } from "./services.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function open(environment: Record<string, string>): Promise<CheckScene> {
  const basePath = await mkdtemp(join(tmpdir(), "multitap-doctor-"));
  folders.push(basePath);
  const config = readConfig({ ROMM_BASE_PATH: basePath, ...environment }, { defaultBasePath: basePath });
  return {
    config,
    log: createLog({ level: "error", format: "text", write: () => undefined }),
    running: null,
  };
}

const summarise = (findings: readonly Finding[]) =>
  findings.map(({ name, status, code }) => [name, status, code]);

describe("the database check", () => {
  test("refuses a cluster of another major version with the code of a start, and makes none", async () => {
    const scene = await open({});
    const folder = join(scene.config.basePath, "postgres");
    await mkdir(join(folder, "17"), { recursive: true });
    await writeFile(join(folder, "17", "PG_VERSION"), "17\n");
    expect(summarise(await runCheck(databaseCheck, scene))).toEqual([["database", "fail", "E_PG_MAJOR"]]);
    expect(await readdir(folder)).not.toContain("18");
  }, 20_000);

  test("tells version, schema and games of an external database", async () => {
    const database = await createTestDatabase();
    try {
      const found = await checkGames({ DATABASE_URL: formatTarget(database.target) }, database);
      expect(summarise(found)).toEqual([
        ["database", "ok", null],
        ["schema", "ok", null],
        // Games are known, and the library folder is empty.
        ["games", "fail", "E_LIBRARY_MISSING"],
      ]);
      expect(found[2]?.message).toStartWith("1 games on 1 platforms are known");
    } finally {
      await database.drop();
    }
  }, 20_000);

  test("tells a Redis and a database that do not answer, without their passwords", async () => {
    const scene = await open({
      REDIS_URL: "redis://me:topsecret@127.0.0.1:1/0",
      DATABASE_URL: "postgres://me:topsecret@127.0.0.1:1/games",
    });
    const found = [...(await runCheck(redisCheck, scene)), ...(await runCheck(databaseCheck, scene))];
    expect(summarise(found)).toEqual([
      ["redis", "fail", "E_REDIS"],
      ["database", "fail", "E_DB_CONNECT"],
    ]);
    expect(JSON.stringify(found)).not.toContain("topsecret");
  }, 20_000);
});

async function checkGames(
  environment: Record<string, string>,
  { handle: { db } }: TestDatabase,
): Promise<readonly Finding[]> {
  const { id: platformId } = await ensurePlatform(db, "gb", parseLibraryConfig("").config);
  const file = { fileName: "a.gb", filePath: "roms/gb", sizeBytes: 1, modifiedAtMs: 0, category: null };
  const rom = { fsName: "a.gb", fsPath: "roms/gb", isFolder: false, sizeBytes: 1, files: [file] };
  await addDiscoveredRoms(db, [rom], { platformId, isHashed: true });
  return await runCheck(databaseCheck, await open(environment));
}
