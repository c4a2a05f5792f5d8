import { describe, expect, test } from "bun:test";
import { LIBRARY } from "./library.data.ts";
import { createContent } from "./library.ts";

describe("createContent", () => {
  test.each(LIBRARY.map((file) => [file.path, file] as const))("makes %s as large as it says", (_, file) => {
    expect(createContent(file).length).toBe(file.sizeBytes);
  });

  test("gives the same bytes every time, and every file bytes of its own", () => {
    const files = LIBRARY.filter(({ sizeBytes }) => sizeBytes > 0);
    const hash = (bytes: Uint8Array) => new Bun.CryptoHasher("sha1").update(bytes).digest("hex");
    const first = files.map((file) => hash(createContent(file)));
    expect(files.map((file) => hash(createContent(file)))).toEqual(first);
    expect(new Set(first).size).toBe(files.length);
  });
});

describe("LIBRARY", () => {
  test("adds up to the platforms of the recording", () => {
    const sums = Map.groupBy(LIBRARY, ({ path }) => path.split("/").slice(0, 2).join("/"));
    const sizes = [...sums].map(([folder, files]) => [
      folder,
      files.reduce((sum, one) => sum + one.sizeBytes, 0),
    ]);
    expect(Object.fromEntries(sizes)).toEqual({
      "bios/gba": 256,
      "bios/psx": 512,
      "roms/gba": 17_058,
      "roms/my-homebrew-box": 300,
      "roms/n64": 10_323,
      "roms/nes": 8_208,
      "roms/psx": 17_631,
      "roms/snes": 23_123,
    });
  });
});
