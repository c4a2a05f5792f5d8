import { describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { failureOf } from "../testing/failure-of.ts";
import { makeBytes } from "../testing/fixtures.ts";
import { createTempFolder } from "../testing/temp-folder.ts";
import type { ByteWriter } from "../transfers/types.ts";
import { fileSink } from "./file-sink.ts";

const BYTES = makeBytes(5_000);
const V1 = { name: "a.sfc", sizeBytes: 5_000, validator: '"v1"' };

async function readBack(writer: ByteWriter): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of writer.readBack?.() ?? []) pieces.push(new Uint8Array(piece));
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
}

describe("fileSink", () => {
  test("shows the file under its name only when it is complete", async () => {
    await using folder = await createTempFolder();
    const path = folder.at("snes", "deep", "a.sfc");
    const writer = await fileSink(path).open(V1);
    await writer.write(BYTES.subarray(0, 3_000));
    expect(await readdir(folder.at("snes", "deep"))).toEqual(["a.sfc.part"]);
    await writer.write(BYTES.subarray(3_000));
    expect(writer.offsetBytes).toBe(5_000);
    await writer.commit();
    expect(await readdir(folder.at("snes", "deep"))).toEqual(["a.sfc"]);
    expect(new Uint8Array(await readFile(path))).toEqual(BYTES);
  });

  test("leaves an earlier file in place until then", async () => {
    await using folder = await createTempFolder();
    await writeFile(folder.at("a.sfc"), "old");
    const writer = await fileSink(folder.at("a.sfc")).open(V1);
    await writer.write(BYTES);
    expect(await readFile(folder.at("a.sfc"), "utf8")).toBe("old");
    await writer.commit();
    expect((await stat(folder.at("a.sfc"))).size).toBe(5_000);
  });

  test("goes on from what was suspended, and can read it back", async () => {
    await using folder = await createTempFolder();
    const sink = fileSink(folder.at("a.sfc"));
    const first = await sink.open(V1);
    await first.write(BYTES.subarray(0, 2_000));
    await first.suspend();
    expect((await readdir(folder.path)).sort()).toEqual(["a.sfc.part", "a.sfc.part.json"]);
    const second = await sink.open(V1);
    expect(second.offsetBytes).toBe(2_000);
    expect(await readBack(second)).toEqual(BYTES.subarray(0, 2_000));
    await second.write(BYTES.subarray(2_000));
    await second.commit();
    expect(new Uint8Array(await readFile(folder.at("a.sfc")))).toEqual(BYTES);
    expect(await readdir(folder.path)).toEqual(["a.sfc"]);
  });

  test.each([
    ["another tag", { ...V1, validator: '"v2"' }],
    ["no tag", { ...V1, validator: null }],
    ["a smaller content", { ...V1, sizeBytes: 1_999 }],
  ])("does not go on under %s", async (_name, expected) => {
    await using folder = await createTempFolder();
    const sink = fileSink(folder.at("a.sfc"));
    const first = await sink.open(V1);
    await first.write(BYTES.subarray(0, 2_000));
    await first.suspend();
    const second = await sink.open(expected);
    expect(second.offsetBytes).toBe(0);
    expect((await stat(folder.at("a.sfc.part"))).size).toBe(0);
    await second.suspend();
  });

  test("does not trust bytes that came after the last checkpoint", async () => {
    await using folder = await createTempFolder();
    const sink = fileSink(folder.at("a.sfc"));
    const first = await sink.open(V1);
    await first.write(BYTES.subarray(0, 2_000));
    await first.suspend();
    // What a loss of power may leave: a longer file whose end is holes.
    await truncate(folder.at("a.sfc.part"), 4_000);
    const second = await sink.open(V1);
    expect(second.offsetBytes).toBe(2_000);
    expect((await stat(folder.at("a.sfc.part"))).size).toBe(2_000);
    await second.suspend();
  });

  test("makes a checkpoint every 32 MiB, so that a crash costs no more", async () => {
    await using folder = await createTempFolder();
    const sink = fileSink(folder.at("a.bin"));
    const writer = await sink.open({ ...V1, sizeBytes: null });
    const chunk = makeBytes(1024 * 1024);
    for (let count = 0; count < 33; count++) await writer.write(chunk);
    // Nothing is suspended: the process is gone.
    const next = await sink.open({ ...V1, sizeBytes: null });
    expect(next.offsetBytes).toBe(32 * 1024 * 1024);
    await next.restart();
    await next.suspend();
    await writer.suspend().catch(() => undefined);
  });

  test.each([
    ["a note of something else", async (path: string) => writeFile(path, '{"validator": 3}')],
    ["a damaged note", async (path: string) => writeFile(path, '{"valid')],
    [
      "a note that tells more than there is",
      async (path: string) => writeFile(path, '{"validator":"\\"v1\\"","durableBytes":9999}'),
    ],
  ])("begins anew with %s", async (_name, damage) => {
    await using folder = await createTempFolder();
    await writeFile(folder.at("a.sfc.part"), BYTES.subarray(0, 2_000));
    await damage(folder.at("a.sfc.part.json"));
    const writer = await fileSink(folder.at("a.sfc")).open(V1);
    expect(writer.offsetBytes).toBe(0);
    await writer.suspend();
  });

  test("forgets the tag with the bytes when the content changed", async () => {
    await using folder = await createTempFolder();
    const sink = fileSink(folder.at("a.sfc"));
    const first = await sink.open(V1);
    await first.write(BYTES.subarray(0, 2_000));
    await first.suspend();
    const second = await sink.open(V1);
    await second.restart();
    await second.write(BYTES.subarray(0, 100));
    await second.suspend();
    // These bytes belong to a tag that nobody told the sink; the old one must not claim them.
    expect(await readdir(folder.path)).toEqual([]);
    const third = await sink.open(V1);
    expect(third.offsetBytes).toBe(0);
    await third.suspend();
  });

  test("leaves nothing behind when nothing arrived", async () => {
    await using folder = await createTempFolder();
    const writer = await fileSink(folder.at("a.sfc")).open(V1);
    await writer.suspend();
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("keeps what it has when the file cannot be shown, and can be suspended after that", async () => {
    await using folder = await createTempFolder();
    const sink = fileSink(folder.at("a.sfc"));
    const writer = await sink.open(V1);
    await writer.write(BYTES.subarray(0, 4_000));
    await mkdir(folder.at("a.sfc"));
    expect((await failureOf(writer.commit())).kind).toBe("storage");
    await writer.suspend();
    expect((await readdir(folder.path)).sort()).toEqual(["a.sfc", "a.sfc.part", "a.sfc.part.json"]);
    const next = await sink.open(V1);
    expect(next.offsetBytes).toBe(4_000);
    await next.suspend();
  });

  test("fails with the path and the cause when it cannot write", async () => {
    await using folder = await createTempFolder();
    await mkdir(folder.at("a.sfc.part"));
    const error = await failureOf(fileSink(folder.at("a.sfc")).open(V1));
    expect(error.kind).toBe("storage");
    expect(error.message).toContain(folder.at("a.sfc"));
    expect(error.cause).toMatchObject({ code: "EISDIR" });
  });
});
