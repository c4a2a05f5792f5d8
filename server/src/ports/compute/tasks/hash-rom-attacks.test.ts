import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { join } from "node:path";
import { constants, deflateRawSync, gzipSync } from "node:zlib";
import { createStoredRar } from "../../../../../scripts/library/stored-rar.ts";
import {
  type Contents,
  createNoise,
  createPlace,
  createRawZip,
  createTar,
  type RawZipMember,
  runSevenZip,
} from "../testing/archives.ts";
import type { HashRomOutput } from "./hash-rom-shape.ts";

const place = createPlace();
afterAll(place.remove);

const md5 = (bytes: Uint8Array | string): string => createHash("md5").update(bytes).digest("hex");

function membersOf({ files: [file] }: HashRomOutput) {
  return file === undefined || "failure" in file ? null : file.members;
}

/** Everything below a folder; what an archive wrote would be in it. */
const listAll = (): string[] => fs.readdirSync(place.path, { recursive: true }).map(String).sort();

const LONG = "x".repeat(65_535);
const ATTACKS = [
  "../../escape.bin",
  "/tmp/absolute.bin",
  "C:\\windows\\drive.bin",
  "..\\..\\back.bin",
  "-rf *",
  "@list",
  "new\nline\nPath = evil\nSize = 9",
  "nul\0byte",
  "same.bin",
  "same.bin",
  "dir/../same.bin",
  "\u202Egnp.exe",
  "./.",
  "\ud83d\ude00 after \uffee",
  "\uffee before",
  LONG,
];

describe("names in an archive", () => {
  test("are data, in a zip", async () => {
    const members = ATTACKS.map((name, index) => ({ name, content: `content ${index}` }));
    const path = place.store("names.zip", createRawZip(members));
    const before = listAll();
    const output = await place.hash(path);
    expect(output.problems).toEqual([]);
    // By code points, which is the order of the bytes of UTF-8; repeated names stay in stored order.
    const sorted = members.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
    expect(output.md5).toBe(md5(sorted.map(({ content }) => content).join("")));
    const names = membersOf(output)?.map(({ name }) => name);
    expect(names).toEqual(sorted.map(({ name }) => name.replaceAll("\0", "\ufffd")));
    expect(listAll()).toEqual(before);
  });

  test("are data, in a rar that 7-Zip reads", async () => {
    const members = ATTACKS.filter((name) => !/[\n\0]/.test(name) && name !== LONG).map((name, index) => ({
      name,
      bytes: Buffer.from(`content ${index}`),
    }));
    const path = place.store("names.rar", createStoredRar(members));
    const before = listAll();
    const output = await place.hash(path);
    expect(output.problems).toEqual([]);
    expect(membersOf(output)).toHaveLength(members.length);
    const contents = membersOf(output)
      ?.map((member) => member.md5)
      .sort();
    expect(contents).toEqual(members.map(({ bytes }) => md5(bytes)).sort());
    expect(listAll()).toEqual(before);
  });

  test("are data, in a tar", async () => {
    const contents: Contents = { "../up.bin": "up", "/abs.bin": "abs", "a/../../b.bin": "b" };
    const output = await place.hash(place.store("names.tar", await createTar(contents)));
    expect(output.problems).toEqual([]);
    expect(output.md5).toBe(md5("upabsb"));
  });

  test.each([
    "Q*bert.7z",
    "What?.7z",
    "Game [!].7z",
    "-p.7z",
    "@list.7z",
    "a\nb.7z",
    " .7z",
    "ポケモン '\".7z",
  ])("do not matter for the archive's own: %j", async (name) => {
    place.pack("Q_bert.7z", { other: "another archive" });
    const path = join(place.path, name);
    fs.renameSync(place.pack("plain.7z", { game: "the game" }), path);
    const output = await place.hash(path);
    expect(output.problems).toEqual([]);
    expect(output.md5).toBe(md5("the game"));
  });

  test("are as many as an archive may have, and no more", async () => {
    const one = createRawZip([{ name: "a", content: "" }]);
    const directory = one.subarray(one.length - 22 - 47, one.length - 22);
    const build = (count: number): Buffer => {
      const end = Buffer.from(createRawZip([], { isZip64: true }));
      end.writeBigUInt64LE(BigInt(count), 24);
      end.writeBigUInt64LE(BigInt(count), 32);
      end.writeBigUInt64LE(BigInt(count * directory.length), 40);
      const head = one.subarray(0, one.length - 22 - 47);
      end.writeBigUInt64LE(BigInt(head.length), 48);
      end.writeBigUInt64LE(BigInt(head.length + count * directory.length), 64);
      return Buffer.concat([head, Buffer.alloc(count * directory.length, directory), end]);
    };
    const fits = await place.hash(place.store("many.zip", build(100_000)));
    expect(membersOf(fits)).toHaveLength(100_000);
    const tooMany = await place.hash(place.store("too-many.zip", build(100_001)));
    expect(tooMany.problems.map(({ code }) => code)).toEqual(["hash_archive_too_large"]);
  }, 30_000);
});

