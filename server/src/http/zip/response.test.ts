import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { AppError } from "../../base/errors.ts";
import { createDiskFiles } from "../../ports/files/disk.ts";
import type { Files } from "../../ports/files/port.ts";
import { createZipCache, type ZipCache } from "./cache.ts";
import { layOutZip } from "./layout.ts";
import { type ServedZip, zipResponse } from "./response.ts";
import { streamZip } from "./stream.ts";

const CONTENTS = ["first file", "second file, which is longer", ""];
const MODIFIED_AT = new Date("2026-01-02T03:04:05Z");
const layout = layOutZip(
  CONTENTS.map((content, index) => ({
    name: `${index}.bin`,
    sizeBytes: content.length,
    crc32: crc32(content),
  })),
);
const openEntry: ServedZip["openEntry"] = async (index, { start, end }) =>
  new Blob([CONTENTS[index]?.slice(start, end) ?? ""]).stream();

let base = "";
let folder = "";
let rounds = 0;
const problems: string[] = [];
const whole = Buffer.from(
  await new Response(streamZip(layout, { start: 0, end: layout.totalBytes }, openEntry)).arrayBuffer(),
);

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "multitap-zip-"));
});
afterAll(() => rm(base, { recursive: true, force: true }));
beforeEach(() => {
  rounds += 1;
  folder = join(base, String(rounds));
  problems.length = 0;
});

function openCache(change: Partial<Parameters<typeof createZipCache>[0]> = {}): ZipCache {
  const cache = createZipCache({
    files: createDiskFiles(),
    clock: { now: () => new Date() },
    folder,
    archiveBytesMax: 1_000_000,
    report: (message) => void problems.push(message),
    ...change,
  });
  cache.close();
  return cache;
}

