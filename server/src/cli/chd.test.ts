import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, statfs } from "node:fs/promises";
import { join } from "node:path";
import { ensureBuilt } from "@multitap/native/build";
import { extractFiles } from "./chd/extract.ts";
import { withChd } from "./chd/open-file.ts";
import { CliError } from "./errors.ts";
import {
  failureOf,
  getVector,
  makeFolder,
  type PlacedVector,
  runJson,
  runOffline,
  storeZeroChd,
} from "./offline.testing.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
beforeAll(async () => {
  await ensureBuilt();
  folder = await makeFolder();
}, 60_000);
afterAll(() => folder.remove());

const BASE_KEYS = [
  "version",
  "hunkBytes",
  "hunkCount",
  "logicalBytes",
  "logicalSha1",
  "rawSha1",
  "sha1",
  "tracks",
];

/** What every `chd` command says of a vector, apart from its tracks. */
const factsOf = (vector: PlacedVector) => ({
  version: vector.version,
  hunkBytes: vector.hunkBytes,
  hunkCount: vector.hunks,
  logicalBytes: vector.logicalBytes,
  sha1: vector.sha1 ?? null,
});

async function parentOf({ parent }: PlacedVector): Promise<string[]> {
  return parent === undefined ? [] : ["--parent", (await getVector(parent)).path];
}

const sha1Of = async (path: string) =>
  createHash("sha1")
    .update(await Bun.file(path).bytes())
    .digest("hex");

/** A copy of a vector with other bytes at a place. */
async function storeChanged(id: string, at: number, bytes: Uint8Array): Promise<string> {
  const copy = await Bun.file((await getVector(id)).path).bytes();
  copy.set(bytes, at);
  const path = join(folder.path, `${id}-changed-${at}.chd`);
  await Bun.write(path, copy);
  return path;
}

/** A copy that has the same header and map, but one hunk that does not decode to what it should. */
const storeDamaged = () => storeChanged("raw-zlib", 300, Uint8Array.of(1, 2, 3, 4));

const EVERY_KIND = [
  "v1-hd",
  "v2-hd-1024",
  "v3-cd-chtr",
  "v3-hd",
  "v4-cd-cht2",
  "v4-child",
  "v5-plain-sparse",
  "cd-psx-default",
  "cd-sat-cdfl",
  "cd-subcode-cdzs",
  "cd-xa",
  "dvd-psp-huff",
  "gd-default",
  "hd-zstd",
  "par-child",
  "raw-lzma",
];

describe("chd info", () => {
  test.each(EVERY_KIND)("tells what the header and the metadata of %s say", async (id) => {
    const vector = await getVector(id);
    const { exitCode, json } = await runJson("chd", "info", vector.path, ...(await parentOf(vector)));
    expect(Object.keys(json)).toEqual([...BASE_KEYS, "parentSha1", "codecs", "metadata"]);
    const { tracks, codecs, metadata, rawSha1, parentSha1, logicalSha1, ...facts } = json;
    expect({ exitCode, logicalSha1, facts }).toEqual({
      exitCode: 0,
      logicalSha1: null,
      facts: factsOf(vector),
    });
    if (vector.rawSha1 !== undefined) expect(rawSha1).toBe(vector.rawSha1);
    if (vector.parentSha1 !== undefined || vector.parent === undefined)
      expect(parentSha1).toBe(vector.parentSha1 ?? null);
    expect([Array.isArray(tracks), Array.isArray(codecs)]).toEqual([true, true]);
    const known = (metadata as readonly { tag: string; sizeBytes: number; isChecksummed: boolean }[]).map(
      ({ tag, sizeBytes, isChecksummed }) => ({ tag, length: sizeBytes, flags: isChecksummed ? 1 : 0 }),
    );
    expect(known).toEqual(vector.meta.map(({ tag, length, flags }) => ({ tag, length, flags })));
  });

  test("gives tracks, codecs and texts as they are", async () => {
    const { path, meta } = await getVector("cd-sat-2448");
    const { json } = await runJson("chd", "info", path);
    expect(json.codecs).toEqual(["cdlz", "cdzl", "cdfl"]);
    expect((json.tracks as readonly unknown[])[1]).toEqual({
      number: 2,
      kind: "audio",
      mode: "AUDIO",
      sectorBytes: 2352,
      subcode: "none",
      frameCount: 40,
      pregapFrames: 11,
      isPregapStored: true,
      postgapFrames: 0,
      padFrames: 0,
      firstSector: 26,
      firstFrame: 28,
    });
    const texts = (json.metadata as readonly { text: string | null }[]).map(({ text }) => text);
    expect(texts).toEqual(meta.map(({ text = null }) => text));
  });

  test("prints the same for people", async () => {
    const { path, sha1 } = await getVector("cd-sat-2448");
    const { exitCode, out, err } = await runOffline(["chd", "info", path]);
    expect([exitCode, err, out.split("\n").slice(0, 3)]).toEqual([
      0,
      "",
      ["CHD version 5: 210 KB in 88 hunks of 2,448 bytes", "codecs: cdlz, cdzl, cdfl", `sha1: ${sha1}`],
    ]);
    expect(out).toContain("\ntrack 3: AUDIO, 18 frames of 2352 bytes, pregap 7, not stored\n");
  });

  test("shows no control characters of a file on the terminal", async () => {
    const { path } = await getVector("cd-psx-default");
    const bytes = await Bun.file(path).bytes();
    const at = Buffer.from(bytes).indexOf("TRACK:1 ");
    const changed = await storeChanged("cd-psx-default", at - 16, Buffer.from("\u001b[2J"));
    const { out } = await runOffline(["chd", "info", changed]);
    expect(out).toContain('metadata "\\u001b[2J": "TRACK:1 ');
    expect(out).not.toContain("\u001b");
  });
});