describe("archives that hold more than they should", () => {
  const PIECE_BYTES = 16 << 20;
  const piece = deflateRawSync(new Uint8Array(PIECE_BYTES), { finishFlush: constants.Z_FULL_FLUSH });
  const END_OF_DEFLATE = Buffer.from([3, 0]);
  /** Zeros, deflated: pieces that know nothing of each other can stand behind one another. */
  const zeros = (pieces: number): Buffer =>
    Buffer.concat([...Array.from({ length: pieces }, () => piece), END_OF_DEFLATE]);
  const tenGiB = zeros(640);
  const member = { name: "zeros.bin", packed: tenGiB };
  const ZIPS: readonly (readonly [what: string, members: readonly RawZipMember[], code: string])[] = [
    ["that say so", [{ ...member, declaredBytes: 10 * 2 ** 30 }], "hash_archive_too_large"],
    ["that say less", [{ ...member, declaredBytes: 1000 }], "hash_archive_damaged"],
    ["that say a million times more", [{ ...member, declaredBytes: 2 ** 53 - 1 }], "hash_archive_too_large"],
    ["that say nothing", [{ ...member, declaredBytes: 0 }], "hash_archive_damaged"],
  ];

  test.each(ZIPS)("are not unpacked: 10 GiB of zeros in a zip %s", async (_, members, code) => {
    const path = place.store("bomb.zip", createRawZip(members, { isZip64: true }));
    const startedAtMs = performance.now();
    const output = await place.hash(path);
    expect(output.problems.map((problem) => problem.code)).toEqual([code]);
    expect(output.md5).toBe(md5(fs.readFileSync(path)));
    expect(performance.now() - startedAtMs).toBeLessThan(3000);
  });

  test("are not unpacked: the same bytes under many names", async () => {
    const path = place.store("overlap.zip", createOverlapping(2000, 1 << 20));
    const output = await place.hash(path);
    expect(output.problems.map((problem) => problem.code)).toEqual(["hash_archive_too_large"]);
  });

  test("are given up by what really comes out, where nothing is declared", async () => {
    const bz2 = join(place.path, "zeros.bz2");
    runSevenZip(["a", "-tbzip2", bz2, place.store("zeros", new Uint8Array(64 << 20))]);
    const stream = fs.readFileSync(bz2);
    const path = place.store("bomb.nes", Buffer.concat(Array.from({ length: 160 }, () => stream)));
    const output = await place.hash(path);
    expect(output.problems.map((problem) => problem.code)).toEqual(["hash_archive_too_large"]);
    expect(output.md5).toBe(md5(fs.readFileSync(path)));
  }, 60_000);

  test("are not unpacked: a 7z of zeros", async () => {
    const path = place.pack("bomb.7z", { zeros: new Uint8Array(1100 << 20) }, ["-m0=Deflate", "-mx1"]);
    const output = await place.hash(path);
    expect(output.problems.map((problem) => problem.code)).toEqual(["hash_archive_too_large"]);
  }, 60_000);

  test("are told from an image that is mostly empty", async () => {
    const path = place.store("padded.zip", createRawZip([paddedGame()]));
    const output = await place.hash(path);
    expect(output.problems).toEqual([]);
    expect(membersOf(output)?.[0]?.sizeBytes).toBe(PIECE_BYTES * 4);
  });

  function paddedGame(): RawZipMember {
    return { name: "game.iso", content: new Uint8Array(PIECE_BYTES * 4) };
  }

  /** Directory entries that all name the first member's bytes. */
  function createOverlapping(count: number, sizeBytes: number): Uint8Array {
    const one = createRawZip([{ name: "a", content: new Uint8Array(sizeBytes) }]);
    const entryBytes = 46 + 1;
    const entry = one.subarray(one.length - 22 - entryBytes, one.length - 22);
    const end = Buffer.from(one.subarray(one.length - 22));
    end.writeUInt16LE(count, 8);
    end.writeUInt16LE(count, 10);
    end.writeUInt32LE(count * entryBytes, 12);
    return Buffer.concat([
      one.subarray(0, one.length - 22 - entryBytes),
      Buffer.alloc(count * entryBytes, entry),
      end,
    ]);
  }
});

