import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { endCli, makeBase, runCli } from "./cli.testing.ts";

/** A first start of the database takes seconds, and every command here starts it again. */
const TEST_MAX_MS = 90_000;

let basePath = "";
beforeAll(async () => {
  basePath = await makeBase();
  await runCli(["scan"], { basePath });
}, TEST_MAX_MS);
afterAll(endCli, TEST_MAX_MS);

describe("export", () => {
  test(
    "writes lists for programs on the same disk",
    async () => {
      const gamelist = await runCli(["export", "gamelist", "--platform", "nes", "--json"], { basePath });
      expect([gamelist.exitCode, gamelist.err]).toEqual([0, ""]);
      expect(JSON.parse(gamelist.out)).toMatchObject({ written: [{ path: "roms/nes/gamelist.xml" }] });
      const text = await readFile(join(basePath, "library", "roms", "nes", "gamelist.xml"), "utf8");
      expect(text).toContain("    <path>./");
      const pegasus = await runCli(["export", "pegasus"], { basePath });
      expect(pegasus.exitCode).toBe(0);
      const lines = pegasus.out.trimEnd().split("\n");
      expect(lines).toHaveLength(3);
      expect(lines).toContain("Wrote roms/nes/metadata.pegasus.txt");
    },
    TEST_MAX_MS,
  );

  test(
    "refuses a platform that is not there",
    async () => {
      const end = await runCli(["export", "gamelist", "--platform", "nowhere"], { basePath });
      expect([end.exitCode, end.out]).toEqual([1, ""]);
      expect(end.err).toContain('the library has no platform "nowhere" (CLI_PLATFORM_UNKNOWN)');
    },
    TEST_MAX_MS,
  );
});
