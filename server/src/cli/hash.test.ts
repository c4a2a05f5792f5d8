import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdir, rename, truncate } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { ensureBuilt } from "@multitap/native/build";
import { CliError } from "./errors.ts";
import { failureOf, getVector, makeFolder, runJson, runOffline } from "./offline.testing.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  await ensureBuilt();
  folder = await makeFolder();
}, 60_000);
afterAll(() => folder.remove());

const digest = (name: string, bytes: Uint8Array) => createHash(name).update(bytes).digest("hex");
const digestsOf = (bytes: Uint8Array) => ({
  crc32: crc32(bytes).toString(16).padStart(8, "0"),
  md5: digest("md5", bytes),
  sha1: digest("sha1", bytes),
});

async function store(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder.path, name);
  await Bun.write(path, content);
  return path;
}

/** A ZIP of stored members. */
function zipOf(members: readonly (readonly [name: string, bytes: Uint8Array])[]): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of members) {
    const head = Buffer.alloc(26);
    head.writeUInt16LE(20, 0);
    head.writeUInt32LE(crc32(bytes), 10);
    head.writeUInt32LE(bytes.length, 14);
    head.writeUInt32LE(bytes.length, 18);
    head.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(46);
    entry.write("PK\u0001\u0002\u0014\0", "latin1");
    head.copy(entry, 6);
    entry.writeUInt32LE(at, 42);
    const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), head, Buffer.from(name), bytes]);
    parts.push(local);
    directory.push(entry, Buffer.from(name));
    at += local.length;
  }
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", "latin1");
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

const noise = (sizeBytes: number) =>
  new Uint8Array(sizeBytes).map((_, index) => (index * 167) ^ (index >> 8));

