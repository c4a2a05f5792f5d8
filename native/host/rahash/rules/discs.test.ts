import { describe, expect, test } from "bun:test";
import { ascii, be16, be32, filled, join, le32, put, swapped } from "../../../vectors/ra/bytes.ts";
import { oneTrackSheet, seeded } from "../../../vectors/ra/case.ts";
import { encodeTrack } from "../../../vectors/ra/cd-sectors.ts";
import {
  createDreamcastHeader,
  createOperaDisc,
  createPcEngineHeader,
  createPsxDisc,
  createPsxExecutable,
  createSegaHeader,
} from "../../../vectors/ra/disc-systems.ts";
import { createIso } from "../../../vectors/ra/iso9660.ts";
import { answerOf, filesOf, hash, hashFile, md5Of } from "../rahash.testing.ts";

const SECTOR_BYTES = 2048;
const random = seeded("discs");

const iso = async (consoleId: number, image: Uint8Array): Promise<string> =>
  answerOf(await hashFile("g.iso", image, consoleId));

/** Hashes data as the one track of a cue sheet. */
const cue = async (consoleId: number, data: Uint8Array): Promise<string> => {
  const files = { "g.cue": oneTrackSheet("g.bin", "MODE1/2048"), "g.bin": data };
  return answerOf(await hash(filesOf("g.cue", files), consoleId));
};

describe("Sega CD and Saturn", () => {
  const header = createSegaHeader(random, "SEGA SEGASATURN ").slice(0, SECTOR_BYTES);

  test("the smallest disc is one sector with the header", async () => {
    expect(await iso(39, header)).toBe(md5Of(header.slice(0, 512)));
    expect(await iso(9, header)).toBe(md5Of(header.slice(0, 512)));
  });

  test("an image that ends inside its header has no hash", async () => {
    const sheet = { "g.cue": oneTrackSheet("g.bin", "MODE1/2048"), "g.bin": header.slice(0, 511) };
    expect(answerOf(await hash(filesOf("g.cue", sheet), 39))).toBe("unrecognized");
  });
});

