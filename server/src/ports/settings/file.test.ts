import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseLibraryConfig } from "../../base/library-config.ts";
import { createDiskFiles } from "../files/disk.ts";
import { createLog } from "../log/pino.ts";
import { createFileSettings } from "./file.ts";
import type { Settings } from "./port.ts";

let folder: string;
let path: string;
let lines: string[];
let settings: Settings;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "multitap-settings-"));
  path = join(folder, "config.yml");
  lines = [];
  const log = createLog({ level: "warn", format: "json", write: (line) => lines.push(line) });
  settings = createFileSettings({ path, files: createDiskFiles(), log, recheckMs: 0 });
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

let clock = Date.now();
async function write(text: string): Promise<void> {
  await writeFile(path, text);
  clock += 2_000;
  await utimes(path, clock / 1000, clock / 1000);
}

describe("createFileSettings", () => {
  test("answers the defaults while there is no file", async () => {
    expect((await settings.read()).romsFolder).toBe("roms");
    expect(await settings.problem()).toBeNull();
  });

  test("takes a change over while running", async () => {
    await write("filesystem:\n  roms_folder: games\n");
    expect((await settings.read()).romsFolder).toBe("games");
    await write("filesystem:\n  roms_folder: spiele\n");
    expect((await settings.read()).romsFolder).toBe("spiele");
  });

  test("falls back per key, says what is wrong once, and recovers", async () => {
    await write("filesystem:\n  roms_folder: [1]\n  firmware_folder: fw\n");
    expect(await settings.read()).toMatchObject({ romsFolder: "roms", firmwareFolder: "fw" });
    expect(await settings.problem()).toContain("roms_folder");
    await settings.read();
    expect(lines).toHaveLength(1);
    await write("filesystem:\n  roms_folder: games\n");
    expect(await settings.problem()).toBeNull();
  });

  test("keeps what it read last when the file cannot be read any more", async () => {
    await write("filesystem:\n  roms_folder: games\n");
    await settings.read();
    await writeFile(path, new Uint8Array([0xff, 0xfe, 0xfd]));
    expect((await settings.read()).romsFolder).toBe("games");
    expect(await settings.problem()).not.toBeNull();
  });
});

describe("change", () => {
  const bind = (fsSlug: string, slug: string) => () =>
    [{ kind: "set", path: ["system", "platforms", fsSlug], value: slug }] as const;

  test("counts at once, however long a look at the file is believed", async () => {
    const log = createLog({ level: "error", format: "json" });
    const own = createFileSettings({ path, files: createDiskFiles(), log, recheckMs: 60_000 });
    expect((await own.read()).platformsBinding.size).toBe(0);
    await own.change(bind("a", "nes"));
    expect((await own.read()).platformsBinding.get("a")).toBe("nes");
    await own.change((config) => (config.platformsBinding.has("a") ? bind("a", "gba")() : []));
    expect((await own.read()).platformsBinding.get("a")).toBe("gba");
  });

  test("is seen by another process of the same length and moment", async () => {
    await settings.change(bind("a", "nes"));
    const { mtime } = await stat(path);
    expect((await settings.read()).platformsBinding.get("a")).toBe("nes");
    const log = createLog({ level: "error", format: "json" });
    await createFileSettings({ path, files: createDiskFiles(), log }).change(bind("a", "gba"));
    await utimes(path, mtime, mtime);
    expect((await settings.read()).platformsBinding.get("a")).toBe("gba");
  });

  test("keeps the rights of the file and leaves nothing beside it", async () => {
    await writeFile(path, "a: 1\n", { mode: 0o640 });
    await settings.change(bind("a", "nes"));
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(await readdir(folder)).toEqual(["config.yml"]);
    expect(await settings.file()).toEqual({ isMounted: true, isWritable: true });
  });

  test("leaves the old or the new file when the process is killed", async () => {
    await writeFile(path, "# kept\n");
    for (const waitMs of [5, 60, 140]) {
      const fixture = new URL("doomed-changer.fixture.ts", import.meta.url).pathname;
      const changer = Bun.spawn([process.execPath, fixture, path], { stdin: "pipe", stdout: "pipe" });
      const { value } = await changer.stdout.getReader().read();
      expect(new TextDecoder().decode(value)).toContain("ready");
      await Bun.sleep(waitMs);
      changer.kill("SIGKILL");
      await changer.exited;
      const text = await readFile(path, "utf8");
      expect(text.startsWith("# kept\n")).toBe(true);
      expect(parseLibraryConfig(text).problem).toBeNull();
    }
    expect((await settings.read()).platformsBinding.size).toBeGreaterThan(0);
  }, 20_000);
});
