import { describe, expect, test } from "bun:test";
import { findRaConsole, listRaPlatforms } from "./platforms.ts";

describe("findRaConsole", () => {
  test.each([
    ["psx", 12],
    ["sfam", 3],
    ["win", 102],
    ["genesis", 1],
  ])("gives %s the console %p", (slug, id) => {
    expect(findRaConsole(slug)).toBe(id);
  });

  test.each(["", "xbox", "PSX", "constructor"])("gives null for %p", (slug) => {
    expect(findRaConsole(slug)).toBeNull();
  });
});

test("lists each platform once", () => {
  expect(new Set(listRaPlatforms()).size).toBe(listRaPlatforms().length);
});
