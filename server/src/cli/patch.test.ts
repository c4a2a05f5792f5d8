import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { ascii } from "../ports/compute/patches/testing/apply.ts";
import { writeIps, writeUps } from "../ports/compute/patches/testing/writers.ts";
import { createRawZip } from "../ports/compute/testing/archives.ts";
import { CliError } from "./errors.ts";
import { failureOf, makeFolder, runJson, runOffline } from "./offline.testing.ts";

const [SOURCE, TARGET] = [ascii("ABCDEFGH"), ascii("AbCDEFgHIJ")];

let folder: Awaited<ReturnType<typeof makeFolder>>;
let rom = "";
let ips = "";
let ups = "";
beforeAll(async () => {
  folder = await makeFolder();
  rom = await store("in/Star Pilot (USA).gba", SOURCE);
  ips = await store("patches/fix.ips", writeIps(SOURCE, TARGET));
  ups = await store("patches/French.ups", writeUps(SOURCE, TARGET));
});
afterAll(() => folder.remove());

async function store(name: string, content: Uint8Array): Promise<string> {
  const path = join(folder.path, name);
  await Bun.write(path, content);
  return path;
}

/** A folder of one test's own. */
async function makeOut(name: string): Promise<string> {
  const path = join(folder.path, name);
  await mkdir(path);
  return path;
}

const textOf = async (path: string) => await readFile(path, "latin1");

describe("patch", () => {
  test("writes the patched rom beside the rom, and tells what it did", async () => {
    const own = await store("beside/Star Pilot (USA).gba", SOURCE);
    const path = join(folder.path, "beside", "Star Pilot (USA) (patched-French).gba");
    const { exitCode, out, err } = await runOffline(["patch", own, ups]);
    expect([exitCode, out, err]).toEqual([0, `${path}  10 bytes  ups, made for this rom\n`, ""]);
    expect([await textOf(path), await textOf(own)]).toEqual(["AbCDEFgHIJ", "ABCDEFGH"]);
    expect((await readdir(join(folder.path, "beside"))).length).toBe(2);
  });

  test.each([["-o"], ["--out"]])("writes what %s names: a file, or into a folder", async (option) => {
    const out = await makeOut(`out${option}`);
    const named = await runJson("patch", rom, ips, option, join(out, "hack.bin"));
    const expected = { format: "ips", check: "unknown", sizeBytes: 10, memberName: null };
    expect(named).toEqual({ exitCode: 0, json: { ...expected, path: join(out, "hack.bin") } });
    const inFolder = await runJson("patch", rom, ips, option, out);
    expect(inFolder.json).toEqual({ ...expected, path: join(out, "Star Pilot (USA) (patched-fix).gba") });
    expect(await textOf(join(out, "hack.bin"))).toBe("AbCDEFgHIJ");
  });

  test("says that the patch is for another rom, and applies it all the same", async () => {
    const other = await store("other/x.gba", ascii("XBCDEFGH"));
    const { exitCode, err } = await runOffline(["patch", other, ups]);
    expect([exitCode, err]).toEqual([0, "multitap: the patch was made for another rom\n"]);
    expect(await textOf(join(folder.path, "other", "x (patched-French).gba"))).toBe("XbCDEFgHIJ");
  });

  test("patches the only file of an archive", async () => {
    const zip = await store("zip/Game.zip", createRawZip([{ name: "a/game.sfc", content: SOURCE }]));
    const { json } = await runJson("patch", zip, ips);
    expect(json).toMatchObject({ memberName: "game.sfc" });
    expect(await textOf(join(folder.path, "zip", "Game (patched-fix).sfc"))).toBe("AbCDEFgHIJ");
  });

  test("replaces a file only when it is told to, and never one that it reads", async () => {
    const out = await store("taken/x.bin", ascii("kept"));
    const taken = [1, "FILES_EXISTS", `cannot write ${out}: it exists; --force replaces it`] as const;
    expect(await failureOf("patch", rom, ips, "-o", out)).toEqual(taken);
    expect(await textOf(out)).toBe("kept");
    expect((await runJson("patch", rom, ips, "-o", out, "--force")).exitCode).toBe(0);
    expect(await textOf(out)).toBe("AbCDEFgHIJ");
    const read = `cannot write ${rom}: it is the file that is read`;
    expect(await failureOf("patch", rom, ips, "-o", rom, "--force")).toEqual([1, "FILES_EXISTS", read]);
    expect(await textOf(rom)).toBe("ABCDEFGH");
  });

  test("leaves nothing when it fails, and says why", async () => {
    const out = await makeOut("failed");
    const to = ["-o", join(out, "x")] as const;
    const cut = await store("patches/cut.ips", (await readFile(ips)).subarray(0, 7));
    expect((await failureOf("patch", rom, cut, ...to)).slice(0, 2)).toEqual([1, "PATCH_DAMAGED"]);
    expect((await failureOf("patch", rom, rom, ...to)).slice(0, 2)).toEqual([1, "PATCH_UNSUPPORTED"]);
    const absent = join(folder.path, "absent");
    expect((await failureOf("patch", absent, ips, ...to)).slice(0, 2)).toEqual([1, "FILES_NOT_FOUND"]);
    expect((await failureOf("patch", rom, absent, ...to)).slice(0, 2)).toEqual([1, "PATCH_FILE_UNREADABLE"]);
    const nowhere = await failureOf("patch", rom, ips, "-o", join(absent, "x"));
    expect(nowhere.slice(0, 2)).toEqual([1, "FILES_NOT_FOUND"]);
    expect(await failureOf("patch", rom)).toEqual([
      64,
      "CLI_USAGE",
      "patch: PATCH is missing. See multitap patch --help",
    ]);
    expect(await readdir(out)).toEqual([]);
  });

  test("stops in the middle when it is interrupted, and leaves nothing", async () => {
    const long = await store("long/long.bin", new Uint8Array(0));
    await truncate(long, 2 ** 30);
    const leaving = new AbortController();
    const running = runOffline(["patch", long, ips], leaving.signal);
    await Bun.sleep(60);
    leaving.abort(new CliError("CLI_INTERRUPTED", "ended by SIGTERM", { exitCode: 143 }));
    const { exitCode, err } = await running;
    expect([exitCode, err]).toEqual([143, "multitap: ended by SIGTERM (CLI_INTERRUPTED)\n"]);
    expect(await readdir(join(folder.path, "long"))).toEqual(["long.bin"]);
    await rm(long);
  });

  test("shows its short option in the help", async () => {
    const { out } = await runOffline(["patch", "--help"]);
    expect(out).toContain("Usage: multitap patch ROM PATCH [options]");
    expect(out).toContain("-o, --out FILE");
  });
});
