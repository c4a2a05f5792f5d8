import { describe, expect, test } from "bun:test";
import { type ByteSource, bytesSource } from "../byte-source.ts";
import { createFileWindow } from "./file-window.ts";
import type { ParsedHeader } from "./header.ts";
import { createHunkCache } from "./hunk-cache.ts";
import { METADATA_ENTRIES_MAX, READ_AHEAD_BYTES } from "./limits.ts";
import { findUnitBytes, metadataText, readMetadata } from "./metadata.ts";

const content = Uint8Array.from({ length: 3 << 20 }, (_, index) => index ^ (index >> 8));

/** A source that notes what it was asked for. */
function noting(bytes: Uint8Array): { source: ByteSource; asked: [number, number][] } {
  const asked: [number, number][] = [];
  const inner = bytesSource(bytes);
  const source: ByteSource = {
    ...inner,
    read(start, end, signal) {
      asked.push([start, end]);
      return inner.read(start, end, signal);
    },
  };
  return { source, asked };
}

describe("createFileWindow", () => {
  test("reads far ahead once parts follow each other, and little before", async () => {
    const { source, asked } = noting(content);
    const window = createFileWindow(source);
    for (let at = 0; at < 1 << 20; at += 1000) {
      const part = await window.read(at, at + 1000);
      expect(part[17]).toBe(content[at + 17]);
    }
    expect(asked.length).toBeLessThan(6);
    expect(asked[0]?.[1]).toBeLessThanOrEqual(4096);
    expect(Math.max(...asked.map(([start, end]) => end - start))).toBe(READ_AHEAD_BYTES);
  });

  test("reads no more than a little around places that lie apart", async () => {
    const { source, asked } = noting(content);
    const window = createFileWindow(source);
    for (const at of [2_000_000, 5000, 1_500_000, 900_000]) await window.read(at, at + 100);
    expect(asked.every(([start, end]) => end - start <= 4096)).toBe(true);
  });

  test("shares a read that is under way", async () => {
    const { source, asked } = noting(content);
    const window = createFileWindow(source);
    const [one, two] = await Promise.all([window.read(0, 3000), window.read(1000, 2000)]);
    expect(asked.length).toBe(1);
    expect(Buffer.compare(one.subarray(1000, 2000), two)).toBe(0);
  });

  test("reads again for a caller whose read ended with another caller's abort", async () => {
    const abort = new AbortController();
    const inner = bytesSource(content);
    const source: ByteSource = {
      ...inner,
      read: async (start, end, signal) => {
        await Promise.resolve();
        signal?.throwIfAborted();
        return inner.read(start, end);
      },
    };
    const window = createFileWindow(source);
    const first = window.read(0, 100, abort.signal).catch((error: { name: string }) => error.name);
    const second = window.read(10, 20);
    abort.abort();
    expect(await first).toBe("AbortError");
    expect((await second).length).toBe(10);
  });

  test("goes to the end of the file and not beyond", async () => {
    const window = createFileWindow(bytesSource(content));
    expect((await window.read(content.length - 1, content.length)).length).toBe(1);
    const code = window
      .read(content.length - 1, content.length + 1)
      .catch((error: { code: string }) => error.code);
    expect(await code).toBe("SOURCE_RANGE");
  });
});

describe("createHunkCache", () => {
  test("keeps those used last within its bytes", () => {
    const cache = createHunkCache(100, 300);
    for (const hunkIndex of [1, 2, 3]) cache.store(hunkIndex, Uint8Array.of(hunkIndex));
    expect(cache.find(1)).toEqual(Uint8Array.of(1));
    cache.store(4, Uint8Array.of(4));
    expect([1, 2, 3, 4].map((hunkIndex) => cache.find(hunkIndex) !== null)).toEqual([
      true,
      false,
      true,
      true,
    ]);
    cache.clear();
    expect(cache.find(1)).toBeNull();
  });

  test("keeps one hunk at least", () => {
    const cache = createHunkCache(100, 0);
    cache.store(1, Uint8Array.of(1));
    cache.store(2, Uint8Array.of(2));
    expect([cache.find(1), cache.find(2)]).toEqual([null, Uint8Array.of(2)]);
  });
});