describe("hash", () => {
  test.each([
    ["cd-psx-default", 12, "psx"],
    ["cd-sat-2448", 39, "saturn"],
    ["gd-default", 40, "dc"],
    ["dvd-psp-zstd", 41, "psp"],
    ["v3-cd-chtr", 12, "psx"],
    ["v4-cd-cht2", 12, "psx"],
  ])("gives the digests of a CHD's own bytes and the disc's hash: %s", async (id, consoleId, platform) => {
    const { path, ra = {} } = await getVector(id);
    const digests = digestsOf(await Bun.file(path).bytes());
    const expected = { ...digests, ra: ra[consoleId]?.hash ?? "missing", raConsoleId: consoleId };
    const byConsole = await runJson("hash", path, "--ra-console", String(consoleId));
    expect(byConsole).toEqual({ exitCode: 0, json: expected });
    expect(Object.keys(byConsole.json)).toEqual(["crc32", "md5", "sha1", "ra", "raConsoleId"]);
    expect(await runJson("hash", "--platform", platform, path)).toEqual(byConsole);
  });

  test.each([0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_500_001])(
    "reads a file of %d bytes to its end",
    async (sizeBytes) => {
      const bytes = noise(sizeBytes);
      const path = await store(`noise-${sizeBytes}.gb`, bytes);
      const digests = digestsOf(bytes);
      expect((await runJson("hash", path)).json).toEqual({ ...digests, ra: digests.md5, raConsoleId: 4 });
    },
  );

  test("guesses the console where none is given, and says so", async () => {
    const { path, ra = {} } = await getVector("cd-psx-default");
    expect((await runJson("hash", path)).json).toMatchObject({ ra: ra[12]?.hash ?? "", raConsoleId: 12 });
    const { out } = await runOffline(["hash", path]);
    expect(out).toEndWith(`ra     ${ra[12]?.hash} (PlayStation, console 12, guessed)\n`);
  });

  test.each([
    ["cd-sat-2448", "bin_cue", "cue", { consoleId: 39, track: 1 }],
    ["gd-default", "gdi", "gdi", { consoleId: 40, track: 3 }],
  ])(
    "reads the files beside a sheet, in any case: %s as %s",
    async (id, format, extension, { consoleId, track }) => {
      const { path, ra = {} } = await getVector(id);
      const to = join(folder.path, `sheet-${id}`);
      const { json } = await runJson("chd", "extract", path, "--to", to, "--format", format);
      const name = (json.files as readonly { name: string }[])[track - 1]?.name ?? "";
      await rename(join(to, name), join(to, name.toUpperCase()));
      const sheet = join(to, `${id}.${extension}`);
      const hashed = await runJson("hash", sheet, "--ra-console", String(consoleId));
      const digests = digestsOf(await Bun.file(sheet).bytes());
      expect(hashed.json).toEqual({ ...digests, ra: ra[consoleId]?.hash ?? "", raConsoleId: consoleId });
      const playlist = await store(`${id}.m3u`, `# a disc\nsheet-${id}/${id}.${extension}\n`);
      expect((await runJson("hash", playlist)).json).toMatchObject({ ra: ra[consoleId]?.hash ?? "" });
      await rename(join(to, name.toUpperCase()), join(to, "gone"));
      const { exitCode, out } = await runOffline(["hash", sheet, "--ra-console", String(consoleId)]);
      expect([exitCode, out]).toEqual([0, expect.stringContaining("is missing (")]);
    },
  );

  test("hashes the largest member of a ZIP for RetroAchievements", async () => {
    const rom = noise(2048);
    const zip = zipOf([
      ["readme.txt", noise(10)],
      ["game.gb", rom],
    ]);
    const path = await store("game.zip", zip);
    const expected = { ...digestsOf(zip), ra: digest("md5", rom), raConsoleId: 4 };
    expect((await runJson("hash", path, "--platform=gb")).json).toEqual(expected);
  });

  test("takes an arcade game's name, and that of a system's folder above it", async () => {
    await mkdir(join(folder.path, "coleco"), { recursive: true });
    const path = await store("coleco/frogger.zip", "x");
    const expected = digest("md5", Buffer.from("coleco_frogger"));
    expect((await runJson("hash", path, "--platform=arcade")).json).toMatchObject({ ra: expected });
  });

  test.each([
    [["--ra-console", "12"], "noise.chd", 12, "does not begin as a CHD does"],
    [["--ra-console", "9999"], "noise.chd", 9999, "has no hash"],
    [["--platform", "amiga"], "noise.chd", null, "RetroAchievements has no hash for Amiga"],
    [[], "noise.chd", null, "does not begin as a CHD does"],
    [[], "noise.iso", null, "no console was detected, tried consoles 21, 41"],
    [[], "empty.m3u", null, "its content names no game"],
  ])("says why there is no RetroAchievements hash: %j of %s", async (options, name, raConsoleId, reason) => {
    const path = await store(name, name.startsWith("empty") ? "" : noise(5000));
    const { exitCode, json } = await runJson("hash", path, ...options);
    const { ra, sha1 } = json;
    expect({ exitCode, ra, found: json.raConsoleId }).toEqual({ exitCode: 0, ra: null, found: raConsoleId });
    const { out } = await runOffline(["hash", path, ...options]);
    expect(out).toContain(`\nsha1   ${sha1}\nra     none: `);
    expect(out).toContain(reason);
  });

  test.each([
    [[], "FILE is missing"],
    [["a", "b"], 'unexpected argument "b"'],
    [["a", "--ra-console", "12", "--platform", "psx"], "--platform and --ra-console exclude each other"],
    [["a", "--ra-console", "0"], '--ra-console is "0"; accepted: a whole number from 1 to 9999'],
    [["a", "--ra-console", "1e3"], '--ra-console is "1e3"; accepted: a whole number from 1 to 9999'],
    [["a", "--platform", "PSX"], '--platform is "PSX"; accepted: the slug of a platform, such as snes'],
  ])("refuses %j as not understood", async (argv, what) => {
    const message = `hash: ${what}. See multitap hash --help`;
    expect(await failureOf("hash", ...argv)).toEqual([64, "CLI_USAGE", message]);
  });

  test("names what is no readable file", async () => {
    const absent = join(folder.path, "absent.gb");
    const found = await failureOf("hash", absent);
    expect(found).toEqual([1, "FILES_NOT_FOUND", `cannot read ${absent}: there is nothing`]);
    const message = `cannot read ${folder.path}: it is a folder, not a file`;
    expect(await failureOf("hash", folder.path)).toEqual([1, "FILES_WRONG_KIND", message]);
    const pipe = join(folder.path, "pipe");
    expect(Bun.spawnSync(["mkfifo", pipe]).exitCode).toBe(0);
    expect((await failureOf("hash", pipe)).slice(0, 2)).toEqual([1, "FILES_WRONG_KIND"]);
  });

  test("shows no control characters of a sheet on the terminal", async () => {
    const sheet = 'FILE "\u001b[2J.bin" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n';
    const { out } = await runOffline(["hash", await store("steer.cue", sheet), "--ra-console", "12"]);
    expect(out).toContain("/?[2J.bin is missing (PlayStation");
  });

  test("stops in the middle when it is interrupted", async () => {
    const path = await store("long.bin", "");
    await truncate(path, 2 ** 36);
    const leaving = new AbortController();
    const running = runOffline(["hash", path], leaving.signal);
    await Bun.sleep(50);
    leaving.abort(new CliError("CLI_INTERRUPTED", "ended by SIGTERM", { exitCode: 143 }));
    const end = { exitCode: 143, out: "", err: "multitap: ended by SIGTERM (CLI_INTERRUPTED)\n" };
    expect(await running).toEqual(end);
  });

  test("does not take a file that loses bytes meanwhile for a whole one", async () => {
    const path = await store("shrinking.bin", "");
    await truncate(path, 2 ** 36);
    const running = failureOf("hash", path, "--ra-console", "12");
    await Bun.sleep(50);
    await truncate(path, 5);
    expect((await running).slice(0, 2)).toEqual([1, "FILES_CHANGED"]);
  });
});
