import { afterEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DbError } from "@multitap/db/errors";
import { readConfig } from "../../app/config.ts";
import { createLog } from "../../ports/log/pino.ts";
import { formatFindings } from "../doctor.ts";
import { backupCheck } from "./backups.ts";
import { type Check, type CheckScene, finding, runCheck } from "./check.ts";
import { databaseCheck } from "./database.ts";
import { baseFolderCheck, configFileCheck, libraryCheck, ownFoldersCheck } from "./folders.ts";
import { portCheck } from "./services.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A base folder that holds these files; a name that ends with a slash is a folder. */
async function open(
  paths: readonly string[] = [],
  environment: Record<string, string> = {},
): Promise<CheckScene> {
  const basePath = await mkdtemp(join(tmpdir(), "multitap-doctor-"));
  folders.push(basePath);
  for (const path of paths) {
    const full = join(basePath, path);
    await mkdir(path.endsWith("/") ? full : join(full, ".."), { recursive: true });
    if (!path.endsWith("/")) await writeFile(full, "not: [really");
  }
  const config = readConfig({ ROMM_BASE_PATH: basePath, ...environment }, { defaultBasePath: basePath });
  return {
    config,
    log: createLog({ level: "error", format: "text", write: () => undefined }),
    running: null,
  };
}

const summarise = async (check: Check, scene: CheckScene) =>
  (await runCheck(check, scene, 5_000)).map(({ name, status, code }) => [name, status, code]);

describe("doctor", () => {
  const table: [string, Check, readonly string[], readonly (readonly unknown[])[]][] = [
    ["an empty base folder", baseFolderCheck, [], [["base folder", "ok", null]]],
    ["folders that are not there yet", ownFoldersCheck, [], [["folders", "ok", null]]],
    ["a file where a folder belongs", ownFoldersCheck, ["assets"], [["assets", "fail", "E_BASE_PATH"]]],
    ["secrets that others may read", ownFoldersCheck, ["secrets/"], [["secrets", "warn", null]]],
    ["no library", libraryCheck, [], [["library", "warn", null]]],
    ["an empty library", libraryCheck, ["library/"], [["library", "warn", null]]],
    ["a library in structure A", libraryCheck, ["library/roms/gb/"], [["library", "ok", null]]],
    ["a library in structure B", libraryCheck, ["library/gb/roms/"], [["library", "ok", null]]],
    ["a file for a library", libraryCheck, ["library"], [["library", "fail", "E_BASE_PATH"]]],
    ["no config.yml", configFileCheck, [], [["config.yml", "ok", null]]],
    ["a damaged config.yml", configFileCheck, ["config/config.yml"], [["config.yml", "warn", null]]],
    [
      "a folder for a config.yml",
      configFileCheck,
      ["config/config.yml/"],
      [["config.yml", "fail", "E_CONFIG"]],
    ],
    ["no backup yet", backupCheck, ["backups/"], [["backups", "ok", null]]],
    ["no database yet", databaseCheck, ["postgres/"], [["database", "ok", null]]],
    ["a damaged cluster", databaseCheck, ["postgres/18/PG_VERSION"], [["database", "fail", "E_PG_START"]]],
  ];
  test.each(table)("judges %s", async (_, check, paths, expected) => {
    const found = await summarise(check, await open(paths));
    expect(found).toEqual(expected as typeof found);
  });

  test("says that a base folder can be made, or why it cannot", async () => {
    const scene = await open(["a file"]);
    const at = (basePath: string) => ({ ...scene, config: { ...scene.config, basePath } });
    const { basePath } = scene.config;
    expect(await summarise(baseFolderCheck, at(join(basePath, "x/y")))).toEqual([
      ["base folder", "warn", null],
    ]);
    const onFile = await summarise(baseFolderCheck, at(join(basePath, "a file")));
    expect(onFile).toEqual([["base folder", "fail", "E_BASE_PATH"]]);
  });

  test("warns of too little free space", async () => {
    const scene = await open([], { MULTITAP_MIN_FREE: "1099511627776" });
    expect(await summarise(baseFolderCheck, scene)).toEqual([["base folder", "warn", "STORAGE_FULL"]]);
  });

  test("tells a port that another program uses", async () => {
    const other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
    const scene = await open([], { ROMM_HOST: "127.0.0.1", ROMM_PORT: String(other.port) });
    expect(await summarise(portCheck, scene)).toEqual([["port", "fail", "E_PORT"]]);
    other.stop(true);
    expect(await summarise(portCheck, scene)).toEqual([["port", "ok", null]]);
  });
});

describe("runCheck", () => {
  const check = (run: Check["run"]): Check => ({ name: "it", run });

  test("turns a refusal into a finding with its code", async () => {
    const scene = await open();
    const locked = check(() => Promise.reject(new DbError("E_DATA_LOCKED", "in use by box.")));
    expect(await runCheck(locked, scene)).toEqual([
      { name: "it", status: "fail", message: "in use by box.", code: "E_DATA_LOCKED" },
    ]);
  });

  test("does not wait for ever", async () => {
    const scene = await open();
    const hanging = check(() => new Promise(() => undefined));
    expect(await runCheck(hanging, scene, 10)).toMatchObject([
      { status: "fail", message: "no answer within 0.01 s" },
    ]);
  });
});

test("formatFindings aligns the columns and shows codes", () => {
  const findings = [
    finding("base folder", { status: "ok", message: "/romm" }),
    finding("port", { status: "fail", message: "in use", code: "E_PORT" }),
  ];
  expect(formatFindings(findings)).toEqual([
    "ok    base folder  /romm",
    "fail  port         in use (E_PORT)",
  ]);
});
