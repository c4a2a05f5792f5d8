import { describe, expect, test } from "bun:test";
import { ascii, filled, join, le32, put, swapped } from "../../../vectors/ra/bytes.ts";
import { createInesHeader, createN64, createNds } from "../../../vectors/ra/cartridges.ts";
import { seeded } from "../../../vectors/ra/case.ts";
import { createZip } from "../../../vectors/ra/zip.ts";
import { answerOf, filesOf, hash, hashFile, md5Of } from "../rahash.testing.ts";
import { WHOLE_FILE_CONSOLES } from "./consoles.ts";

const EMPTY = md5Of();
const body = seeded("cartridges").bytes(3000);

/** Hashes bytes under a name that says nothing. */
const answer = async (consoleId: number, bytes: Uint8Array, name = "game"): Promise<string> =>
  answerOf(await hashFile(name, bytes, consoleId));

describe("a whole file", () => {
  test.each(WHOLE_FILE_CONSOLES.map((id) => [id]))(
    "of console %d is hashed byte for byte, however short",
    async (id) => {
      expect(await answer(id, body)).toBe(md5Of(body));
      expect(await answer(id, filled(0))).toBe(EMPTY);
      expect(await answer(id, filled(1, 7))).toBe(md5Of(filled(1, 7)));
    },
  );
});

describe("a header", () => {
  /** With the length at which its mark is complete. */
  const headers: readonly (readonly [name: string, consoleId: number, header: Uint8Array, mark: number])[] = [
    ["iNES", 7, createInesHeader(), 4],
    ["iNES on the disk system", 81, createInesHeader(), 4],
    ["fwNES", 81, put(filled(16), 0, "FDS\x1a"), 4],
    ["LNX", 13, put(filled(64), 0, "LYNX\0"), 5],
    ["A78", 51, put(filled(128), 0, "\x03ATARI7800"), 10],
    ["EmuSCV", 55, put(filled(32), 0, "EmuSCV"), 6],
  ];

  test.each(headers)("%s does not count", async (_, consoleId, header) => {
    expect(await answer(consoleId, join(header, body))).toBe(md5Of(body));
    expect(await answer(consoleId, header)).toBe(EMPTY);
  });

  test.each(headers)("%s that is cut off gives no hash", async (_, consoleId, header, mark) => {
    for (let length = 0; length < header.length; length += 1) {
      const cut = header.slice(0, length);
      expect(await answer(consoleId, cut)).toBe(length < mark ? md5Of(cut) : "damaged");
    }
  });
});

describe("a header that only the size shows", () => {
  test.each([
    [3, 512, EMPTY],
    [3, 8192 + 512, md5Of(filled(8192))],
    [3, 8192 + 513, md5Of(filled(8192 + 513))],
    [8, 512, EMPTY],
    [8, 1023, md5Of(filled(511))],
    [8, 1024, md5Of(filled(1024))],
  ])("console %d with %d bytes", async (consoleId, length, expected) => {
    expect(await answer(consoleId, filled(length))).toBe(expected);
  });
});

describe("a Nintendo 64 image", () => {
  const image = createN64(seeded("n64-order"), 4096);

  test.each([1, 2, 4])("counts in big endian, stored in units of %d bytes", async (unit) => {
    expect(await answer(2, unit === 1 ? image : swapped(image, unit))).toBe(md5Of(image));
  });

  test.each([
    ["of one byte", Uint8Array.of(0x80), md5Of(Uint8Array.of(0x80))],
    ["of no bytes", filled(0), "unrecognized"],
    ["of swapped pairs that ends inside one", swapped(image, 2).slice(0, 4095), "damaged"],
    ["of swapped words that ends inside one", swapped(image, 4).slice(0, 4094), "damaged"],
    ["that starts like none", filled(64, 0x41), "unrecognized"],
  ])("%s", async (_, bytes, expected) => {
    expect(await answer(2, bytes)).toBe(expected);
  });
});