describe("chd verify", () => {
  test.each(EVERY_KIND)("decodes all of %s", async (id) => {
    const vector = await getVector(id);
    const { exitCode, json } = await runJson("chd", "verify", vector.path, ...(await parentOf(vector)));
    expect(Object.keys(json)).toEqual([...BASE_KEYS, "isIntact", "badHunks"]);
    const { tracks, rawSha1, ...rest } = json;
    expect(Array.isArray(tracks)).toBe(true);
    const expected = { logicalSha1: vector.logicalSha1, isIntact: true, badHunks: [] };
    expect({ exitCode, rest }).toEqual({ exitCode: 0, rest: { ...factsOf(vector), ...expected } });
    expect(rawSha1).toBe(vector.rawSha1 ?? (vector.version < 3 ? null : rawSha1));
  });

  test.each(["0", "1", "2"])("gives the same on %s threads of its own", async (count) => {
    const { path, logicalSha1 } = await getVector("cd-sat-cdlz");
    const { json } = await runJson("chd", "verify", path, "--workers", count);
    expect(json).toMatchObject({ logicalSha1, isIntact: true });
    const damaged = await storeDamaged();
    const { exitCode, json: found } = await runJson("chd", "verify", damaged, "--workers", count);
    expect([exitCode, found.isIntact, found.badHunks]).toEqual([1, false, [0]]);
  });

  test("fails with what it found when hunks are damaged", async () => {
    const path = await storeDamaged();
    const { exitCode, json } = await runJson("chd", "verify", path);
    const message = `${path} is damaged: 1 hunk is bad (0)`;
    expect([exitCode, json.error, json.badHunks]).toEqual([1, { code: "CHD_DAMAGED", message }, [0]]);
    expect(Object.keys(json)).toEqual(["error", ...BASE_KEYS, "isIntact", "badHunks"]);
    const { err } = await runOffline(["chd", "verify", path]);
    expect(err).toBe(`multitap: ${message} (CHD_DAMAGED)\n`);
  });

  test("fails when only a digest does not match", async () => {
    // The SHA-1 of the content in the header of version 5.
    const path = await storeChanged("raw-zstd", 64, Uint8Array.of(1, 2));
    const { exitCode, json } = await runJson("chd", "verify", path);
    const message = `${path} is damaged: its content does not match its own rawSha1`;
    expect([exitCode, json.error, json.badHunks]).toEqual([1, { code: "CHD_DAMAGED", message }, []]);
  });

  test("names the parent that is needed, and refuses another", async () => {
    const { path, parentSha1 } = await getVector("par-child");
    const wanted = `${path} holds only what differs from its parent; give that with --parent, its SHA-1 is ${parentSha1}`;
    expect(await failureOf("chd", "verify", path)).toEqual([1, "CHD_PARENT_MISSING", wanted]);
    const wrong = await getVector("hd-zstd");
    const message = `${path}: the parent is ${wrong.sha1}, wanted is ${parentSha1}`;
    const found = await failureOf("chd", "info", path, "--parent", wrong.path);
    expect(found).toEqual([1, "CHD_PARENT_MISMATCH", message]);
  });
});