/** The runtime opens some files of its own when it first needs them; leaks grow with every round. */
const RUNTIME_FILES_MAX = 5;

describe("damaged archives", () => {
  const CONTENTS: Contents = {
    "zeta.bin": createNoise(3000, 5),
    "a.txt": "text ".repeat(300),
    "dir/b.txt": "nested",
  };
  /** Mutations of each; those that 7-Zip reads cost a process. */
  const KINDS: readonly (readonly [name: string, make: () => Promise<Uint8Array>, rounds: number])[] = [
    ["zip", async () => fs.readFileSync(place.pack("m.zip", CONTENTS)), 700],
    ["tar", () => createTar(CONTENTS), 300],
    ["tar.gz", async () => gzipSync(await createTar(CONTENTS)), 300],
    ["7z", async () => fs.readFileSync(place.pack("m.7z", CONTENTS, ["-mhc=off"])), 350],
    ["rar", async () => createStoredRar(rarMembers()), 350],
  ];

  function rarMembers() {
    return Object.entries(CONTENTS).map(([name, content]) => ({ name, bytes: Buffer.from(content) }));
  }

  test.each(KINDS)(
    "end in an answer and leave nothing behind: %s",
    async (name, make, rounds) => {
      const whole = await make();
      const seed = Math.floor(Math.random() * 0x7fff_ffff);
      console.log(`mutations of a ${name} with seed ${seed}`);
      const random = createRandom(seed);
      const openBefore = fs.readdirSync("/proc/self/fd").length;
      let unpacked = 0;
      for (let round = 0; round < rounds; round += 1) {
        const bytes = mutate(whole, random);
        const path = place.store(`mutated.${name}`, bytes);
        const output = await place.hash(path, { ra: { consoleId: 1, isDisc: false } });
        if (output.problems.length === 0) unpacked += 1;
        else expect(output.md5).toBe(bytes.length === 0 ? "" : md5(bytes));
        expect(output.files[0]).not.toHaveProperty("failure");
      }
      // Damage to a date or a padding leaves an archive readable, most other damage does not.
      expect(unpacked).toBeLessThan(rounds);
      expect(fs.readdirSync(place.tempPath)).toEqual([]);
      expect(fs.readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(openBefore + RUNTIME_FILES_MAX);
      expect(listChildren()).toEqual([]);
    },
    120_000,
  );
});

/** Programs that this process started and that still run. */
function listChildren(): string[] {
  const { stdout } = Bun.spawnSync(["ps", "--ppid", String(process.pid), "-o", "comm="]);
  return stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "" && line !== "ps");
}

function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >>> 8) % below;
  };
}

/** Flips, fills, removes, repeats or cuts off bytes, one to three times. */
function mutate(whole: Uint8Array, random: (below: number) => number): Uint8Array {
  let bytes = Buffer.from(whole);
  for (let count = random(3); count >= 0; count -= 1) {
    const at = random(Math.max(1, bytes.length));
    const length = Math.min(1 + random(40), bytes.length - at);
    const rest = bytes.subarray(at + length);
    switch (random(5)) {
      case 0:
        bytes[at] = random(256);
        break;
      case 1:
        bytes.fill(random(2) === 0 ? 0xff : 0, at, at + length);
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), rest]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
        break;
      default:
        bytes = bytes.subarray(0, at);
    }
  }
  return bytes;
}
