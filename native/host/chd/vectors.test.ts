import { beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "../../build.ts";
import { checkVector, listVectors, openVector } from "../../vectors/chd-vectors.ts";
import { openChd } from "./open.ts";

const vectorsFolder = fileURLToPath(new URL("../../vectors/", import.meta.url));
const readVectorFile = async (path: string) => new Uint8Array(await readFile(vectorsFolder + path));
const placed = await listVectors(readVectorFile);

beforeAll(async () => {
  await ensureBuilt();
});

const getPlaced = (id: string) => {
  const found = placed.find(({ vector }) => vector.id === id);
  expect(found).toBeDefined();
  return found as NonNullable<typeof found>;
};

describe("CHD vectors", () => {
  test("are all there", () => expect(placed.length).toBe(78));

  test.each(placed.map((one) => [one.vector.id, one] as const))(
    "%s gives the known header, metadata, content and extraction",
    async (_, one) => expect(await checkVector(one, readVectorFile)).toEqual([]),
  );
});

describe("openChd", () => {
  test("refuses a parent that is another file", async () => {
    const child = await readVectorFile("chd-handmade/v5-child.chd");
    const parent = await openChd(await readVectorFile("chd-handmade/v5-selfops.chd"));
    const code = openChd(child, { parent }).catch((error: { code: string }) => error.code);
    expect(await code).toBe("CHD_PARENT_MISMATCH");
  });

  test("opens a child without its parent, and says what is missing when it is read", async () => {
    const chd = await openChd(await readVectorFile("chd-handmade/v5-child.chd"));
    expect(chd.header.hasParent).toBe(true);
    expect(await chd.readHunk(0).catch((error: { code: string }) => error.code)).toBe("CHD_PARENT_MISSING");
    expect(await chd.verify().catch((error: { code: string }) => error.code)).toBe("CHD_PARENT_MISSING");
    // The one hunk the child stores itself.
    expect((await chd.readHunk(7)).length).toBe(chd.header.hunkBytes);
  });

  test("gives tracks with their places, pregaps and filler", async () => {
    const disc = await openVector(getPlaced("cd-sat-2448"), readVectorFile);
    expect(disc.tracks).toMatchObject([
      { number: 1, kind: "data", mode: "MODE1_RAW", firstSector: 0, firstFrame: 0, frameCount: 26 },
      { number: 2, kind: "audio", firstSector: 26, firstFrame: 28, pregapFrames: 11, isPregapStored: true },
      { number: 3, kind: "audio", firstSector: 66, firstFrame: 68, pregapFrames: 7, isPregapStored: false },
    ]);
    const gdRom = await openVector(getPlaced("gd-default"), readVectorFile);
    expect(gdRom.tracks).toMatchObject([
      { frameCount: 450, padFrames: 426 },
      { firstSector: 450, firstFrame: 452, frameCount: 44_550, padFrames: 44_537 },
      { firstSector: 45_000, firstFrame: 452 + 44_552, frameCount: 26 },
    ]);
  });

  test("keeps within what it was told to read", async () => {
    const chd = await openVector(getPlaced("cd-psx-cdzl"), readVectorFile);
    const { hunkCount, logicalBytes } = chd.header;
    const refused = [
      () => chd.readHunk(hunkCount),
      () => chd.readHunk(-1),
      () => chd.readHunk(0.5),
      () => chd.read(0, logicalBytes + 1),
      () => chd.read(5, 4),
      () => chd.readSectors(2, 0, 1),
      () => chd.readSectors(1, 33, 1),
      () => chd.readSectors(1, 0, 34),
    ];
    for (const read of refused) {
      expect(await read().catch((error: { code: string }) => error.code)).toBe("CHD_RANGE");
    }
    expect((await chd.read(logicalBytes, logicalBytes)).length).toBe(0);
  });

  test("streams a track as its source reads it", async () => {
    const chd = await openVector(getPlaced("cd-sat-39168"), readVectorFile);
    const source = chd.source({ trackNumber: 2 });
    const streamed = new Uint8Array(await new Response(chd.stream({ trackNumber: 2 })).arrayBuffer());
    expect(streamed.length).toBe(source.sizeBytes);
    expect(Buffer.compare(streamed, await source.read(0, source.sizeBytes))).toBe(0);
    expect(Buffer.compare(streamed.subarray(5000, 9001), await source.read(5000, 9001))).toBe(0);
  });

  test("refuses everything once it is closed", async () => {
    const chd = await openVector(getPlaced("cd-psx-cdzl"), readVectorFile);
    await chd.close();
    await chd.close();
    for (const call of [() => chd.readHunk(0), () => chd.read(0, 1), () => chd.verify()]) {
      expect(await call().catch((error: { code: string }) => error.code)).toBe("CHD_CLOSED");
    }
  });

  test("ends with the signal's reason after an abort", async () => {
    const chd = await openVector(getPlaced("gd-default"), readVectorFile);
    const reason = { name: "enough" };
    const abort = new AbortController();
    const onProgress = () => abort.abort(reason);
    expect(await chd.verify({ signal: abort.signal, onProgress }).catch((error: unknown) => error)).toBe(
      reason,
    );
    expect(await chd.readHunk(0, abort.signal).catch((error: unknown) => error)).toBe(reason);
  });

  test("tells the damaged hunk, and gives the others", async () => {
    const bytes = await readVectorFile("chd/raw-zlib.chd");
    bytes[300] = (bytes[300] ?? 0) ^ 0x10;
    const chd = await openChd(bytes);
    const { isIntact, badHunks, badHunkCount, mismatches } = await chd.verify();
    expect({ isIntact, badHunks, badHunkCount }).toEqual({ isIntact: false, badHunks: [0], badHunkCount: 1 });
    expect(mismatches).toEqual(["rawSha1", "sha1"]);
    expect(await chd.readHunk(0).catch((error: { code: string }) => error.code)).toMatch(/^CHD_HUNK_/);
    expect((await chd.readHunk(1)).length).toBe(chd.header.hunkBytes);
  });

  test("reports progress up to the whole", async () => {
    const chd = await openVector(getPlaced("raw-mix"), readVectorFile);
    const seen: number[] = [];
    await chd.verify({ onProgress: ({ doneBytes }) => seen.push(doneBytes) });
    expect(seen.at(-1)).toBe(chd.header.logicalBytes);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });
});
