import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ByteSource, blobSource, bytesSource, readExactly, toByteSource } from "./byte-source.ts";
import { openFileSource } from "./node-file.ts";

const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index * 7);

/** Runs a test on a source of each kind over the same bytes. */
async function onEachSource(run: (source: ByteSource, kind: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "multitap-source-"));
  const path = join(folder, "a b.bin");
  await writeFile(path, bytes);
  const file = await openFileSource(path);
  try {
    await run(bytesSource(bytes), "bytes");
    await run(blobSource(new Blob([bytes])), "blob");
    await run(toByteSource(Bun.file(path)), "Bun.file");
    await run(file, "file handle");
  } finally {
    await file.close?.();
    await rm(folder, { recursive: true });
  }
}

const codeOf = (run: Promise<unknown>) =>
  run.then(
    () => "no failure",
    (error: { code?: string }) => error.code,
  );

describe("byte sources", () => {
  test("give exactly the bytes of a range, in an array of the caller's own", () =>
    onEachSource(async (source, kind) => {
      expect(source.sizeBytes).toBe(1000);
      const part = await source.read(10, 990);
      expect([kind, Buffer.compare(part, bytes.subarray(10, 990))]).toEqual([kind, 0]);
      part.fill(0);
      expect((await source.read(10, 11))[0]).toBe(70);
      expect((await source.read(1000, 1000)).length).toBe(0);
    }));

  test.each([
    [-1, 5],
    [5, 4],
    [0, 1001],
    [0.5, 2],
    [0, Number.NaN],
  ])("refuse the range from %p to %p", (start, end) =>
    onEachSource(async (source, kind) => {
      expect([kind, await codeOf(source.read(start, end))]).toEqual([kind, "SOURCE_RANGE"]);
    }),
  );

  test("reject with the signal's reason after an abort", () =>
    onEachSource(async (source) => {
      const reason = { name: "enough" };
      const failure = await source.read(0, 1, AbortSignal.abort(reason)).catch((error: unknown) => error);
      expect(failure).toBe(reason);
    }));

  test("are named by the file without its folder", async () => {
    expect(blobSource(new File([bytes], "folder/disc.chd")).name).toBe("disc.chd");
    expect(toByteSource(bytes).name).toBe("bytes");
    await onEachSource(async (source, kind) => {
      if (kind === "file handle") expect(source).toMatchObject({ name: "a b.bin" });
    });
  });
});

describe("readExactly", () => {
  test("holds a source to the number of bytes it was asked for", async () => {
    const short: ByteSource = { ...bytesSource(bytes), read: async () => bytes.slice(0, 3) };
    expect(await codeOf(readExactly(short, { start: 0, end: 4 }))).toBe("SOURCE_SHORT");
    expect((await readExactly(short, { start: 0, end: 3 })).length).toBe(3);
  });

  test("asks no source for nothing", async () => {
    const source: ByteSource = { ...bytesSource(bytes), read: () => Promise.reject(new TypeError("asked")) };
    expect((await readExactly(source, { start: 7, end: 7 })).length).toBe(0);
  });
});
