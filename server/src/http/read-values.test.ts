import { describe, expect, test } from "bun:test";
import type { InputIssue } from "../base/operation.ts";
import { parseBool, parseMoment, parseWhole, type Refuse } from "./read-values.ts";

/** What a parser gave, or the type of its refusal. */
function read<T>(
  parse: (text: string, path: InputIssue["path"], refuse: Refuse) => T,
  text: string,
): T | string {
  const issues: InputIssue[] = [];
  const value = parse(text, ["query", "x"], (issue) => void issues.push(issue));
  if (issues.length === 0) return value;
  expect(issues).toMatchObject([{ path: ["query", "x"], input: text }]);
  expect(value).toBeUndefined();
  return `refused: ${issues[0]?.type}`;
}

describe("parseBool", () => {
  test.each(["true", "True", "TRUE", "1", "yes", "on", "t", "Y"])("reads %p as true", (text) => {
    expect(read(parseBool, text)).toBe(true);
  });
  test.each(["false", "False", "0", "no", "OFF", "f", "n"])("reads %p as false", (text) => {
    expect(read(parseBool, text)).toBe(false);
  });
  test.each(["", " ", "2", "-1", "perhaps", "truee", "true ", "null", "ja", "1.0"])("refuses %p", (text) => {
    expect(read(parseBool, text)).toBe("refused: bool_parsing");
  });
});

describe("parseWhole", () => {
  test.each([
    ["0", 0],
    ["-0", -0],
    ["+7", 7],
    ["-3", -3],
    ["007", 7],
    [" 5 ", 5],
    ["5.0", 5],
    ["10000.00", 10_000],
    ["2147483648", 2_147_483_648],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["99999999999999999999", Number.MAX_SAFE_INTEGER],
    ["-99999999999999999999", Number.MIN_SAFE_INTEGER],
    ["9".repeat(400), Number.MAX_SAFE_INTEGER],
  ])("reads %p", (text, value) => {
    expect(read(parseWhole, text)).toBe(value);
  });
  test.each([
    "",
    " ",
    "abc",
    "1e3",
    "0x10",
    "1,000",
    "1 000",
    "5.5",
    "5.",
    ".0",
    "--1",
    "NaN",
    "Infinity",
    "٣",
    "1\0",
  ])("refuses %p", (text) => {
    expect(read(parseWhole, text)).toBe("refused: int_parsing");
  });
});

describe("parseMoment", () => {
  test.each([
    ["with Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"],
    ["with a small z and t", "2026-01-02t03:04:05z", "2026-01-02T03:04:05.000Z"],
    ["with an offset", "2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05.000Z"],
    ["with a negative offset", "2026-01-02T03:04:05-05:30", "2026-01-02T08:34:05.000Z"],
    ["with an offset without colon", "2026-01-02T03:04:05+0200", "2026-01-02T01:04:05.000Z"],
    ["with an offset of hours", "2026-01-02T03:04:05+02", "2026-01-02T01:04:05.000Z"],
    ["whose plus became a space", "2026-01-02T03:04:05 02:00", "2026-01-02T01:04:05.000Z"],
    ["whose plus became a space, without colon", "2026-01-02T03:04:05.5 0000", "2026-01-02T03:04:05.500Z"],
    ["without offset as UTC", "2026-01-02T03:04:05", "2026-01-02T03:04:05.000Z"],
    ["with a space and without offset as UTC", "2026-01-02 10:00", "2026-01-02T10:00:00.000Z"],
    ["with a space and an offset that lost its plus", "2026-01-02 10:00 02:00", "2026-01-02T08:00:00.000Z"],
    ["in minutes", "2026-01-02T03:04Z", "2026-01-02T03:04:00.000Z"],
    ["in microseconds", "2026-01-02T03:04:05.123456+00:00", "2026-01-02T03:04:05.123Z"],
    ["in tenths", "2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.100Z"],
    ["as a date", "2026-01-02", "2026-01-02T00:00:00.000Z"],
    ["on 29 February of a leap year", "2024-02-29", "2024-02-29T00:00:00.000Z"],
    ["as seconds", "1700000000", "2023-11-14T22:13:20.000Z"],
    ["as milliseconds", "1700000000123", "2023-11-14T22:13:20.123Z"],
    ["as fractional seconds", "1700000000.25", "2023-11-14T22:13:20.250Z"],
    ["of the first year", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
  ])("reads a moment %s", (_form, text, value) => {
    expect(read(parseMoment, text)).toBe(value);
  });

  test.each([
    "",
    "abc",
    "yesterday",
    "abc 2099",
    "Tue, 15 Nov 1994 08:12:31 GMT",
    "2026-13-01",
    "2026-00-10",
    "2026-02-30",
    "2023-02-29",
    "2026-01-02T24:00:00Z",
    "2026-01-02T03:60:00Z",
    "2026-01-02T03:04:61Z",
    "2026-01-02T03:04:05+24:00",
    "2026-01-02T03:04:05+01:60",
    "2026-01-02T03",
    "2026-1-2",
    "26-01-02",
    "+12026-01-02",
    "0000-01-01",
    "0001-01-01T00:00:00+10:00",
    "999999999999999999999",
    "2026-01-02T03:04:05Z\0",
  ])("refuses %p", (text) => {
    expect(read(parseMoment, text)).toBe("refused: datetime_from_date_parsing");
  });

  test("does not depend on the time zone of the machine", () => {
    const script = `import { parseMoment } from ${JSON.stringify(new URL("./read-values.ts", import.meta.url).pathname)};
      console.log(parseMoment("2026-07-01T12:00:00", [], () => undefined));`;
    const { stdout } = Bun.spawnSync([process.execPath, "-e", script], {
      env: { ...process.env, TZ: "Asia/Tokyo" },
    });
    expect(stdout.toString().trim()).toBe("2026-07-01T12:00:00.000Z");
  });
});
