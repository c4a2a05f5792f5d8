import { beforeAll, describe, expect, test } from "bun:test";
import { ensureBuilt } from "../../build.ts";
import { ascii, be32, filled, join, le16, le32, put } from "../../vectors/ra/bytes.ts";
import { createInesHeader, createN64, createNds } from "../../vectors/ra/cartridges.ts";
import { oneTrackSheet, seeded } from "../../vectors/ra/case.ts";
import { encodeTrack } from "../../vectors/ra/cd-sectors.ts";
import { createJaguarTrack, createPsxDisc } from "../../vectors/ra/disc-systems.ts";
import { createZip, type ZipInput } from "../../vectors/ra/zip.ts";
import { type ByteSource, bytesSource } from "../byte-source.ts";
import { NativeError } from "../errors.ts";
import { detectConsoles } from "./detect.ts";
import { INFLATE_RESTARTS_MAX, READ_BYTES } from "./limits.ts";
import { answerOf, createMd5, fileOf, filesOf, hash, hashFile, md5Of } from "./rahash.testing.ts";
import { hashRetroAchievements } from "./rahash.ts";
import { ON_DEMAND_CONSOLES } from "./rules/consoles.ts";
import { raRules } from "./rules/index.ts";
import { onDemandRules } from "./rules/on-demand.ts";

// A first build takes seconds on a busy machine.
beforeAll(async () => {
  await ensureBuilt();
}, 60_000);

const rom = seeded("rom").soft(300_000);
const zipOf = (...files: readonly ZipInput[]) => createZip(files);

/** Counts what is read, and how much at once. */
function watched(bytes: Uint8Array, name = "game") {
  const seen = { reads: 0, largest: 0 };
  const source: ByteSource = {
    ...bytesSource(bytes, name),
    async read(start, end) {
      seen.reads += 1;
      seen.largest = Math.max(seen.largest, end - start);
      return bytes.slice(start, end);
    },
  };
  return { source, seen };
}

describe("the table of rules", () => {
  test("has every console that is known to have a hash", () => {
    const known =
      "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 21 23 24 25 26 27 28 29 30 32 33 37 38 39 40 41 43 44 45 46 " +
      "47 49 51 53 55 56 57 59 62 63 65 69 71 72 73 74 75 76 77 78 79 80 81";
    expect([...raRules.keys()].sort((a, b) => a - b)).toEqual(known.split(" ").map(Number));
  });

  test("loads on demand what it says it does", () => {
    expect([...onDemandRules.keys()]).toEqual([...ON_DEMAND_CONSOLES]);
  });

  test.each([0, -1, 1.5, Number.NaN, 20, 22, 100, 102, 9999])("has nothing for console %d", async (id) => {
    expect(await hashFile("a.bin", rom, id)).toMatchObject({ raHash: null, reason: "no_rule", cause: null });
  });
});

describe("several files", () => {
  const track = encodeTrack(createPsxDisc(seeded("several")), "MODE2/2352");
  const sheet = fileOf("Game.cue", oneTrackSheet("GAME.BIN", "MODE2/2352"));

  test("start at the sheet, whatever their order and the case of their names", async () => {
    const expected = await hashFile("game.bin", track, 12);
    expect(await hash([fileOf("game.bin", track), sheet], 12)).toEqual(expected);
    expect(await hash([sheet, fileOf("game.bin", track)], 12)).toEqual(expected);
  });

  test("have no hash where one is missing, or where there are none", async () => {
    expect(answerOf(await hash([sheet], 12))).toBe("file_missing");
    expect(answerOf(await hash([], 12))).toBe("file_missing");
    expect(answerOf(await hash({ entry: "a", find: async () => null }, 4))).toBe("file_missing");
  });
});

