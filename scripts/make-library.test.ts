import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { SYSTEMS } from "./library/systems.ts";
import { SEVEN_ZIP, tryTool } from "./library/tools.ts";
import { type MadeLibrary, type MakeLibraryOptions, makeLibrary } from "./make-library.ts";

let folder: string;
let nextNumber = 0;
beforeAll(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "multitap-library-"));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

function make(options: Partial<MakeLibraryOptions>): Promise<MadeLibrary> {
  nextNumber += 1;
  return makeLibrary({
    outPath: join(folder, `library-${nextNumber}`),
    fileCount: 40,
    platformCount: 4,
    ...options,
  });
}

/** Everything of a library that must be the same for the same arguments: names below the root and digests. */
function fingerprint(made: MadeLibrary): string[] {
  return made.files.map(({ path, sizeBytes }) => {
    const digest = Bun.CryptoHasher.hash("sha256", fs.readFileSync(path), "hex");
    return `${path.slice(made.libraryPath.length)} ${sizeBytes} ${digest}`;
  });
}

const countFiles = (path: string): number =>
  fs.readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;

describe("makeLibrary", () => {
  test("makes the files it lists, with their sizes, and nothing else", async () => {
    const made = await make({ fileCount: 103, platformCount: 10 });
    expect(made.files).toHaveLength(103);
    expect(countFiles(made.libraryPath)).toBe(103);
    for (const { path, fsName, sizeBytes } of made.files) {
      expect(basename(path)).toBe(fsName);
      expect(fs.statSync(path).size).toBe(sizeBytes);
      expect(sizeBytes).toBeWithin(512, 1537);
    }
    expect(made.totalBytes).toBe(made.files.reduce((sum, file) => sum + file.sizeBytes, 0));
  });

  test("spreads the files evenly over the platforms", async () => {
    const { files, platforms } = await make({ fileCount: 42, platformCount: 16 });
    const counts = platforms.map(({ platformSlug }) =>
      files.filter((file) => file.platformSlug === platformSlug),
    );
    expect(counts.map((list) => list.length)).toEqual([...Array(10).fill(3), ...Array(6).fill(2)]);
  });

  test.each([
    ["a", "roms/nes"],
    ["b", "nes/roms"],
  ] as const)("lays out structure %s", async (structure, romsFolder) => {
    const made = await make({ structure, fileCount: 2, platformCount: 1 });
    expect(made.platforms).toEqual([{ platformSlug: "nes", romsPath: join(made.libraryPath, romsFolder) }]);
    expect(fs.readdirSync(join(made.libraryPath, romsFolder))).toHaveLength(2);
  });

  test("gives the same names and bytes for the same seed, and others for another", async () => {
    const first = fingerprint(await make({ seed: 7 }));
    expect(fingerprint(await make({ seed: 7 }))).toEqual(first);
    expect(fingerprint(await make({ seed: 7, structure: "b" })).map((line) => line.slice(-64))).toEqual(
      first.map((line) => line.slice(-64)),
    );
    const other = fingerprint(await make({ seed: 8 }));
    expect(other.filter((line) => first.includes(line))).toEqual([]);
  });

  test("gives every file content of its own", async () => {
    const digests = fingerprint(await make({ fileCount: 300, platformCount: 3 })).map((line) =>
      line.slice(-64),
    );
    expect(new Set(digests).size).toBe(300);
  });

  test("writes files larger than its buffer", async () => {
    const made = await make({
      fileCount: 1,
      platformCount: 1,
      sizeBytes: { least: 2_500_001, most: 2_500_001 },
    });
    const bytes = fs.readFileSync(made.files[0]?.path ?? "");
    expect(bytes).toHaveLength(2_500_001);
    // Noise in every piece: a repeated or empty one would show as equal halves.
    expect(bytes.subarray(1 << 20, 2 << 20).equals(bytes.subarray(2 << 20, 3 << 20))).toBe(false);
    expect(bytes.subarray(-1000).every((value) => value === 0)).toBe(false);
  });

  test("refuses a folder that holds something, and counts out of range", async () => {
    const made = await make({});
    await expect(make({ outPath: made.libraryPath })).rejects.toThrow("is not empty");
    await expect(make({ platformCount: 17 })).rejects.toThrow("from 1 to 16");
    await expect(make({ fileCount: 1.5 })).rejects.toThrow("number of files");
    await expect(make({ sizeBytes: { least: 9, most: 8 } })).rejects.toThrow("largest size");
  });
});

