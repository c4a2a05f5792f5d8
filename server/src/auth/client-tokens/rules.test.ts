import { describe, expect, test } from "bun:test";
import { parseExpiry } from "./rules.ts";

const NOW = new Date("2026-11-20T09:08:23.815Z");

describe("parseExpiry", () => {
  test.each([
    ["30d", "2026-12-20T09:08:23.815Z"],
    ["90d", "2027-02-18T09:08:23.815Z"],
    ["1y", "2027-11-20T09:08:23.815Z"],
  ])("reads %s", (text, expected) => {
    expect(parseExpiry(text, NOW)?.toISOString()).toBe(expected);
  });
  // romm-tender sends "never", Go-RomM-Sync sends null.
  test.each([null, "never"])("takes %p for a token without an end", (text) => {
    expect(parseExpiry(text, NOW)).toBeNull();
  });
  test.each(["", "7 moons", "30D"])("refuses %p", (text) => {
    expect(() => parseExpiry(text, NOW)).toThrow(
      `Invalid expires_in value: ${text}. Valid values: 30d, 90d, 1y, never`,
    );
  });
});
