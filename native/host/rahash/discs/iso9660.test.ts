import { describe, expect, test } from "bun:test";
import { ascii, filled, le16, le32, put } from "../../../vectors/ra/bytes.ts";
import { seeded } from "../../../vectors/ra/case.ts";
import { createIso, type IsoOptions } from "../../../vectors/ra/iso9660.ts";
import { bytesSource } from "../../byte-source.ts";
import { createContext } from "../context.ts";
import { createMd5, md5Of } from "../rahash.testing.ts";
import { openImage } from "./image.ts";
import { feedFile, findFile } from "./iso9660.ts";
import { getTrack } from "./ra-disc.ts";

const SECTOR_BYTES = 2048;
const ROOT_AT = 20 * SECTOR_BYTES;
const VOLUME_AT = 16 * SECTOR_BYTES;

async function open(image: Uint8Array) {
  const context = createContext({ createMd5 });
  return { context, track: await getTrack(openImage(context, bytesSource(image)), 1) };
}

async function find(image: Uint8Array, path: string): Promise<number | null> {
  const { context, track } = await open(image);
  return (await findFile(context, track, path))?.sizeBytes ?? null;
}

const files = { "A.BIN": filled(10), "DIR/B.BIN": filled(20), "DIR/SUB/LONGNAME.BIN": filled(30) };
const image = (options: IsoOptions = {}) => createIso(files, { tail: { sectors: 4 }, ...options });

describe("findFile", () => {
  test.each([
    ["A.BIN", 10],
    ["a.bin", 10],
    ["\\A.BIN", 10],
    ["A.BIN;1", 10],
    ["DIR\\B.BIN", 20],
    ["dir\\sub\\longname.bin", 30],
    ["A.BI", null],
    ["A.BINX", null],
    ["B.BIN", null],
    ["DIR\\A.BIN", null],
    ["NONE\\A.BIN", null],
    ["", null],
    ["\\\\A.BIN", null],
  ])("%s", async (path, expected) => {
    expect(await find(image(), path)).toBe(expected);
  });

  test("looks through all sectors of the root folder, but one of others", async () => {
    expect(await find(image({ rootFillers: 100 }), "A.BIN")).toBe(10);
    const many = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`DIR/F${index}`, filled(index)]),
    );
    const disc = createIso({ ...many, "A.BIN": filled(10) }, { tail: { sectors: 4 } });
    expect(await find(disc, "DIR\\F10")).toBe(10);
    expect(await find(disc, "DIR\\F59")).toBeNull();
  });

  test("looks through one sector of the root folder where blocks have no size", async () => {
    expect(await find(image({ rootFillers: 100, blockBytes: 0 }), "A.BIN")).toBeNull();
    expect(await find(image({ blockBytes: 0 }), "A.BIN")).toBe(10);
  });

  test("ends on records that point into one another, run over the sector, or say nothing", async () => {
    for (const length of [1, 2, 33, 34, 255])
      expect(await find(put(image(), ROOT_AT, filled(SECTOR_BYTES, length)), "A.BIN")).toBeNull();
    expect(await find(put(image(), ROOT_AT, filled(SECTOR_BYTES)), "A.BIN")).toBeNull();
  });

  test("ends in a root folder that claims to have no end", async () => {
    const disc = put(put(image(), VOLUME_AT + 128, le16(1)), VOLUME_AT + 166, le32(0xffffffff));
    expect(await find(disc, "NONE")).toBeNull();
  });

  test("finds nothing at sector 0", async () => {
    const disc = image();
    // Behind the entries of the folder itself and of its parent.
    const recordAt = ROOT_AT + 2 * 34;
    expect(await find(disc, "DIR\\B.BIN")).toBe(20);
    put(disc, recordAt + 2, le32(0));
    expect(await find(disc, "DIR\\B.BIN")).toBeNull();
  });
});

describe("feedFile", () => {
  const data = seeded("iso-file").soft(5 * SECTOR_BYTES + 7);
  const disc = createIso({ "A.BIN": data }, { tail: { sectors: 2 } });
  const start = disc.length - 2 * SECTOR_BYTES - 6 * SECTOR_BYTES;

  async function feed(length: number, sizeBytes = data.length) {
    const { context, track } = await open(disc.slice(0, length));
    await feedFile(context, track, { sector: start / SECTOR_BYTES, sizeBytes });
    return context.takeDigest();
  }

  test("hashes the file and nothing behind it", async () => {
    expect(await feed(disc.length)).toBe(md5Of(data));
    expect(await feed(disc.length, 0)).toBe(md5Of());
    expect(await feed(disc.length, 1)).toBe(md5Of(data.slice(0, 1)));
  });

  test("hashes what is there of a file that is cut off", async () => {
    expect(await feed(start + 3 * SECTOR_BYTES)).toBe(md5Of(data.slice(0, 3 * SECTOR_BYTES)));
    expect(await feed(start + 3 * SECTOR_BYTES + 100)).toBe(md5Of(data.slice(0, 3 * SECTOR_BYTES + 100)));
  });

  test("refuses a file whose first sector is cut off", async () => {
    await expect(feed(start)).rejects.toMatchObject({ reason: "damaged" });
    await expect(feed(start + SECTOR_BYTES - 1)).rejects.toMatchObject({ reason: "damaged" });
  });

  test("reads names as bytes", async () => {
    expect(await find(createIso({ "\xc4.BIN": ascii("x") }, { tail: { sectors: 4 } }), "\xc4.BIN")).toBe(1);
  });
});
