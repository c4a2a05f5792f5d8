import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "../../base/context.ts";
import { createDiskFiles } from "../../ports/files/disk.ts";
import { KNOWN_BIOS_BYTES_MAX } from "../limits.ts";
import { readKnownBios } from "./service.ts";

let basePath = "";
let warnings: string[] = [];
let reads = 0;

beforeAll(async () => {
  basePath = await mkdtemp(join(tmpdir(), "multitap-known-bios-"));
  await mkdir(join(basePath, "config"));
});
afterAll(() => rm(basePath, { recursive: true, force: true }));
beforeEach(async () => {
  warnings = [];
  reads = 0;
  await rm(join(basePath, "config/known-bios.json"), { recursive: true, force: true });
});

/** Only these are used by what is under test; the use of any other port fails loudly. */
function openContext() {
  const disk = createDiskFiles();
  const readText: typeof disk.readText = (path, options) => {
    reads += 1;
    return disk.readText(path, options);
  };
  const log = {
    warn: (_message: string, { problem }: { problem: string }) => void warnings.push(problem),
  };
  return { ports: { files: { ...disk, readText }, log }, facts: { basePath } } as unknown as Context;
}

const write = (text: string) => writeFile(join(basePath, "config/known-bios.json"), text);

describe("readKnownBios", () => {
  test("is empty without a file, and says nothing of it", async () => {
    expect((await readKnownBios(openContext())).size).toBe(0);
    expect([warnings, reads]).toEqual([[], 0]);
  });

  test("is read once, and again after a change", async () => {
    const ctx = openContext();
    await write('{"gba:a.bin": {"size": 1}}');
    expect([...(await readKnownBios(ctx)).keys()]).toEqual(["gba:a.bin"]);
    await readKnownBios(ctx);
    expect(reads).toBe(1);
    await write('{"gba:a.bin": {"size": 1}, "gba:b.bin": {}}');
    expect((await readKnownBios(ctx)).size).toBe(2);
    await rm(join(basePath, "config/known-bios.json"));
    expect((await readKnownBios(ctx)).size).toBe(0);
  });

  test("counts as none while it is broken, told once per version", async () => {
    const ctx = openContext();
    await write('{"gba:a.bin": {"size": 1}}');
    await readKnownBios(ctx);
    await write('{"gba:a.bin": {"size": 1}');
    for (let round = 0; round < 3; round += 1) expect((await readKnownBios(ctx)).size).toBe(0);
    expect(warnings).toEqual(["it is not a JSON object"]);
    await write('{"gba:a.bin": {"size": "lots"}}');
    await readKnownBios(ctx);
    expect(warnings).toHaveLength(2);
  });

  test("counts as none when it is a folder, no text, or too large", async () => {
    const ctx = openContext();
    const path = join(basePath, "config/known-bios.json");
    await mkdir(path);
    expect((await readKnownBios(ctx)).size).toBe(0);
    await rm(path, { recursive: true });
    await writeFile(path, new Uint8Array([0xff, 0xfe, 0x00]));
    expect((await readKnownBios(ctx)).size).toBe(0);
    await write(" ".repeat(KNOWN_BIOS_BYTES_MAX + 1));
    expect((await readKnownBios(ctx)).size).toBe(0);
    expect(warnings).toHaveLength(3);
  });
});
