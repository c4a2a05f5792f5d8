import { describe, expect, test } from "bun:test";
import { ascii, filled, join, le32, put } from "../../../vectors/ra/bytes.ts";
import { seeded } from "../../../vectors/ra/case.ts";
import { encodeTrack, mode1Sector } from "../../../vectors/ra/cd-sectors.ts";
import { type ByteSource, bytesSource } from "../../byte-source.ts";
import { createContext, type RaContext } from "../context.ts";
import { createMd5 } from "../rahash.testing.ts";
import { RaRefusal } from "../refusal.ts";
import { openCue, parseCue } from "./cue.ts";
import { openGdi, parseGdi } from "./gdi.ts";
import { openImage } from "./image.ts";
import { findTrack, type RaDisc, readData, startOf, type TrackChoice } from "./ra-disc.ts";

const context: RaContext = createContext({ createMd5 });
const random = seeded("sheets");

/** Gives sectors whose first byte is their number. */
const numbered = (count: number): Uint8Array =>
  join(...Array.from({ length: count }, (_, index) => put(random.bytes(2048), 0, [index])));

function openFileOf(files: { readonly [name: string]: Uint8Array }): (name: string) => Promise<ByteSource> {
  return async (name) => {
    const bytes = files[name];
    if (bytes === undefined) throw new RaRefusal("file_missing", name);
    return bytesSource(bytes, name);
  };
}

async function firstByte(disc: RaDisc, choice: TrackChoice, fromStart = 0): Promise<number | undefined> {
  const track = await findTrack(disc, choice);
  if (track === null) return undefined;
  return (await readData(context, track, { sector: startOf(track) + fromStart, length: 1 }))[0];
}

describe("parseCue", () => {
  test("reads names, modes, sessions and indexes", () => {
    const sheet =
      'rem session 01\r\nFile "a b.bin" BINARY\r\n  track 01 mode1/2352\r\n    INDEX 00 00:01:02\r\n' +
      "    index 01 01:00:00\r\nREM SESSION 02\nFILE c.bin BINARY\n  TRACK 2 AUDIO\n    INDEX 01 00:00:00\n";
    expect(parseCue(sheet)).toEqual([
      {
        number: 1,
        mode: "MODE1/2352",
        sessionNumber: 1,
        fileName: "a b.bin",
        fileIndex: 0,
        index0: 77,
        index1: 4500,
      },
      {
        number: 2,
        mode: "AUDIO",
        sessionNumber: 2,
        fileName: "c.bin",
        fileIndex: 1,
        index0: null,
        index1: 0,
      },
    ]);
  });

  test.each([
    ["nothing", ""],
    ["a track without a file", "TRACK 01 AUDIO\nINDEX 01 00:00:00"],
    ["a track without an index", 'FILE "a" BINARY\nTRACK 01 AUDIO\nPREGAP 00:02:00'],
    ["an index without a track", 'FILE "a" BINARY\nINDEX 01 00:00:00'],
    ["an index without a time", 'FILE "a" BINARY\nTRACK 01 AUDIO\nINDEX 01 x'],
    ["lines behind tabs", 'FILE "a" BINARY\n\tTRACK 01 AUDIO\n\tINDEX 01 00:00:00'],
  ])("gives no tracks for %s", (_, sheet) => {
    expect(parseCue(sheet)).toEqual([]);
  });
});

describe("parseGdi", () => {
  test("reads tracks, with and without quotes, and passes over other lines", () => {
    expect(parseGdi('2\n1 0 4 2352 a.bin 0\n\n 2\t450 0 2352 "b c.raw" 0\nx\n')).toEqual([
      { number: 1, firstSector: 0, isData: true, sectorBytes: 2352, fileName: "a.bin" },
      { number: 2, firstSector: 450, isData: false, sectorBytes: 2352, fileName: "b c.raw" },
    ]);
  });
});