describe("a playlist", () => {
  test("stands for its first entry, through folders and other playlists", async () => {
    const files = {
      "all.m3u": ascii("sub/one.m3u\n"),
      "sub/one.m3u": ascii("# first\r\n../roms/a.rom\r\n"),
      "roms/a.rom": rom,
    };
    expect(await hash(filesOf("all.m3u", files), 29)).toEqual({ raHash: md5Of(rom) });
  });

  test("is data on a console without playlists", async () => {
    const text = ascii("a.gb\n");
    expect(await hash(filesOf("g.m3u", { "g.m3u": text, "a.gb": rom }), 4)).toEqual({ raHash: md5Of(text) });
  });

  test.each([
    ["names itself", "a.m3u", "over_limit"],
    ["names nothing", "#\n \n", "unrecognized"],
    ["names what lies elsewhere", "/etc/passwd", "file_missing"],
    ["names what is missing", "b.cue", "file_missing"],
    ["names something behind its first 1023 bytes", `#${"x".repeat(1022)}\nb.rom`, "unrecognized"],
  ])("that %s has no hash", async (_, text, expected) => {
    const files = filesOf("a.m3u", { "a.m3u": ascii(text), "b.rom": rom });
    expect(answerOf(await hash(files, 29))).toBe(expected);
  });
});

describe("a ZIP", () => {
  const readme = { name: "readme.txt", data: ascii("hello") };
  const zip = (bytes: Uint8Array, consoleId: number) => hashFile("g.zip", bytes, consoleId);

  test.each([
    ["stored", false],
    ["deflated", true],
  ])("counts as its largest member, %s", async (_, isDeflated) => {
    const nes = join(createInesHeader(), rom);
    const bytes = zipOf(
      readme,
      { name: "dir/g.nes", data: nes, isDeflated },
      { name: "x/", data: filled(0) },
    );
    expect(await zip(bytes, 7)).toEqual({ raHash: md5Of(rom) });
  });

  test("is read from its member as a rule needs it, backwards too", async () => {
    const nds = createNds(seeded("zip-nds"));
    // The icon's place before the code makes the rule go back.
    put(nds, 0x68, le32(0x300));
    const bytes = zipOf({ name: "g.nds", data: nds, isDeflated: true });
    expect(await zip(bytes, 18)).toEqual(await hashFile("g.nds", nds, 18));
    const n64 = createN64(seeded("zip-n64"), 5_000_000);
    expect(await zip(zipOf({ name: "g", data: n64, isDeflated: true }), 2)).toEqual({ raHash: md5Of(n64) });
  });

  test("stays closed for arcade games, whose names are what counts", async () => {
    expect(await hashFile("pacman.zip", ascii("anything"), 27)).toEqual({ raHash: md5Of(ascii("pacman")) });
    expect(await hashFile("pacman.7z", ascii("anything"), 27)).toEqual({ raHash: md5Of(ascii("pacman")) });
  });

  test.each([9, 12, 16, 19, 21, 26, 39, 40, 41, 43, 49, 56, 76, 77])(
    "has no hash on console %d, which does not read from archives",
    async (consoleId) => {
      expect(answerOf(await zip(zipOf({ name: "g.iso", data: rom }), consoleId))).toBe("unsupported");
    },
  );

  test.each(["7z", "rar", "tar", "gz"])(
    "has no hash as .%s, and never that of the archive",
    async (extension) => {
      expect(answerOf(await hashFile(`g.${extension}`, rom, 4))).toBe("unsupported");
    },
  );

  const deflated = zipOf({ name: "g.gb", data: rom, isDeflated: true });
  const directoryAt = deflated.length - 22 - 46 - 4;

  test.each([
    ["no files", zipOf({ name: "x/", data: filled(0) }), "unsupported"],
    ["an encrypted member", put(deflated.slice(), directoryAt + 8, le16(1)), "keys_missing"],
    ["a method that is not known", put(deflated.slice(), directoryAt + 10, le16(93)), "unsupported"],
    ["a member that is not where it should be", put(deflated.slice(), 0, [0]), "damaged"],
    ["a damaged member", put(deflated.slice(), 100, filled(400, 0xff)), "damaged"],
    [
      "a member that is smaller than it says",
      put(deflated.slice(), directoryAt + 24, le32(300_001)),
      "damaged",
    ],
    ["a member larger than the archive", put(deflated.slice(), directoryAt + 20, le32(1 << 30)), "damaged"],
    ["a directory outside of it", put(deflated.slice(), deflated.length - 6, le32(1 << 30)), "damaged"],
    [
      "a directory beyond measure",
      put(deflated.slice(), deflated.length - 10, le32(200 << 20)),
      "over_limit",
    ],
    [
      "more entries than its directory holds",
      put(deflated.slice(), deflated.length - 12, le16(9)),
      "damaged",
    ],
    ["no directory", filled(1000), "unrecognized"],
    ["no bytes", filled(0), "unrecognized"],
  ])("with %s has no hash", async (_, bytes, expected) => {
    expect(answerOf(await zip(bytes, 4))).toBe(expected);
  });

  test("says what broke underneath", async () => {
    const result = await zip(put(deflated.slice(), 100, filled(400, 0xff)), 4);
    expect(result).toMatchObject({ raHash: null, cause: expect.any(Error) });
  });

  test("of 64-bit sizes is read by them", async () => {
    const plain = zipOf({ name: "g.gb", data: rom });
    const at = plain.length - 22 - 46 - 4;
    const directory = plain.slice(at, at + 50);
    put(put(directory, 20, filled(8, 0xff)), 30, le16(20));
    put(directory, 42, filled(4, 0xff));
    const size = [...le32(rom.length), ...le32(0)];
    const entry = join(directory, le16(1), le16(24), size, size, filled(8));
    put(entry, 30, le16(28));
    const record = join(
      ascii("PK\x06\x06"),
      filled(28),
      [1, ...filled(7)],
      [entry.length, ...filled(7)],
      [...le32(at), ...le32(0)],
    );
    const locator = join(ascii("PK\x06\x07"), filled(4), [...le32(at + entry.length), ...le32(0)], filled(4));
    const end = join(ascii("PK\x05\x06"), filled(6), filled(10, 0xff), filled(2));
    expect(await zip(join(plain.slice(0, at), entry, record, locator, end), 4)).toEqual({
      raHash: md5Of(rom),
    });
  });
});

