import { expect, test } from "bun:test";
import { baseUrlOf, formatFileUrl, formatRomUrl, toPictureAddress } from "./addresses.ts";
import type { Facts } from "./facts.ts";

test("links begin with where the caller reaches us, else with what the operator says", () => {
  const facts = { publicUrl: "https://games.example" } as Facts;
  expect(baseUrlOf({ baseUrl: "http://10.0.0.2:8080", facts })).toBe("http://10.0.0.2:8080");
  expect(baseUrlOf({ facts })).toBe("https://games.example");
  expect(baseUrlOf({ facts: { ...facts, publicUrl: null } })).toBe("");
});

test("bytes have an address that any program can read", () => {
  expect(formatRomUrl("http://h", { id: 4, fsName: "A & B (é).gba" })).toBe(
    "http://h/api/roms/4/content/A%20%26%20B%20%28%C3%A9%29.gba",
  );
  expect(formatFileUrl("", { id: 5, fileName: "a!.mp3" })).toBe("/api/roms/5/files/content/a%21.mp3");
});

test("a picture's address changes with its row", () => {
  expect(toPictureAddress("roms/1/2/cover/big.png", "1970-01-01T00:00:01.000Z")).toBe(
    "/assets/romm/resources/roms/1/2/cover/big.png?ts=1000",
  );
});