describe("names of a made library", () => {
  test("have what real names have", async () => {
    const { files } = await make({ fileCount: 5000, platformCount: 10, sizeBytes: { least: 1, most: 1 } });
    const names = files.map((file) => file.fsName);
    const counts = (pattern: RegExp): number => names.filter((name) => pattern.test(name)).length;
    for (const pattern of [
      /\(USA\)/,
      /\(Rev [12AB]\)/,
      /\(Disc 2\)/,
      /\(En,Fr,De\)/,
      /\[!\]/,
      /\(v1\.\d\)/,
    ]) {
      expect(counts(pattern)).toBeGreaterThan(20);
    }
    for (const pattern of [/#/, /\+/, /%/, /&/, /'/, /"/, /星/, /Т/, /별/, /\u0301/, /É/, /🎮/]) {
      expect(counts(pattern)).toBeGreaterThan(5);
    }
    expect(names.filter((name) => Buffer.byteLength(name) === 200).length).toBeGreaterThan(50);
    expect(Math.max(...names.map((name) => Buffer.byteLength(name)))).toBeLessThanOrEqual(255);
    expect(names.filter((name) => name.includes("/") || name.startsWith("."))).toEqual([]);
  });

  test("stay different in one platform however many there are", async () => {
    const { files } = await make({ fileCount: 7000, platformCount: 1, sizeBytes: { least: 1, most: 1 } });
    expect(new Set(files.map((file) => file.fsName.normalize("NFC"))).size).toBe(7000);
  });
});

describe("content of a made library", () => {
  const ascii = (bytes: Uint8Array, from: number, to: number): string =>
    Buffer.from(bytes.subarray(from, to)).toString("latin1");
  const sum = (bytes: Uint8Array, from: number, to: number): number =>
    bytes.subarray(from, to).reduce((total, value) => total + value, 0);

  /** What readers of each system look for in a file of 64 KiB. */
  const MARKS: Readonly<Record<string, (bytes: Uint8Array) => boolean>> = {
    nes: (bytes) => ascii(bytes, 0, 4) === "NES\x1a",
    snes: (bytes) => (bytes[0x7fdc] ?? 0) + (bytes[0x7fde] ?? 0) === 0xff && bytes[0x7fd5] === 0x20,
    n64: (bytes) => ascii(bytes, 0, 4) === "\x80\x37\x12\x40",
    gb: (bytes) => ((sum(bytes, 0x134, 0x14e) + 25) & 0xff) === 0 && bytes[0x143] === 0,
    gbc: (bytes) => ((sum(bytes, 0x134, 0x14e) + 25) & 0xff) === 0 && bytes[0x143] === 0xc0,
    gba: (bytes) => bytes[0xb2] === 0x96 && ((sum(bytes, 0xa0, 0xbe) + 0x19) & 0xff) === 0,
    nds: (bytes) => /^[A-Z ]{4}/.test(ascii(bytes, 0, 12)) && bytes[0x15e] !== undefined,
    genesis: (bytes) => ascii(bytes, 0x100, 0x104) === "SEGA",
    psx: (bytes) =>
      ascii(bytes, 0x8001, 0x8006) === "CD001" && ascii(bytes, 0x8008, 0x8013) === "PLAYSTATION",
    psp: (bytes) => ascii(bytes, 0x8001, 0x8006) === "CD001" && ascii(bytes, 0x8008, 0x8010) === "PSP GAME",
    sms: (bytes) => ascii(bytes, 0x7ff0, 0x7ff8) === "TMR SEGA",
    gamegear: (bytes) => ascii(bytes, 0x7ff0, 0x7ff8) === "TMR SEGA",
    atari7800: (bytes) => ascii(bytes, 1, 10) === "ATARI7800",
    lynx: (bytes) => ascii(bytes, 0, 4) === "LYNX",
    colecovision: (bytes) => ascii(bytes, 0, 2) === "\x55\xaa",
    msx: (bytes) => ascii(bytes, 0, 2) === "AB",
  };

  test.each(SYSTEMS.map((system) => system.platformSlug))("carries the marks of %s", async (platformSlug) => {
    const made = await make({ fileCount: 16, platformCount: 16, sizeBytes: { least: 65_536, most: 65_536 } });
    const file = made.files.find((candidate) => candidate.platformSlug === platformSlug);
    expect(MARKS[platformSlug]?.(fs.readFileSync(file?.path ?? ""))).toBe(true);
  });

  test("takes small forms of disc images when the files are small", async () => {
    const made = await make({ fileCount: 10, platformCount: 10 });
    const small = made.files.filter((file) => /\.(bin|pbp)$/.test(file.fsName));
    expect(small.map((file) => file.platformSlug)).toEqual(["psx", "psp"]);
    const [bin, pbp] = small.map((file) => fs.readFileSync(file.path));
    expect(bin?.subarray(0, 12).toString("hex")).toBe("00ffffffffffffffffffff00");
    expect(pbp?.subarray(0, 4).toString("latin1")).toBe("\0PBP");
  });

  test("cuts the marks of files too small for them", async () => {
    const made = await make({ fileCount: 16, platformCount: 16, sizeBytes: { least: 1, most: 40 } });
    for (const { path, sizeBytes } of made.files) expect(fs.statSync(path).size).toBe(sizeBytes);
  });
});

describe("a library with everything", () => {
  /** All that is in a library, by its path with the platform before "roms" or "bios", whatever the structure. */
  const digestTree = (made: MadeLibrary): Map<string, string> =>
    new Map(
      (made.everything?.entries ?? []).flatMap(({ path, platformSlug, kind, fsName }) => {
        const isFolder = fs.statSync(path).isDirectory();
        const names = isFolder ? fs.readdirSync(path, { recursive: true }).map(String) : [""];
        const files = names.filter((name) => fs.statSync(join(path, name)).isFile());
        return files.map((name): [string, string] => [
          `${platformSlug} ${kind} ${fsName} ${name}`,
          Bun.CryptoHasher.hash("sha256", fs.readFileSync(join(path, name)), "hex"),
        ]);
      }),
    );

  test("is the same for the same seed in either structure, beside the same plain files", async () => {
    const plain = fingerprint(await make({}));
    const one = await make({ hasEverything: true });
    const other = await make({ hasEverything: true, structure: "b" });
    expect(fingerprint(one)).toEqual(plain);
    expect(digestTree(one).size).toBeGreaterThan(100);
    expect(digestTree(other)).toEqual(digestTree(one));
  });

  test("has roms of every form, and says what it could not make", async () => {
    const { everything } = await make({ hasEverything: true });
    const kinds = new Set(everything?.entries.map((entry) => entry.kind));
    const wanted = [
      "zip",
      "7z",
      "tar",
      "stream",
      "renamed",
      "empty",
      "damaged",
      "locked",
      "folder",
      "firmware",
    ];
    for (const kind of [...wanted, "never-hashed", "disc", "cso", "rvz", "cart"])
      expect(kinds).toContain(kind);
    const leftOut = everything?.skipped.map(({ what }) => what) ?? [];
    expect(kinds.has("chd")).toBe(!leftOut.includes("chd"));
    for (const { reason } of everything?.skipped ?? []) expect(reason).not.toBe("");
  });

  test("has sound archives where it says so, and broken ones where it says that", async () => {
    const { everything } = await make({ hasEverything: true });
    const test = (path: string) => tryTool(SEVEN_ZIP, ["t", "-bd", "-p", "--", path]).exitCode;
    for (const { kind, path } of everything?.entries ?? []) {
      if (["zip", "7z", "tar", "rar", "stream"].includes(kind)) expect([path, test(path)]).toEqual([path, 0]);
      if (["damaged", "locked"].includes(kind)) expect([path, test(path)]).not.toEqual([path, 0]);
    }
  });
});
