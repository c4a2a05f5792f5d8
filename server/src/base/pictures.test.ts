import { describe, expect, test } from "bun:test";
import { createPictureReader, sniffType, toPictureExtension } from "./pictures.ts";

describe("sniffType", () => {
  const files: [string, string][] = [
    ["\x89PNG\r\n\x1a\n....", "image/png"],
    ["\xff\xd8\xff\xe0", "image/jpeg"],
    ["RIFF\x10\0\0\0WEBPVP8L", "image/webp"],
    ["GIF87a", "image/gif"],
    ["GIF89a", "image/gif"],
    ["RIFF\x10\0\0\0WAVE", "application/octet-stream"],
    ["BM", "image/bmp"],
    ["II*\0", "image/tiff"],
    ["\0\0\0\x1cftypavif", "image/avif"],
    ["\0\0\0\x1cftypheic", "image/heic"],
    ["<svg xmlns=", "image/svg+xml"],
    ["<?xml version=", "text/xml"],
    ["%PDF-1.7", "application/pdf"],
    ["hello", "application/octet-stream"],
    ["", "application/octet-stream"],
    ["\x89PNG", "application/octet-stream"],
  ];
  test.each(files)("finds the type of %j", (start, type) => {
    expect(sniffType(Buffer.from(start, "latin1"))).toBe(type);
  });
});

describe("toPictureExtension", () => {
  test.each([
    ["image/png", "png"],
    ["image/jpeg", "jpg"],
    ["image/webp", "webp"],
    ["image/gif", "png"],
    ["image/svg+xml", null],
    ["image/bmp", null],
  ])("stores %p as %p", (type, extension) => {
    expect(toPictureExtension(type)).toBe(extension as "png" | null);
  });
});

/** A one-pixel GIF, which is the smallest picture there is. */
const GIF = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

describe("createPictureReader", () => {
  const open = (limits: { runningMax?: number; waitingMax?: number } = {}) =>
    createPictureReader({
      what: "Cover",
      codes: { tooLarge: "USER_AVATAR_TOO_LARGE", invalid: "USER_AVATAR_INVALID", busy: "USER_AVATAR_BUSY" },
      bytesMax: 1_000_000,
      pixelsMax: 4_000_000,
      sidePixels: 1_200,
      runningMax: 1,
      waitingMax: 1,
      busyRetryMs: 10,
      ...limits,
    });
  const make = async (width: number, height: number) =>
    await new Bun.Image(GIF).resize(width, height, { fit: "fill" }).png().bytes();
  const sizeOf = async (bytes: Uint8Array) => {
    const { width, height } = await new Bun.Image(bytes).metadata();
    return [width, height];
  };

  test("makes the large one fit and scales the small one from it", async () => {
    const { large, small } = await open().readPair(await make(800, 1_600), (height) =>
      height >= 1_000 ? 0.2 : 0.4,
    );
    expect(await sizeOf(large.bytes)).toEqual([600, 1_200]);
    expect(await sizeOf(small.bytes)).toEqual([120, 240]);
    expect([large.extension, small.extension]).toEqual(["png", "png"]);
  });

  test("keeps at least one pixel of the smallest picture", async () => {
    const { large, small } = await open().readPair(GIF, () => 0.2);
    expect([await sizeOf(large.bytes), await sizeOf(small.bytes)]).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  test.each([
    ["text", Buffer.from("hello"), "USER_AVATAR_INVALID"],
    ["half a picture", GIF.subarray(0, 10), "USER_AVATAR_INVALID"],
    ["a large file", Buffer.alloc(1_000_001), "USER_AVATAR_TOO_LARGE"],
  ])("refuses %s", async (_what, bytes, code) => {
    expect(
      await open()
        .read(bytes)
        .catch((error: { code: string }) => error.code),
    ).toBe(code);
  });

  test("turns away whoever finds the queue full", async () => {
    const reader = open();
    const bytes = await make(300, 300);
    const read = () =>
      reader.read(bytes).then(
        ({ extension }) => extension,
        (error: { code: string }) => error.code,
      );
    expect((await Promise.all([read(), read(), read()])).toSorted()).toEqual([
      "USER_AVATAR_BUSY",
      "png",
      "png",
    ]);
  });
});
