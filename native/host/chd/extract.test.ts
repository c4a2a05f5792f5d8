import { beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { ensureBuilt } from "../../build.ts";
import type { ByteSink } from "../byte-sink.ts";
import { bytesSource } from "../byte-source.ts";
import { type Chd, openChd } from "./open.ts";
import { formatCue, formatGdi } from "./sheets.ts";

beforeAll(async () => {
  await ensureBuilt();
});

const open = async (id: string, name = `${id}.chd`): Promise<Chd> =>
  openChd(
    bytesSource(
      new Uint8Array(await readFile(new URL(`../../vectors/chd/${id}.chd`, import.meta.url))),
      name,
    ),
  );

/** Sinks into memory that keep what was suspended, and can fail after a number of bytes. */
function memorySinks(failAfterBytes = Number.POSITIVE_INFINITY) {
  const files = new Map<string, Uint8Array>();
  const events: string[] = [];
  const state = { failAfterBytes };
  const to = (name: string): ByteSink => ({
    open: ({ sizeBytes }) => {
      events.push(`open ${name} ${sizeBytes}`);
      let bytes = files.get(name) ?? new Uint8Array(0);
      return Promise.resolve({
        get offsetBytes() {
          return bytes.length;
        },
        async restart() {
          events.push(`restart ${name}`);
          bytes = new Uint8Array(0);
        },
        async write(chunk) {
          if (bytes.length + chunk.length > state.failAfterBytes) throw new RangeError("full");
          bytes = Buffer.concat([bytes, chunk]);
        },
        async commit() {
          events.push(`commit ${name}`);
          files.set(name, bytes);
        },
        async suspend() {
          events.push(`suspend ${name}`);
          files.set(name, bytes);
        },
      });
    },
  });
  return { files, events, state, to };
}

describe("extract", () => {
  test("names a file for each track after the CHD, the sheet last", async () => {
    const { events, to } = memorySinks();
    const names = await (await open("cd-sat-2448", "Game (USA).chd")).extract("bin_cue", to);
    expect(names).toEqual([
      "Game (USA) (Track 1).bin",
      "Game (USA) (Track 2).bin",
      "Game (USA) (Track 3).bin",
      "Game (USA).cue",
    ]);
    expect(events.filter((event) => event.startsWith("commit"))).toEqual(
      names.map((name) => `commit ${name}`),
    );
    expect(events[0]).toBe(`open Game (USA) (Track 1).bin ${26 * 2352}`);
  });

  test("goes on from what an earlier, failed extraction left", async () => {
    const whole = memorySinks();
    const chd = await open("cd-sat-cdzl", "a.chd");
    await chd.extract("bin_cue", whole.to);
    const { files, events, state, to } = memorySinks(30_001);
    const failure = await chd.extract("bin_cue", to).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RangeError);
    expect(events.at(-1)).toBe("suspend a (Track 1).bin");
    // What is left ends inside a sector.
    files.set("a (Track 1).bin", (whole.files.get("a (Track 1).bin") ?? new Uint8Array(0)).slice(0, 29_999));
    state.failAfterBytes = Number.POSITIVE_INFINITY;
    await chd.extract("bin_cue", to);
    expect(files).toEqual(whole.files);
  });

  test("starts a file over that is longer than it can be", async () => {
    const { files, events, to } = memorySinks();
    files.set("b.bin", new Uint8Array(1 << 20));
    await (await open("cd-psx-cdzl", "b.chd")).extract("bin_cue", to);
    expect(events).toContain("restart b.bin");
    expect(files.get("b.bin")?.length).toBe(33 * 2352);
  });

  test("writes the user's bytes of a disc of one data track as an image", async () => {
    const cooked = memorySinks();
    await (await open("cd-cooked", "c.chd")).extract("iso", cooked.to);
    const raw = memorySinks();
    await (await open("cd-psx-cdlz", "c.chd")).extract("iso", raw.to);
    const half = memorySinks();
    await (await open("cd-m2336", "c.chd")).extract("iso", half.to);
    expect(cooked.files.get("c.iso")?.length).toBe(33 * 2048);
    expect(
      Buffer.compare(cooked.files.get("c.iso") ?? Buffer.of(1), raw.files.get("c.iso") ?? Buffer.of(2)),
    ).toBe(0);
    expect(
      Buffer.compare(cooked.files.get("c.iso") ?? Buffer.of(1), half.files.get("c.iso") ?? Buffer.of(2)),
    ).toBe(0);
  });

  test("writes a DVD as it is, also from the middle", async () => {
    const chd = await open("dvd-psp-zstd", "d.chd");
    const { files, to } = memorySinks();
    const content = await chd.read(0, chd.header.logicalBytes);
    files.set("d.iso", content.slice(0, 5001));
    expect(await chd.extract("iso", to)).toEqual(["d.iso"]);
    expect(Buffer.compare(files.get("d.iso") ?? Buffer.of(), content)).toBe(0);
  });

  test.each([
    ["cd-sat-2448", "iso"],
    ["cd-audio", "iso"],
    ["cd-sat-2448", "gdi"],
    ["gd-default", "bin_cue"],
    ["dvd-psp-zlib", "bin_cue"],
    ["dvd-psp-zlib", "gdi"],
    ["hd-default", "bin_cue"],
    ["raw-none", "iso"],
  ] as const)("refuses to write %s as %s before it opens a file", async (id, format) => {
    const { events, to } = memorySinks();
    const code = (await open(id)).extract(format, to).catch((error: { code: string }) => error.code);
    expect(await code).toBe("CHD_EXTRACT_FORMAT");
    expect(events).toEqual([]);
  });

  test("tells its progress over all files", async () => {
    const seen: { doneBytes: number; totalBytes: number }[] = [];
    await (await open("cd-sat-2448")).extract("bin_cue", memorySinks().to, {
      onProgress: (at) => seen.push(at),
    });
    expect(seen.at(-1)?.doneBytes).toBe(seen.at(-1)?.totalBytes);
    expect(seen.at(-1)?.totalBytes).toBeGreaterThan(84 * 2352);
  });
});

describe("sheets", () => {
  const track = {
    number: 12,
    kind: "audio",
    mode: "AUDIO",
    sectorBytes: 2352,
    subcode: "none",
    frameCount: 10_000,
    pregapFrames: 75 * 61 + 3,
    isPregapStored: false,
    postgapFrames: 150,
    padFrames: 0,
    firstSector: 45_000,
    firstFrame: 0,
  } as const;

  test("write gaps that are not stored as commands, and times in minutes, seconds and frames", () => {
    expect(formatCue([{ name: "a.bin", track }])).toBe(
      'FILE "a.bin" BINARY\n  TRACK 12 AUDIO\n    PREGAP 01:01:03\n    INDEX 01 00:00:00\n    POSTGAP 00:02:00\n',
    );
    expect(formatCue([{ name: "a.bin", track: { ...track, isPregapStored: true, postgapFrames: 0 } }])).toBe(
      'FILE "a.bin" BINARY\n  TRACK 12 AUDIO\n    INDEX 00 00:00:00\n    INDEX 01 01:01:03\n',
    );
  });

  test("quote names with spaces in a gdi", () => {
    expect(formatGdi([{ name: "track 12.raw", track }])).toBe('1\n12 45000 0 2352 "track 12.raw" 0\n');
  });
});