describe("a cue sheet", () => {
  const audio = random.audio(5);
  const cooked = numbered(30);

  test("places tracks that share a file by the lengths of those before them", async () => {
    const sheet =
      'FILE "d" BINARY\nTRACK 01 MODE1/2048\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 00:00:30\n' +
      "TRACK 03 MODE1/2048\nINDEX 00 00:00:35\nINDEX 01 00:00:37\n";
    const files = { d: join(cooked, audio, cooked) };
    const disc = openCue(context, sheet, openFileOf(files));
    expect(await firstByte(disc, 1)).toBe(0);
    expect(await firstByte(disc, 3)).toBe(2);
    expect((await findTrack(disc, 2))?.dataBytes).toBe(2352);
    expect((await findTrack(disc, 3))?.firstSector).toBe(35);
    expect(await Promise.all(disc.tracks.map((track) => track.getFrameCount()))).toEqual([30, 5, 30]);
  });

  test("counts sectors on from file to file", async () => {
    const sheet =
      'FILE "a" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nFILE "d" BINARY\nTRACK 02 MODE1/2048\nINDEX 01 00:00:00\n';
    const disc = openCue(context, sheet, openFileOf({ a: audio, d: cooked }));
    expect((await findTrack(disc, 2))?.firstSector).toBe(5);
    expect(await firstByte(disc, "first_data", 3)).toBe(3);
    expect(await firstByte(disc, "last")).toBe(0);
    expect(await firstByte(disc, "largest_data")).toBe(0);
    expect(await findTrack(disc, "second_session")).toBeNull();
    expect(await findTrack(disc, 7)).toBeNull();
  });

  test("opens no file behind the track that is asked for", async () => {
    const sheet =
      'FILE "d" BINARY\nTRACK 01 MODE1/2048\nINDEX 01 00:00:00\nFILE "x" BINARY\nTRACK 02 AUDIO\nINDEX 01 00:00:00\n';
    const disc = openCue(context, sheet, openFileOf({ d: cooked }));
    expect(await firstByte(disc, 1)).toBe(0);
    await expect(findTrack(disc, 2)).rejects.toMatchObject({ reason: "file_missing" });
  });

  test.each([
    ["a mode that is not known", 'FILE "d" BINARY\nTRACK 01 CDG\nINDEX 01 00:00:00', "unrecognized"],
    [
      "an index 1 before index 0",
      'FILE "d" BINARY\nTRACK 01 AUDIO\nINDEX 00 00:00:09\nINDEX 01 00:00:00',
      "damaged",
    ],
  ])("refuses %s", async (_, sheet, reason) => {
    const disc = openCue(context, sheet, openFileOf({ d: filled(4096) }));
    await expect(findTrack(disc, 1)).rejects.toMatchObject({ reason });
  });

  test("refuses more tracks than a disc has", () => {
    const sheet = `FILE "d" BINARY\n${"TRACK 01 AUDIO\nINDEX 01 00:00:00\n".repeat(100)}`;
    expect(() => openCue(context, sheet, openFileOf({}))).toThrow(RaRefusal);
  });
});

describe("a gdi", () => {
  test("places tracks where it says, but takes the sectors' own word first", async () => {
    const files = { a: numbered(20), b: encodeTrack(numbered(20), "MODE1/2352", 700) };
    const sheet = "2\n1 0 4 2048 a 0\n2 600 4 2352 b 0\n";
    const disc = openGdi(context, sheet, openFileOf(files));
    expect((await findTrack(disc, 1))?.firstSector).toBe(0);
    expect((await findTrack(disc, 2))?.firstSector).toBe(700);
    expect(await disc.tracks[1]?.getFrameCount()).toBe(20);
    expect(await firstByte(disc, "last", 4)).toBe(4);
  });
});

describe("a bare image", () => {
  const open = async (bytes: Uint8Array) => findTrack(openImage(context, bytesSource(bytes)), 1);

  test("shows the form of its sectors in the seventeenth", async () => {
    const xa = join(encodeTrack(numbered(16), "MODE2/2352"), put(mode1Sector(16, filled(2048)), 25, "CD001"));
    expect(await open(join(xa, filled(2352)))).toMatchObject({ firstSector: 0, dataBytes: 2048 });
    const iso = put(numbered(20), 16 * 2048 + 1, "CD001");
    expect(await open(iso)).toMatchObject({ firstSector: 0, dataBytes: 2048 });
  });

  test.each([
    [2352 * 20, 24],
    [2048 * 20, 0],
    [2336 * 20, 8],
  ])("of %d bytes is cut by its size where they show nothing", async (length, header) => {
    const track = await open(put(filled(length), header, le32(0x12345678)));
    const bytes = track === null ? filled(0) : await readData(context, track, { sector: 0, length: 4 });
    expect([...bytes]).toEqual(le32(0x12345678));
  });

  test("of an odd size is refused", async () => {
    await expect(open(filled(12345))).rejects.toMatchObject({ reason: "unrecognized" });
  });

  test("whose sectors count from before the disc's start gives nothing, as clients read it", async () => {
    const track = await open(encodeTrack(numbered(200), "MODE1/2352", -150));
    expect(track?.firstSector).toBe(-150);
    for (const sector of [-150, 0, 10])
      expect(track === null ? null : await readData(context, track, { sector, length: 1 })).toHaveLength(0);
  });

  test("has no track but the first", async () => {
    const disc = openImage(context, bytesSource(filled(4096)));
    for (const choice of [2, "first_data", "last", "largest_data", "second_session"] as const)
      expect(await findTrack(disc, choice)).toBeNull();
  });

  test("gives what it has where it ends inside a sector, and nothing before or behind it", async () => {
    const track = await open(join(encodeTrack(numbered(20), "MODE1/2352"), ascii("x".repeat(100))));
    if (track === null) throw new Error("no track");
    expect(await readData(context, track, { sector: 19, length: 4096 })).toHaveLength(2048 + 84);
    expect(await readData(context, track, { sector: 21, length: 1 })).toHaveLength(0);
    expect(await readData(context, track, { sector: -1, length: 1 })).toHaveLength(0);
  });
});