describe("reading", () => {
  test("takes at most 1 MiB at once, and no more of the file than counts", async () => {
    const { source, seen } = watched(filled(3 * READ_BYTES + 5));
    expect(await hash(source, 4)).toEqual({ raHash: md5Of(filled(3 * READ_BYTES + 5)) });
    expect(seen).toEqual({ reads: 4, largest: READ_BYTES });
  });

  test("takes little of a disc", async () => {
    const disc = createPsxDisc(seeded("little"), { iso: { tail: { sectors: 4000 } } });
    const { source, seen } = watched(disc, "g.iso");
    expect(await hash(source, 12)).toMatchObject({ raHash: expect.any(String) });
    expect(seen.reads).toBeLessThan(16);
    expect(seen.largest).toBeLessThan(16_384);
  });

  test("says how far it is, and ends where it said it would", async () => {
    const steps: number[] = [];
    let total = 0;
    await hashFile("g", filled(2 * READ_BYTES + 1), 4, {
      onProgress: ({ doneBytes, totalBytes }) => {
        steps.push(doneBytes);
        total = totalBytes;
      },
    });
    expect(steps).toEqual([READ_BYTES, 2 * READ_BYTES, 2 * READ_BYTES + 1]);
    expect(total).toBe(2 * READ_BYTES + 1);
  });

  test("unpacks a member again only so often", async () => {
    // Bytes come unpacked from the front, and each of these reads lies before the last one.
    const data = seeded("restarts").soft(INFLATE_RESTARTS_MAX * 1000 + 4000);
    const { openZipMember, listZipEntries } = await import("./containers/zip.ts");
    const { createContext } = await import("./context.ts");
    const context = createContext({ createMd5 });
    const archive = bytesSource(createZip([{ name: "g", data, isDeflated: true }]));
    const [entry] = await listZipEntries(context, archive);
    if (entry === undefined) throw new Error("no entry");
    const member = await openZipMember(context, archive, entry);
    const readAt = (index: number) =>
      member.read(data.length - index * 1000, data.length - index * 1000 + 10);
    for (let index = 1; index <= INFLATE_RESTARTS_MAX; index += 1)
      expect(await readAt(index)).toEqual(data.slice(data.length - index * 1000).slice(0, 10));
    await expect(readAt(INFLATE_RESTARTS_MAX + 1)).rejects.toMatchObject({ reason: "over_limit" });
    await context.close();
  });
});