describe("PlayStation", () => {
  const executable = createPsxExecutable(random, 100);
  const disc = (configuration: string, path = "A.EXE") =>
    createPsxDisc(seeded("psx-lines"), { configuration, path, executable });
  const found = (name: string) => md5Of(ascii(name), executable);

  test.each([
    ["BOOT=A.EXE", "A.EXE"],
    ["BOOT = cdrom:\\A.EXE;1", "A.EXE"],
    ["BOOT\t=\tcdrom:A.EXE arguments", "A.EXE"],
    ["BOOT=cdrom:\\\\\\a.exe", "a.exe"],
    ["TCB=4\nBOOT=A.EXE\nBOOT=B.EXE", "A.EXE"],
  ])("%j starts %s", async (configuration, name) => {
    expect(await iso(12, disc(configuration))).toBe(found(name));
  });

  test.each([
    " BOOT=A.EXE",
    "BOOT2=cdrom0:\\A.EXE",
    "boot=A.EXE",
    "BOOT=CDROM:\\A.EXE",
    "BOOT=B.EXE\nBOOT=A.EXE",
    "BOOT=",
    "BOOT A.EXE",
    "\0BOOT=A.EXE",
    `BOOT=${"A".repeat(63)}.EXE`,
    `TCB=${"4".repeat(2047)}\nBOOT=A.EXE`,
  ])("%j starts nothing, and PSX.EXE if that is there", async (configuration) => {
    expect(await iso(12, disc(configuration))).toBe("unrecognized");
    expect(await iso(12, disc(configuration, "PSX.EXE"))).toBe(found("PSX.EXE"));
  });

  test("the size in the executable is taken without sign and as far as the image goes", async () => {
    const large = put(createPsxExecutable(random, 5000), 28, le32(0xffffffff));
    const options = { configuration: "BOOT=A.EXE", path: "A.EXE", executable: large, iso: {} };
    const image = createPsxDisc(seeded("psx-large"), options);
    expect(await iso(12, image)).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("PlayStation 2", () => {
  test("a program that is named and missing has no hash", async () => {
    expect(await iso(21, createIso({ "SYSTEM.CNF": ascii("BOOT2=cdrom0:\\X.ELF;1") }))).toBe("file_missing");
  });

  test("the smallest disc is SYSTEM.CNF and a program of one byte", async () => {
    const files = { "SYSTEM.CNF": ascii("BOOT2=X"), X: Uint8Array.of(1) };
    expect(await iso(21, createIso(files))).toBe(md5Of(ascii("X"), Uint8Array.of(1)));
  });
});

describe("PSP", () => {
  test("the smallest disc has two files of one byte", async () => {
    const files = { "PSP_GAME/PARAM.SFO": Uint8Array.of(1), "PSP_GAME/SYSDIR/EBOOT.BIN": Uint8Array.of(2) };
    expect(await iso(41, createIso(files))).toBe(md5Of(Uint8Array.of(1, 2)));
  });
});

describe("Dreamcast", () => {
  const disc = (bootName: string, file: string) =>
    createIso({ [file]: ascii("boot") }, { system: createDreamcastHeader(seeded("dc-small"), bootName) });

  test("the name ends at white space, or fills its field", async () => {
    const one = disc("BOOT.BIN X", "BOOT.BIN");
    expect(await cue(40, one)).toBe(md5Of(one.slice(0, 256), ascii("boot")));
    const long = disc("SIXTEEN_LETTERS.", "SIXTEEN_LETTERS.");
    expect(await cue(40, long)).toBe(md5Of(long.slice(0, 256), ascii("boot")));
  });

  test("a disc without the mark, and one that ends inside its header, have no hash", async () => {
    expect(await cue(40, put(disc("A", "A"), 0, "SEGA SEGAKATANAX"))).toBe("unrecognized");
    expect(await cue(40, disc("A", "A").slice(0, 255))).toBe("unrecognized");
  });
});

describe("PC Engine CD", () => {
  const disc = (sector: number, count: number) =>
    join(
      filled(SECTOR_BYTES),
      createPcEngineHeader(seeded("pce-small"), sector, count),
      random.soft(5 * SECTOR_BYTES),
    );
  const title = ascii("VECTOR TITLE".padEnd(22));

  test("without boot code is its title", async () => {
    expect(await cue(76, disc(2, 0))).toBe(md5Of(title));
  });

  test("counts the last sector again where the image ends", async () => {
    const image = disc(5, 4);
    const [fifth, sixth] = [image.slice(5 * SECTOR_BYTES, 6 * SECTOR_BYTES), image.slice(6 * SECTOR_BYTES)];
    expect(await cue(76, image)).toBe(md5Of(title, fifth, sixth, sixth, sixth));
  });

  test("is not looked for in a gdi", async () => {
    const files = { "g.gdi": ascii("1\n1 0 4 2048 a.iso 0\n"), "a.iso": disc(2, 1) };
    expect(answerOf(await hash(filesOf("g.gdi", files), 76))).toBe("unsupported");
  });

  test("has no hash where the image ends before its boot code", async () => {
    expect(await cue(76, disc(7, 1))).toBe("damaged");
    expect(await cue(76, disc(2, 1).slice(0, SECTOR_BYTES + 127))).toBe("unrecognized");
  });
});

describe("PC-FX", () => {
  const disc = (first: number, count: number) => {
    const header = put(put(filled(SECTOR_BYTES), 32, le32(first)), 36, le32(count));
    return join(put(filled(SECTOR_BYTES), 0, "PC-FX:Hu_CD-ROM"), header, random.soft(3 * SECTOR_BYTES));
  };

  test("is header and boot code", async () => {
    const image = disc(2, 3);
    const code = image.slice(2 * SECTOR_BYTES);
    expect(await cue(49, image)).toBe(md5Of(image.slice(SECTOR_BYTES, SECTOR_BYTES + 128), code));
    expect(await cue(49, disc(2, 0))).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each([
    ["ends inside the boot code", disc(2, 4), "damaged"],
    ["claims boot code without end", disc(2, 0xffffff), "damaged"],
    ["ends inside the header", disc(2, 0).slice(0, SECTOR_BYTES + 127), "damaged"],
    ["is a bare image", disc(2, 3), "unsupported"],
  ])("has no hash where it %s", async (what, image, expected) => {
    expect(await (what === "is a bare image" ? iso : cue)(49, image)).toBe(expected);
  });

  test("a PC Engine CD's boot code in track 2 counts as well", async () => {
    const title = ascii("VECTOR TITLE".padEnd(22));
    const track = join(filled(SECTOR_BYTES), createPcEngineHeader(seeded("pce-fx"), 2, 0));
    const sheet =
      'FILE "a" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nFILE "b" BINARY\nTRACK 02 MODE1/2048\nINDEX 01 00:00:00\n';
    const files = { "g.cue": ascii(sheet), a: random.audio(2), b: track };
    expect(answerOf(await hash(filesOf("g.cue", files), 49))).toBe(md5Of(title));
  });
});

describe("3DO", () => {
  const disc = () => createOperaDisc(seeded("3do-bounds"), { hasSecondBlock: true });
  const rootAt = 20 * SECTOR_BYTES;

  test.each([
    ["a directory that runs in a circle", put(disc(), rootAt + 2, be16(0)), "over_limit"],
    ["a directory block that does not exist", put(disc(), rootAt + 2, be16(0xfffe)), "file_missing"],
    ["blocks without size", put(disc(), 0x4c, be32(0)), "over_limit"],
    ["a header that is cut off", disc().slice(0, 131), "unrecognized"],
  ])("has no hash for %s", async (_, image, expected) => {
    expect(await cue(43, image)).toBe(expected);
  });

  test("passes over entries that lie outside their block", async () => {
    const first = put(disc(), rootAt + 0x10, be32(0xffff));
    expect(await cue(43, first)).toBe(await cue(43, disc()));
  });

  test("counts the last sector again where the image ends inside the program", async () => {
    const whole = createOperaDisc(seeded("3do-cut"));
    const cut = whole.slice(0, 41 * SECTOR_BYTES);
    const sector = whole.slice(40 * SECTOR_BYTES, 41 * SECTOR_BYTES);
    expect(await iso(43, cut)).toBe(
      md5Of(whole.slice(0, 132), sector, sector, sector.slice(0, 5000 - 2 * SECTOR_BYTES)),
    );
  });
});

describe("Neo Geo CD", () => {
  const disc = (list: string) =>
    createIso({ "IPL.TXT": ascii(list), "A.PRG": ascii("one"), "B.PRG": ascii("two") });

  test.each([
    ["A.PRG,0,0\r\nB.PRG,0,0\r\n\x1a", "onetwo"],
    ["B.PRG\nA.PRG", "twoone"],
    ["X.FIX\nA.prg\n", "one"],
    ["A.PRG\n\x1aB.PRG\n", "one"],
    ["A.PRG\n\0B.PRG\n", "one"],
    ["\n\nA.PRG", "one"],
    ["A.B.PRG\n", ""],
    ["", ""],
    ["\x1a", ""],
  ])("%j counts as %j", async (list, data) => {
    expect(await iso(56, disc(list))).toBe(md5Of(ascii(data)));
  });

  test("names behind the list's first 1023 bytes do not count", async () => {
    expect(await iso(56, disc(`A.PRG\n${"x".repeat(1017)}\nB.PRG\n`))).toBe(md5Of(ascii("one")));
  });
});

describe("Jaguar CD", () => {
  const MARK = "ATARI APPROVED DATA HEADER ATRI ";
  const fields = (codeBytes: number) => [...be32(0x4000), ...be32(codeBytes)];
  const track = (at: number, codeBytes: number, code: Uint8Array) =>
    join(filled(at), ascii(MARK), fields(codeBytes), code);

  async function jaguar(second: Uint8Array): Promise<string> {
    const sheet =
      'REM SESSION 01\nFILE "a" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n' +
      'REM SESSION 02\nFILE "b" BINARY\nTRACK 02 AUDIO\nINDEX 01 00:00:00\n';
    return answerOf(await hash(filesOf("g.cue", { "g.cue": ascii(sheet), a: filled(2352), b: second }), 77));
  }

  const code = random.soft(700_001);

  test.each([64, 65, 1000, 2307])("finds its mark at byte %d, in both byte orders", async (at) => {
    const straight = join(track(at, code.length, code), filled(1));
    expect(await jaguar(straight)).toBe(md5Of(code));
    // Pairs count from where the mark stands.
    const turned = join(filled(at), swapped(straight.slice(at), 2));
    expect(await jaguar(turned)).toBe(md5Of(code));
  });

  test.each([
    ["its mark stands too early", track(63, 4, code), "unrecognized"],
    ["its mark stands too late", track(2308, 4, code), "unrecognized"],
    ["its code is empty", track(64, 0, code), "unrecognized"],
    ["its code is cut off", track(64, code.length + 1, code), "damaged"],
    ["its code claims all there could be", track(64, 0xffffffff, code), "damaged"],
  ])("has no hash where %s", async (_, second, expected) => {
    expect(await jaguar(second)).toBe(expected);
  });
});

test("an image of raw sectors hashes as the plain one", async () => {
  const plain = createPsxDisc(seeded("forms"));
  const expected = await iso(12, plain);
  for (const mode of ["MODE1/2352", "MODE2/2352"] as const)
    expect(await iso(12, encodeTrack(plain, mode))).toBe(expected);
});
