import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
