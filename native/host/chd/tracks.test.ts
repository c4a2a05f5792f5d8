import { describe, expect, test } from "bun:test";
import { isGdRom, readTracks } from "./tracks.ts";
import type { ChdMetadata } from "./types.ts";

const CD = { unitBytes: 2448, logicalBytes: 100_000 * 2448 };
const entry = (tag: string, content: string | Uint8Array): ChdMetadata => ({
  tag,
  isChecksummed: true,
  bytes: typeof content === "string" ? new TextEncoder().encode(`${content}\0`) : content,
});
const words = (values: readonly number[], isLittleEndian = false): Uint8Array => {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value, isLittleEndian);
  return bytes;
};
const codeOf = (entries: readonly ChdMetadata[], sizes = CD): string => {
  try {
    readTracks(entries, sizes);
    return "sound";
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe("readTracks", () => {
  test("lays tracks out with frames rounded up to 4 each", () => {
    const { tracks } = readTracks(
      [
        entry(
          "CHT2",
          "TRACK:1 TYPE:MODE1_RAW SUBTYPE:NONE FRAMES:26 PREGAP:0 PGTYPE:MODE1 PGSUB:NONE POSTGAP:0",
        ),
        entry(
          "CHT2",
          "TRACK:2 TYPE:AUDIO SUBTYPE:RW_RAW FRAMES:40 PREGAP:11 PGTYPE:VAUDIO PGSUB:NONE POSTGAP:5",
        ),
        entry("CHT2", "TRACK:3 TYPE:AUDIO SUBTYPE:RW FRAMES:1 PREGAP:7 PGTYPE:MODE1 PGSUB:NONE POSTGAP:0"),
      ],
      CD,
    );
    expect(tracks).toMatchObject([
      { number: 1, kind: "data", sectorBytes: 2352, subcode: "none", firstSector: 0, firstFrame: 0 },
      {
        number: 2,
        pregapFrames: 11,
        isPregapStored: true,
        postgapFrames: 5,
        subcode: "rw_raw",
        firstFrame: 28,
      },
      { number: 3, pregapFrames: 7, isPregapStored: false, subcode: "rw", firstSector: 66, firstFrame: 68 },
    ]);
  });

  test.each([
    ["MODE1", "data", 2048],
    ["MODE1/2048", "data", 2048],
    ["MODE1/2352", "data", 2352],
    ["MODE2", "data", 2336],
    ["MODE2/2336", "data", 2336],
    ["MODE2_FORM1", "data", 2048],
    ["MODE2_FORM2", "data", 2324],
    ["MODE2_FORM_MIX", "data", 2336],
    ["MODE2_RAW", "data", 2352],
    ["AUDIO", "audio", 2352],
  ] as const)("knows %s as %s of %d bytes", (type, kind, sectorBytes) => {
    const { tracks } = readTracks([entry("CHTR", `TRACK:1 TYPE:${type} SUBTYPE:NONE FRAMES:4`)], CD);
    expect(tracks).toMatchObject([{ kind, sectorBytes, frameCount: 4, padFrames: 0 }]);
  });

  test.each([false, true])("reads the old binary table (little endian: %p)", (isLittleEndian) => {
    const table = words([2, 1, 2, 2352, 0, 30, 2, 7, 2, 2352, 0, 17, 0], isLittleEndian);
    const { tracks } = readTracks([entry("CHCD", table)], CD);
    expect(tracks).toMatchObject([
      { mode: "MODE1_RAW", frameCount: 30, firstFrame: 0 },
      { mode: "AUDIO", frameCount: 17, firstFrame: 32 },
    ]);
  });

  test("takes the old GD-ROM form for one with little endian audio", () => {
    const text = "TRACK:1 TYPE:AUDIO SUBTYPE:NONE FRAMES:10 PAD:2 PREGAP:0 PGTYPE:MODE1 PGSUB:NONE POSTGAP:0";
    expect(readTracks([entry("CHGT", text)], CD)).toMatchObject({
      isAudioLittleEndian: true,
      tracks: [{ padFrames: 2 }],
    });
    expect(readTracks([entry("CHGD", text)], CD).isAudioLittleEndian).toBe(false);
    expect([isGdRom([entry("CHGD", text)]), isGdRom([entry("CHT2", text)])]).toEqual([true, false]);
  });

  test("sees a DVD as one track, and no track in anything else", () => {
    const sizes = { unitBytes: 2048, logicalBytes: 10 * 2048 };
    expect(readTracks([entry("DVD ", "")], sizes).tracks).toMatchObject([{ mode: "MODE1", frameCount: 10 }]);
    expect(readTracks([entry("GDDD", "CYLS:1,HEADS:1,SECS:1,BPS:512")], sizes).tracks).toEqual([]);
    expect(readTracks([], sizes).tracks).toEqual([]);
  });

  const track = (text: string) => [entry("CHT2", text)];
  test.each([
    ["an unknown type", track("TRACK:1 TYPE:MODE9 SUBTYPE:NONE FRAMES:4")],
    ["no type", track("")],
    ["a number that is none", track("TRACK:1 TYPE:AUDIO SUBTYPE:NONE FRAMES:4x")],
    ["a negative number", track("TRACK:1 TYPE:AUDIO SUBTYPE:NONE FRAMES:-4")],
    ["a number without end", track(`TRACK:1 TYPE:AUDIO SUBTYPE:NONE FRAMES:${"9".repeat(400)}`)],
    ["more frames than content", track("TRACK:1 TYPE:AUDIO SUBTYPE:NONE FRAMES:100001")],
    ["more filler than frames", track("TRACK:1 TYPE:AUDIO SUBTYPE:NONE FRAMES:4 PAD:5")],
    ["a stored pregap longer than the track", track("TRACK:1 TYPE:AUDIO FRAMES:4 PREGAP:5 PGTYPE:VAUDIO")],
    ["a hundred tracks", Array.from({ length: 100 }, () => track("TYPE:AUDIO FRAMES:1")).flat()],
    ["a cut table", [entry("CHCD", words([1, 7, 2]))]],
    ["an empty table", [entry("CHCD", new Uint8Array(0))]],
    ["a table of types that do not exist", [entry("CHCD", words([1, 9, 2, 2352, 0, 4, 0]))]],
  ] as const)("refuses %s", (_, entries) => expect(codeOf(entries)).toBe("CHD_TRACKS_INVALID"));

  test("refuses tracks in units that are no CD frames", () => {
    expect(codeOf(track("TYPE:AUDIO FRAMES:1"), { ...CD, unitBytes: 512 })).toBe("CHD_TRACKS_INVALID");
  });
});