async function ask(cache: ZipCache | null, headers: Record<string, string> = {}, method = "GET") {
  const request = new Request("http://localhost/a", { method, headers });
  const zip = { layout, fileName: "Game.zip", modifiedAt: MODIFIED_AT, openEntry, cache };
  const response = await zipResponse(request, zip);
  return {
    status: response.status,
    headers: response.headers,
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

describe.each([
  ["kept on disk", () => openCache()],
  ["streamed", () => null],
])("an archive that is %s", (_how, open) => {
  test("comes as a whole, with its size and a validator", async () => {
    const { status, headers, bytes } = await ask(open());
    expect(status).toBe(200);
    expect(Buffer.compare(bytes, whole)).toBe(0);
    expect(headers.get("etag")).toBe(layout.etag);
    expect(headers.get("x-multitap-total-bytes")).toBe(String(whole.length));
    expect(headers.get("content-type")).toBe("application/zip");
    expect(headers.get("content-disposition")).toContain('filename="Game.zip"');
    expect(headers.get("accept-ranges")).toBe("bytes");
  });

  test.each([
    ["bytes=5-9", 5, 10],
    ["bytes=20-", 20, whole.length],
    ["bytes=-7", whole.length - 7, whole.length],
  ])("comes in parts: %s", async (range, start, end) => {
    const { status, headers, bytes } = await ask(open(), { range });
    expect(status).toBe(206);
    expect(headers.get("content-range")).toBe(`bytes ${start}-${end - 1}/${whole.length}`);
    expect(Buffer.compare(bytes, whole.subarray(start, end))).toBe(0);
  });

  test("is resumed only while it is the same", async () => {
    const same = await ask(open(), { range: "bytes=5-", "if-range": layout.etag });
    expect([same.status, same.bytes.length]).toEqual([206, whole.length - 5]);
    const other = await ask(open(), { range: "bytes=5-", "if-range": '"another"' });
    expect([other.status, other.bytes.length]).toEqual([200, whole.length]);
  });

  test("is not sent to who has it, nor from behind its end", async () => {
    expect((await ask(open(), { "if-none-match": layout.etag })).status).toBe(304);
    expect((await ask(open(), { range: `bytes=${whole.length}-` })).status).toBe(416);
  });

  test("tells its length to HEAD without being read", async () => {
    const { status, headers, bytes } = await ask(open(), {}, "HEAD");
    expect([status, bytes.length]).toEqual([200, 0]);
    expect(headers.get("content-length")).toBe(String(whole.length));
  });
});

describe("kept archives", () => {
  test("are written once for callers who want the same at the same time", async () => {
    let opened = 0;
    const counting: ServedZip["openEntry"] = (index, range) => {
      opened += 1;
      return openEntry(index, range);
    };
    const cache = openCache();
    const paths = await Promise.all(Array.from({ length: 8 }, () => cache.keep(layout, counting)));
    expect(new Set(paths).size).toBe(1);
    expect(opened).toBe(2);
    expect(await cache.keep(layout, counting)).toBe(paths[0] ?? "");
    expect(opened).toBe(2);
  });

  test("are not made of what is too large", async () => {
    const cache = openCache({ archiveBytesMax: layout.totalBytes - 1 });
    expect(await cache.keep(layout, openEntry)).toBeNull();
    expect((await ask(cache)).bytes.length).toBe(whole.length);
  });

  test("leave room on their disk", async () => {
    const freeSpace = async () => ({ freeBytes: 1024 ** 3, totalBytes: 2 ** 40, fsType: null });
    const cache = openCache({ files: { ...createDiskFiles(), freeSpace } });
    expect(await cache.keep(layout, openEntry)).toBeNull();
  });

  test("give way to streaming when their disk fills up", async () => {
    const writeAtomic: Files["writeAtomic"] = () =>
      Promise.reject(new AppError("storage_full", "STORAGE_FULL", { message: "full" }));
    const cache = openCache({ files: { ...createDiskFiles(), writeAtomic } });
    const { status, bytes } = await ask(cache);
    expect([status, bytes.length]).toEqual([200, whole.length]);
    expect(problems).toHaveLength(1);
  });

  test("say what is wrong with a file that cannot be read", async () => {
    const error = new AppError("unavailable", "FILES_UNREADABLE", { message: "no", details: { path: "/x" } });
    const keeping = openCache().keep(layout, () => Promise.reject(error));
    expect(await keeping.catch((thrown: unknown) => thrown)).toBe(error);
    expect(await readdir(folder)).toEqual([]);
  });

  test("go when they are old, and so do leftovers of a crash", async () => {
    const cache = openCache();
    const path = (await cache.keep(layout, openEntry)) ?? "";
    const leftover = join(folder, ".multitap-0123456789abcdef.partial");
    await writeFile(leftover, "x");
    await cache.sweep();
    expect(await readdir(folder)).toHaveLength(2);
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
    await utimes(leftover, hoursAgo(2), hoursAgo(2));
    await utimes(path, hoursAgo(2), hoursAgo(2));
    await cache.sweep();
    expect(await readdir(folder)).toHaveLength(1);
    await utimes(path, hoursAgo(49), hoursAgo(49));
    await cache.sweep();
    expect(await readdir(folder)).toEqual([]);
  });

  test("go earlier when they are large", async () => {
    const disk = createDiskFiles();
    let sizeBytes = 8 * 1024 ** 3;
    const find: Files["find"] = async (path) => {
      const facts = await disk.find(path);
      return facts && { ...facts, sizeBytes };
    };
    const cache = openCache({ files: { ...disk, find } });
    await mkdir(folder, { recursive: true });
    const path = join(folder, "kept.zip");
    await writeFile(path, "x");
    const thirteenHoursAgo = new Date(Date.now() - 13 * 3_600_000);
    await utimes(path, thirteenHoursAgo, thirteenHoursAgo);
    await cache.sweep();
    expect(await readdir(folder)).toEqual(["kept.zip"]);
    sizeBytes += 1;
    await cache.sweep();
    expect(await readdir(folder)).toEqual([]);
  });
});

test("a caller who leaves closes the file that is being read", async () => {
  let closed = 0;
  const stream = streamZip(layout, { start: 0, end: layout.totalBytes }, async () => {
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(4)),
      cancel: () => {
        closed += 1;
      },
    });
    return endless;
  });
  const reader = stream.getReader();
  await reader.read();
  await reader.read();
  await reader.cancel();
  expect(closed).toBe(1);
});