describe("a hash that would take for ever", () => {
  /** A source of zeros of any size, with something at its start. */
  const endless = (start: Uint8Array, sizeBytes: number): ByteSource => ({
    ...bytesSource(start, "endless"),
    sizeBytes,
    read: async (from, to) => put(filled(to - from), 0, start.slice(from, Math.min(to, start.length))),
  });

  test("ends after 1 GiB of bytes that an input claims", async () => {
    const disc = put(filled(0x10000), 0x1c, [0xc2, 0x33, 0x9f, 0x3d]);
    put(disc, 0x420, be32(0x8000));
    for (let segment = 0; segment < 18; segment += 1) put(disc, 0x8090 + segment * 4, be32(0x10000000));
    // Only what is read counts here, so nothing is computed.
    const createIdleMd5 = () => ({ update: () => undefined, digestHex: () => "" });
    const result = await hashRetroAchievements(endless(disc, 2 ** 32), 16, { createMd5: createIdleMd5 });
    expect(answerOf(result)).toBe("over_limit");
  });

  test("ends where a rule reads far behind the start of a member", async () => {
    const nds = put(createNds(seeded("far")), 0x20, le32(0x60000000));
    const bytes = createZip([{ name: "g.nds", data: nds, isDeflated: true }]);
    put(bytes, bytes.length - 22 - 46 - 5 + 24, le32(0x7fffffff));
    expect(answerOf(await hashFile("g.zip", bytes, 18))).toBe("over_limit");
  });
});

describe("a disc", () => {
  async function closesOf(console: number, isOwn: boolean): Promise<number> {
    let closes = 0;
    const close = async () => {
      closes += 1;
    };
    const disc = { tracks: [], close };
    const result = await (isOwn
      ? hashFile("g.chd", rom, console, { openChd: async () => disc })
      : hash(disc, console));
    expect(answerOf(result)).toMatch(/^(?:unrecognized|unsupported)$/);
    return closes;
  }

  test("is closed where it was opened here, and left open where it was handed in", async () => {
    expect(await closesOf(12, true)).toBe(1);
    expect(await closesOf(12, false)).toBe(0);
  });

  test.each([1, 4, 16, 19, 26, 27, 62, 71])(
    "has no hash on console %d, which has none",
    async (consoleId) => {
      expect(await closesOf(consoleId, false)).toBe(0);
    },
  );
});

