import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepSecretKey, prepareBaseFolder } from "./base-folder.ts";

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "multitap-base-"));
});
afterEach(async () => {
  await rm(base, { recursive: true, force: true });
});

const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
const codeOf = (run: Promise<unknown>) =>
  run.then(
    () => null,
    (error) => error.code,
  );

describe("prepareBaseFolder", () => {
  test("makes our folders, keeps secrets private, and may be repeated", async () => {
    const nested = join(base, "a", "b");
    await prepareBaseFolder(nested);
    await prepareBaseFolder(nested);
    expect(await modeOf(join(nested, "secrets"))).toBe(0o700);
    expect((await stat(join(nested, "library"))).isDirectory()).toBe(true);
  });
  test("refuses a base path that is a file", async () => {
    await writeFile(join(base, "file"), "");
    expect(await codeOf(prepareBaseFolder(join(base, "file")))).toBe("E_BASE_PATH");
  });
  test("refuses a config.yml that became a folder, as a mistaken mount makes it", async () => {
    await mkdir(join(base, "config", "config.yml"), { recursive: true });
    expect(await codeOf(prepareBaseFolder(base))).toBe("E_CONFIG");
  });
});

describe("keepSecretKey", () => {
  test("keeps the same key over starts, readable by us alone", async () => {
    await prepareBaseFolder(base);
    const first = await keepSecretKey(base);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await keepSecretKey(base)).toBe(first);
    expect(await modeOf(join(base, "secrets", "auth-secret-key"))).toBe(0o600);
    expect(await readFile(join(base, "secrets", "auth-secret-key"), "utf8")).toBe(`${first}\n`);
  });
  test("refuses to start over a key it cannot read", async () => {
    await prepareBaseFolder(base);
    await mkdir(join(base, "secrets", "auth-secret-key"));
    expect(await codeOf(keepSecretKey(base))).toBe("E_BASE_PATH");
  });
});