/** Metadata entries one behind the other from offset 8 on; `next` overrides where an entry says the next one is. */
function listOf(entries: readonly { tag: string; bytes: Uint8Array; next?: number }[]): Uint8Array {
  const file = new Uint8Array(8 + entries.reduce((sum, { bytes }) => sum + 16 + bytes.length, 0));
  const view = new DataView(file.buffer);
  let at = 8;
  for (const [index, { tag, bytes, next }] of entries.entries()) {
    const end = at + 16 + bytes.length;
    file.set(new TextEncoder().encode(tag), at);
    view.setUint32(at + 4, bytes.length + 0x01000000);
    view.setUint32(at + 12, next ?? (index + 1 < entries.length ? end : 0));
    file.set(bytes, at + 16);
    at = end;
  }
  return file;
}

const HEADER: ParsedHeader = {
  version: 4,
  codecs: [],
  hunkBytes: 4096,
  hunkCount: 1,
  unitBytes: null,
  logicalBytes: 4096,
  hasParent: false,
  md5: null,
  sha1: null,
  rawSha1: null,
  parentMd5: null,
  parentSha1: null,
  mapOffset: 108,
  metadataOffset: 8,
  geometry: null,
};
const read = (file: Uint8Array) => readMetadata(createFileWindow(bytesSource(file)), HEADER, undefined);
const codeOf = (run: Promise<unknown>) =>
  run.then(
    () => "sound",
    (error: { code: string }) => error.code,
  );
const text = (value: string) => new TextEncoder().encode(`${value}\0`);

describe("readMetadata", () => {
  test("reads entries in order, with their text and whether they count", async () => {
    const entries = await read(
      listOf([
        { tag: "GDDD", bytes: text("BPS:512") },
        { tag: "IDNT", bytes: text("x") },
      ]),
    );
    expect(entries).toMatchObject([
      { tag: "GDDD", isChecksummed: true },
      { tag: "IDNT", isChecksummed: true },
    ]);
    expect(entries.map(metadataText)).toEqual(["BPS:512", "x"]);
  });

  test("sees none where the list begins past the end of the file", async () => {
    expect(await read(new Uint8Array(8))).toEqual([]);
    expect(await read(listOf([{ tag: "AAAA", bytes: text("x"), next: 5000 }]))).toHaveLength(1);
  });

  test("refuses entries that are cut off, at every byte", async () => {
    const file = listOf([{ tag: "GDDD", bytes: text("BPS:512") }]);
    for (let length = 9; length < file.length; length += 1) {
      expect(await codeOf(read(file.subarray(0, length)))).toBe("CHD_METADATA_INVALID");
    }
  });

  test("refuses a list that goes in circles or has no end", async () => {
    const empty = new Uint8Array(0);
    expect(await codeOf(read(listOf([{ tag: "AAAA", bytes: empty, next: 8 }])))).toBe("CHD_METADATA_INVALID");
    const many = Array.from({ length: METADATA_ENTRIES_MAX + 1 }, () => ({ tag: "AAAA", bytes: empty }));
    expect(await codeOf(read(listOf(many)))).toBe("CHD_METADATA_INVALID");
  });

  test("refuses entries that share their bytes to give more than fits", async () => {
    // Each entry's bytes reach to the end of the file and hold all later entries.
    const file = new Uint8Array(12 << 20);
    const view = new DataView(file.buffer);
    for (let at = 8; at < 8 + 16 * 40; at += 16) {
      view.setUint32(at + 4, 8 << 20);
      view.setUint32(at + 12, at + 16);
    }
    expect(await codeOf(read(file))).toBe("CHD_METADATA_INVALID");
  });
});

describe("findUnitBytes", () => {
  const entryOf = (tag: string, value: string) => ({ tag, isChecksummed: true, bytes: text(value) });
  test("takes a hard disk's sectors, a CD's frames, otherwise a hunk", () => {
    expect(findUnitBytes(HEADER, [entryOf("GDDD", "CYLS:1,HEADS:1,SECS:1,BPS:256")])).toBe(256);
    expect(findUnitBytes(HEADER, [entryOf("CHTR", "TYPE:AUDIO")])).toBe(2448);
    expect(findUnitBytes(HEADER, [entryOf("GDDD", "BPS:0")])).toBe(4096);
    expect(findUnitBytes(HEADER, [])).toBe(4096);
    expect(findUnitBytes({ ...HEADER, unitBytes: 7 }, [entryOf("CHTR", "")])).toBe(7);
  });
});