describe("an abort", () => {
  test("before the start rejects with its reason, and reads nothing", async () => {
    const { source, seen } = watched(rom);
    const reason = new Error("not now");
    await expect(hash(source, 4, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(seen.reads).toBe(0);
  });

  test.each([
    ["a file", fileOf("g.gb", filled(4 * READ_BYTES))],
    ["a ZIP", fileOf("g.zip", createZip([{ name: "g.gb", data: filled(4 * READ_BYTES), isDeflated: true }]))],
  ])("in the middle of %s rejects with its reason", async (_, source) => {
    const controller = new AbortController();
    const reason = new Error("enough");
    let reports = 0;
    const onProgress = () => {
      reports += 1;
      controller.abort(reason);
    };
    await expect(hash(source, 4, { signal: controller.signal, onProgress })).rejects.toBe(reason);
    expect(reports).toBe(1);
  });
});

describe("trouble with a source", () => {
  const broken = (name: string, bytes: Uint8Array, error: Error): ByteSource => ({
    ...bytesSource(bytes, name),
    read: (start, end) => (start > 0 ? Promise.reject(error) : Promise.resolve(bytes.slice(start, end))),
  });

  test("comes through as it is, also from inside an archive", async () => {
    const error = new Error("the disk is gone");
    await expect(hash(broken("g.gb", filled(2 * READ_BYTES), error), 4)).rejects.toBe(error);
    const archive = createZip([{ name: "g.gb", data: rom, isDeflated: true }]);
    const late: ByteSource = {
      ...bytesSource(archive, "g.zip"),
      read: (start, end) =>
        start > 30 && start < 1000 ? Promise.reject(error) : Promise.resolve(archive.slice(start, end)),
    };
    await expect(hash(late, 4)).rejects.toBe(error);
  });

  test("that gives fewer bytes than it was asked for is an error, not an input without a hash", async () => {
    const short: ByteSource = { ...bytesSource(rom, "g.gb"), read: async () => filled(1) };
    await expect(hash(short, 4)).rejects.toThrow(NativeError);
  });
});

describe("a Jaguar CD with the homebrew loader", () => {
  /** An MD5 whose first digest is that of the loader, which nobody can make up. */
  function createLoaderMd5() {
    let count = 0;
    return () => {
      const md5 = createMd5();
      count += 1;
      return count === 1 ? { ...md5, digestHex: () => "254487b59ab21bc005338e85cbf9fd2f" } : md5;
    };
  }

  async function jaguar(second: Uint8Array): Promise<string> {
    const sheet = ascii(
      'REM SESSION 01\nFILE "a" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nFILE "b" BINARY\nTRACK 02 AUDIO\n' +
        'INDEX 01 00:00:00\nREM SESSION 02\nFILE "c" BINARY\nTRACK 03 AUDIO\nINDEX 01 00:00:00\n',
    );
    const files = { "g.cue": sheet, a: filled(2352), b: second, c: createJaguarTrack(seeded("loader")) };
    const input = filesOf("g.cue", files);
    return answerOf(await hashRetroAchievements(input, 77, { createMd5: createLoaderMd5() }));
  }

  test("counts the program in track 2", async () => {
    const track = put(put(filled(2 * 2352), 0x5e, "RT!IRTKA"), 0xa6, [0, 0, 0xb8, 0x0b]);
    put(track, 0xaa, seeded("homebrew").bytes(3000));
    const code = track.slice(0xaa, 0xaa + 3000).map((_, index, all) => all[index ^ 1] ?? 0);
    expect(await jaguar(track)).toBe(md5Of(code));
    expect(await jaguar(filled(2352))).toBe("unrecognized");
  });
});

describe("detectConsoles", () => {
  const detect = async (name: string, length = 1) => [
    ...(await detectConsoles(fileOf(name, filled(length)))),
  ];

  test.each([
    ["a.gba", [5]],
    ["a.GBA", [5]],
    ["a.3ds", [62]],
    ["a.elf", [62]],
    ["a.iso", [21, 41, 43, 9, 16, 19]],
    ["a.cue", [12, 21, 40, 9, 76, 43, 49, 56, 77]],
    ["a.chd", [12, 21, 40, 9, 41, 76, 43, 56, 49]],
    ["a.nib", [38, 30]],
    ["a.zip", [27]],
    ["a.xyz", [4]],
    ["noext", [4]],
  ])("%s: %j", async (name, expected) => {
    expect(await detect(name)).toEqual(expected);
  });

  test.each([
    ["a.bin", 32 << 20, [1]],
    ["a.bin", (32 << 20) + 1, [43, 12, 21, 9, 1]],
    ["a.dsk", 368_640, [29, 37, 59, 38]],
    ["a.dsk", 184_320, [29, 37, 59, 38]],
    ["a.dsk", 143_360, [38, 29, 37, 59]],
    ["a.dsk", 1, [29, 37, 59, 38]],
  ])("%s of %d bytes: %j", async (name, length, expected) => {
    expect(await detect(name, length)).toEqual(expected);
  });

  test("follows a playlist, and has none for one without entries", async () => {
    expect(await detectConsoles(filesOf("g.m3u", { "g.m3u": ascii("a.gdi"), "a.gdi": filled(1) }))).toEqual([
      40,
    ]);
    expect(await detectConsoles(fileOf("g.m3u", ascii("#\n")))).toEqual([]);
    expect(await detectConsoles(fileOf("g.m3u", ascii("gone.cue\n")))).toEqual([]);
  });
});