describe("chd extract", () => {
  test.each([
    ["cd-psx-default", "bin_cue"],
    ["cd-sat-2448", "bin_cue"],
    ["cd-subcode-cdzl", "bin_cue"],
    ["cd-m2336", "bin_cue"],
    ["cd-pce-pregap-v", "bin_cue"],
    ["gd-default", "gdi"],
  ])("writes %s as the %s that its content suits", async (id, format) => {
    const vector = await getVector(id);
    const to = join(folder.path, `disc-${id}`);
    const { exitCode, json } = await runJson("chd", "extract", vector.path, "--to", to);
    expect([exitCode, json.format]).toEqual([0, format]);
    expect(Object.keys(json)).toEqual([...BASE_KEYS, "format", "files"]);
    const files = json.files as readonly { name: string; sizeBytes: number; sha1: string }[];
    const wanted = Object.entries(vector.extract ?? {});
    expect(files.slice(0, -1).map(({ sizeBytes, sha1 }) => ({ size: sizeBytes, sha1 }))).toEqual(
      wanted.map(([, file]) => file),
    );
    let sheet = await Bun.file(join(to, files.at(-1)?.name ?? "")).text();
    for (const [index, [name]] of wanted.entries()) sheet = sheet.replace(files[index]?.name ?? "", name);
    expect(sheet).toBe(vector.sheet ?? "");
    for (const { name, sha1 } of files) expect(await sha1Of(join(to, name))).toBe(sha1);
    expect((await readdir(to)).sort()).toEqual(files.map(({ name }) => name).sort());
  });

  test.each(["dvd-psp-zstd", "dvd-ps2-8k", "hd-default", "v4-hd", "v5-plain-sparse", "par-child"])(
    "writes %s as a plain image",
    async (id) => {
      const vector = await getVector(id);
      const to = join(folder.path, `image-${id}`);
      const parent = await parentOf(vector);
      const { json } = await runJson("chd", "extract", vector.path, "--to", to, ...parent, "--workers", "1");
      const file = { name: `${id}.iso`, sizeBytes: vector.logicalBytes, sha1: vector.logicalSha1 };
      expect([json.format, json.files]).toEqual(["iso", [file]]);
      expect(await sha1Of(join(to, `${id}.iso`))).toBe(vector.logicalSha1);
    },
  );

  test("replaces files only when it is told to", async () => {
    const { path, logicalSha1 } = await getVector("dvd-psp-zlib");
    const to = join(folder.path, "twice");
    const target = join(to, "dvd-psp-zlib.iso");
    await Bun.write(target, "mine");
    const message = `cannot write ${target}: it exists; --force replaces it`;
    const found = await failureOf("chd", "extract", path, "--to", to);
    expect(found).toEqual([1, "FILES_EXISTS", message]);
    expect([await Bun.file(target).text(), await readdir(to)]).toEqual(["mine", ["dvd-psp-zlib.iso"]]);
    expect((await runJson("chd", "extract", path, "--to", to, "--force")).exitCode).toBe(0);
    expect([await sha1Of(target), await readdir(to)]).toEqual([logicalSha1, ["dvd-psp-zlib.iso"]]);
  });

  test("never replaces the file that it reads, or a folder", async () => {
    const { path } = await getVector("dvd-psp-zlib");
    const to = join(folder.path, "itself");
    await mkdir(join(to, "other.iso"), { recursive: true });
    const source = join(to, "itself.iso");
    await copyFile(path, source);
    const sha1 = await sha1Of(source);
    const message = `cannot write ${source}: it is the file that is read`;
    const found = await failureOf("chd", "extract", source, "--to", to, "--force");
    expect([found, await sha1Of(source)]).toEqual([[1, "FILES_EXISTS", message], sha1]);
    await copyFile(path, join(to, "other.chd"));
    const blocked = await failureOf("chd", "extract", join(to, "other.chd"), "--to", to, "--force");
    expect(blocked.slice(0, 2)).toEqual([1, "FILES_WRONG_KIND"]);
  });

  test.each([
    ["cd-sat-2448", "iso", "it has 3 tracks"],
    ["gd-default", "bin_cue", "it is a GD-ROM, whose sheet is a gdi"],
    ["dvd-psp-zlib", "gdi", "it is not a GD-ROM"],
    ["raw-none", "iso", "it does not consist of sectors of 2048 bytes"],
  ])("refuses to write %s as %s, and makes no folder", async (id, format, reason) => {
    const { path } = await getVector(id);
    const found = await failureOf(
      "chd",
      "extract",
      path,
      "--to",
      join(folder.path, "none"),
      "--format",
      format,
    );
    const message = `${path}: cannot be written as ${format}: ${reason}`;
    expect(found).toEqual([1, "CHD_EXTRACT_FORMAT", message]);
    expect(await readdir(folder.path)).not.toContain("none");
  });

  test("leaves nothing of a damaged file", async () => {
    const path = await storeChanged("dvd-psp-zlib", 1000, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    const found = await failureOf("chd", "extract", path, "--to", join(folder.path, "broken/deep"));
    expect([found[0], found[1].startsWith("CHD_HUNK_")]).toEqual([1, true]);
    expect(await readdir(folder.path)).not.toContain("broken");
  });

  test("leaves nothing, but what others put there, when it is interrupted", async () => {
    const { path } = await getVector("cd-sat-2448");
    const to = join(folder.path, "interrupted");
    const leaving = new AbortController();
    const reason = new CliError("CLI_INTERRUPTED", "ended");
    const request = { path, parentPath: null, signal: leaving.signal };
    const running = withChd(request, (opened) =>
      extractFiles(opened, {
        format: "bin_cue",
        folder: join(to, "disc"),
        isForced: false,
        inputPaths: [path],
        signal: leaving.signal,
        onProgress: ({ doneBytes }) => {
          // In the middle of the second track.
          if (doneBytes > 100_000) leaving.abort(reason);
        },
      }),
    );
    await Bun.write(join(to, "theirs"), "kept");
    expect(await running.catch((error: unknown) => error)).toBe(reason);
    expect(await readdir(to, { recursive: true })).toEqual(["theirs"]);
  });

  test("refuses what the disk has no room for, before it writes", async () => {
    const logicalBytes = 2 ** 40 - (4 << 20);
    const { bavail, bsize } = await statfs(folder.path);
    if (bavail * bsize >= logicalBytes) {
      console.warn("not checked: this disk has room for a terabyte");
      return;
    }
    const path = join(folder.path, "huge.chd");
    await storeZeroChd(path, logicalBytes);
    const found = await failureOf("chd", "extract", path, "--to", join(folder.path, "full"));
    expect(found.slice(0, 2)).toEqual([1, "STORAGE_FULL"]);
    expect(found[2]).toStartWith(`cannot write to ${join(folder.path, "full")}: 1,024 GB are needed, `);
    expect(await readdir(folder.path)).not.toContain("full");
  });

  test("refuses a folder that is none", async () => {
    const { path } = await getVector("dvd-psp-zlib");
    await Bun.write(join(folder.path, "plain"), "");
    const found = await failureOf("chd", "extract", path, "--to", join(folder.path, "plain"));
    expect([found[0], found[1].startsWith("FILES_")]).toEqual([1, true]);
  });
});

describe("the chd commands", () => {
  const COMMANDS = ["info", "verify", "extract"] as const;
  const argvOf = (command: string, path: string) => [
    ...["chd", command, path],
    ...(command === "extract" ? ["--to", join(folder.path, "never")] : []),
  ];

  test.each(COMMANDS)("say what is wrong with a file: %s", async (command) => {
    const absent = join(folder.path, "absent.chd");
    const text = join(folder.path, "text.chd");
    await Bun.write(text, "This is no disc. ".repeat(20));
    const codec = await storeChanged("raw-zlib", 16, Buffer.from("avhu"));
    const version = await storeChanged("raw-zlib", 15, Uint8Array.of(6));
    const map = await storeChanged("raw-zlib", 44, Uint8Array.of(0xff, 0xff));
    const rows = [
      [absent, "FILES_NOT_FOUND", `cannot read ${absent}: there is nothing`],
      [folder.path, "FILES_WRONG_KIND", `cannot read ${folder.path}: it is a folder, not a file`],
      [text, "CHD_NOT_A_CHD", `${text}: the file does not begin as a CHD does`],
      [codec, "CHD_UNSUPPORTED", `${codec}: codec "avhu" is not supported`],
      [version, "CHD_UNSUPPORTED", `${version}: version 6 is not supported`],
    ] as const;
    for (const [path, code, message] of rows)
      expect(await failureOf(...argvOf(command, path))).toEqual([1, code, message]);
    expect((await failureOf(...argvOf(command, map)))[1]).toStartWith("CHD_");
    const missing = await failureOf(...argvOf(command, text), "--parent", absent);
    expect(missing).toEqual([1, "FILES_NOT_FOUND", `cannot read ${absent}: there is nothing`]);
  });

  test.each([
    [["chd"], "chd needs one more word that is known; there is chd info, chd verify, chd extract"],
    [["chd", "info"], "chd info: FILE is missing. See multitap chd info --help"],
    [["chd", "verify", "a", "b"], 'chd verify: unexpected argument "b". See multitap chd verify --help'],
    [["chd", "extract", "a"], "chd extract: --to is missing. See multitap chd extract --help"],
    [
      ["chd", "extract", "a", "--to=b", "--format=bin"],
      'chd extract: --format is "bin"; accepted: bin_cue, iso, gdi. See multitap chd extract --help',
    ],
    [
      ["chd", "verify", "a", "--workers", "many"],
      'chd verify: --workers is "many"; accepted: a whole number from 0 to 64. See multitap chd verify --help',
    ],
  ])("refuse %j as not understood", async (argv, message) => {
    expect(await failureOf(...argv)).toEqual([64, "CLI_USAGE", message]);
  });
});