describe("a Nintendo DS image", () => {
  const smallest = put(filled(512), 0x20, filled(0));

  test("of a header only is hashed with an empty icon", async () => {
    const icon = join(smallest, filled(0xa00 - 512));
    expect(await answer(18, smallest)).toBe(md5Of(smallest.slice(0, 0x160), icon));
  });

  test("gives no hash where its code is cut off, and one where its icon is", async () => {
    const image = createNds(seeded("nds-cut"));
    const codeEnd = 0x4000 + 0x3000 + 0x80 + 0x1400;
    expect(await answer(18, image.slice(0, codeEnd - 1))).toBe("damaged");
    expect(await answer(18, image.slice(0, codeEnd))).toMatch(/^[0-9a-f]{32}$/);
  });

  test("gives no hash where two sizes only fit when their sum wraps", async () => {
    const image = put(put(smallest.slice(), 0x2c, le32(0xffffffff)), 0x3c, le32(2));
    expect(await answer(18, image)).toBe("unrecognized");
  });

  test("gives no hash where the header behind a SuperCard's is cut off", async () => {
    const card = put(put(filled(1023), 0, [0x2e, 0, 0, 0xea]), 0xb0, [0x44, 0x46, 0x96, 0]);
    expect(await answer(18, card)).toBe("damaged");
  });
});

describe("an arcade game", () => {
  const named = async (path: string): Promise<string> =>
    answerOf(await hash(filesOf(path, { [path]: body }), 27));

  test.each([
    ["pacman.zip", "pacman"],
    ["a.b.c", "a.b"],
    ["noext", "noex"],
    ["x", ""],
    [".hidden", ""],
    ["snes/mario.zip", "mario"],
    ["any/NES/smb.zip", "nes_smb"],
    [`nes/${"a".repeat(123)}.zip`, `nes_${"a".repeat(123)}`],
    [`nes/${"a".repeat(124)}.zip`, "a".repeat(124)],
  ])("%s is known as %j", async (path, name) => {
    expect(await named(path)).toBe(md5Of(ascii(name)));
  });

  test("without a name has no hash", async () => {
    expect(await answer(27, body, "")).toBe("unsupported");
  });
});

describe("an Arduboy text", () => {
  test.each([
    ["", "\n"],
    ["a", "a\n"],
    ["a\n", "a\n"],
    ["a\r\nb", "a\nb\n"],
    ["a\r\rb\r", "a\n\nb\n"],
    ["a\n\rb", "a\n\nb\n"],
    ["\r\n", "\n"],
  ])("%j counts as %j", async (text, lines) => {
    expect(await answer(71, ascii(text), "a.hex")).toBe(md5Of(ascii(lines)));
  });

  test("counts a line end once that two reads share", async () => {
    const text = put(filled((1 << 20) + 1, 0x41), (1 << 20) - 1, "\r\n");
    const lines = put(filled(1 << 20, 0x41), (1 << 20) - 1, "\n");
    expect(await answer(71, text, "a.hex")).toBe(md5Of(lines));
  });
});

describe("an archive's directory", () => {
  const archive = (...names: readonly string[]) =>
    createZip(names.map((name) => ({ name, data: name.endsWith(".parent") ? filled(0) : ascii("data") })));

  test("counts the same in any order", async () => {
    const there = await answer(26, archive("B.EXE", "a/c.dat", "Z"), "g.dosz");
    expect(await answer(26, archive("Z", "a/c.dat", "B.EXE"), "g.dosz")).toBe(there);
    expect(await answer(26, archive("Z", "a\\C.DAT", "b.exe"), "g.dosz")).toBe(there);
    expect(await answer(26, archive("Z", "a/d.dat", "b.exe"), "g.dosz")).not.toBe(there);
  });

  test("without files is that of nothing", async () => {
    expect(await answer(26, archive(), "g.dosz")).toBe(EMPTY);
    expect(await answer(71, archive("readme.txt", ".hex"), "g.arduboy")).toBe(EMPTY);
  });

  test.each([
    ["two links", { "g.dosz": archive("a.dosz.parent", "b.dosz.parent") }, "damaged"],
    ["a link to nothing", { "g.dosz": archive("a.dosz.parent") }, "file_missing"],
    ["a link that leads out of the folder", { "g.dosz": archive("/a.dosz.parent") }, EMPTY],
    ["a link to itself", { "g.dosz": archive("g.dosz.parent") }, "damaged"],
    [
      "a link to an archive with a link",
      { "g.dosz": archive("a.dosz.parent"), "a.dosz": archive("b.dosz.parent"), "b.dosz": archive() },
      "damaged",
    ],
  ])("with %s", async (_, files, expected) => {
    const result = answerOf(await hash(filesOf("g.dosz", files), 26));
    if (expected === EMPTY) expect(result).toMatch(/^[0-9a-f]{32}$/);
    else expect(result).toBe(expected);
  });

  test("gives no hash wherever it is cut off", async () => {
    const whole = archive("GAME.EXE", "DATA.DAT");
    for (let length = 0; length < whole.length; length += 1)
      expect(["unrecognized", "damaged"]).toContain(await answer(26, whole.slice(0, length), "g.dosz"));
  });
});
