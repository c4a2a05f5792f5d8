import { expect, test } from "bun:test";
import { parseMoment } from "./pg-boss-adapter.ts";

test.each([
  ["2025-11-20 10:14:00.123456+00", "2025-11-20T10:14:00.123Z"],
  ["2025-11-20 10:14:00+00", "2025-11-20T10:14:00.000Z"],
  ["2025-11-20 10:14:00+05:30", "2025-11-20T04:44:00.000Z"],
  ["2025-11-20 10:14:00-08", "2025-11-20T18:14:00.000Z"],
  ["2025-11-20 10:14:00.5", "2025-11-20T10:14:00.500Z"],
])("parseMoment reads %s", (text, iso) => {
  expect(parseMoment(text).toISOString()).toBe(iso);
});

test("parseMoment has no date for infinity", () => {
  expect(parseMoment("infinity").getTime()).toBeNaN();
});
