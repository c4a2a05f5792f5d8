import { beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { ensureBuilt } from "../build.ts";
import { openChdDisc } from "./disc-chd.ts";

const open = async (id: string) =>
  openChdDisc(new Uint8Array(await readFile(new URL(`../vectors/chd/${id}.chd`, import.meta.url))));
const textOf = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);

beforeAll(async () => {
  await ensureBuilt();
});

describe("openChdDisc", () => {
  test.each([
    ["cd-psx-cdzl", 24],
    ["cd-sat-2448", 16],
    ["cd-cooked", 0],
    ["cd-m2336", 8],
    ["dvd-psp-zlib", 0],
  ])("finds the user's bytes of %s behind %d bytes", async (id, dataOffsetBytes) => {
    const disc = await open(id);
    const [track] = disc.tracks;
    expect(track).toMatchObject({ kind: "data", dataOffsetBytes, dataBytes: 2048 });
    const descriptor = await track?.readSector(16);
    expect(descriptor?.length).toBe(2048);
    expect(textOf(descriptor ?? new Uint8Array(0)).slice(1, 6)).toBe("CD001");
    expect((await track?.readRaw(16))?.length).toBe(track?.sectorBytes);
  });

  test("counts stored pregaps as frames, and those that are only numbers not", async () => {
    const { tracks } = await open("cd-sat-2448");
    expect(tracks).toMatchObject([
      { firstSector: 0, pregapFrames: 0, frameCount: 26 },
      { kind: "audio", firstSector: 26, pregapFrames: 11, frameCount: 40, dataBytes: 2352 },
      { kind: "audio", firstSector: 66, pregapFrames: 0, frameCount: 18 },
    ]);
  });

  test("keeps the places of GD-ROM tracks without their filler", async () => {
    const { tracks } = await open("gd-default");
    expect(tracks).toMatchObject([
      { firstSector: 0, frameCount: 24 },
      { firstSector: 450, frameCount: 13 },
      { firstSector: 45_000, frameCount: 26 },
    ]);
    const descriptor = await tracks[2]?.readSector(16);
    expect(textOf(descriptor ?? new Uint8Array(0)).slice(1, 6)).toBe("CD001");
  });

  test("gives what is there of sectors that lie beyond the end, and nothing outside", async () => {
    const [track] = (await open("cd-psx-cdzl")).tracks;
    expect((await track?.readSectors(30, 8))?.length).toBe(3 * 2048);
    expect((await track?.readSectors(33, 1))?.length).toBe(0);
    expect((await track?.readSectors(-1, 2))?.length).toBe(0);
    const code = track?.readSectors(0, 1025).catch((error: { code: string }) => error.code);
    expect(await code).toBe("DISC_RANGE");
  });

  test("closes the CHD with the disc", async () => {
    const disc = await open("cd-psx-cdzl");
    await disc.close();
    const code = disc.tracks[0]?.readSector(0).catch((error: { code: string }) => error.code);
    expect(await code).toBe("CHD_CLOSED");
  });
});
