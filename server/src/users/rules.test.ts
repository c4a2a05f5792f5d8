import { describe, expect, test } from "bun:test";
import { checkNewPassword, parseEmail, parseRole, parseUsername, toLookupName } from "./rules.ts";

/** The public sentence of what `run` throws; null when it throws nothing. */
function problemOf(run: () => unknown): string | null {
  try {
    run();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : "not an error";
  }
}

describe("parseUsername", () => {
  const refused: [string, string][] = [
    ["", "Username cannot be empty"],
    ["   ", "Username cannot be empty"],
    ["jürgen", "Username must contain only ASCII characters"],
    ["ab", "Username must be at least 3 characters long"],
    ["a".repeat(256), "Username must be no more than 255 characters long"],
    ["ana maria", "Username can only contain letters, numbers, underscores, and hyphens"],
    ["ana@home", "Username can only contain letters, numbers, underscores, and hyphens"],
    ["ana\u0000", "Username can only contain letters, numbers, underscores, and hyphens"],
  ];
  test.each(refused)("refuses %p in the words the frontend shows", (text, message) => {
    expect(problemOf(() => parseUsername(text))).toBe(message);
  });
  test.each([
    ["abc", "abc"],
    ["Ana_Maria-7", "ana_maria-7"],
    ["a".repeat(255), "a".repeat(255)],
  ])("takes %p", (text, stored) => {
    expect(parseUsername(text)).toBe(stored);
  });
});

describe("checkNewPassword", () => {
  const table: [string, string | null][] = [
    ["", "Password cannot be empty"],
    ["pässword", "Password must contain only ASCII characters"],
    ["12345", "Password must be at least 6 characters long"],
    ["1".repeat(256), "Password must be no more than 255 characters long"],
    ["123456", null],
    ["1".repeat(255), null],
    ["with space :/", null],
  ];
  test.each(table)("of %p says %p", (text, message) => {
    expect(problemOf(() => checkNewPassword(text))).toBe(message);
  });
});

describe("parseEmail", () => {
  test.each(["", "  "])("takes %p for no address", (text) => {
    expect(parseEmail(text)).toBeNull();
  });
  test("stores an address in lower case", () => {
    expect(parseEmail("Ana.Maria+x@Example.COM")).toBe("ana.maria+x@example.com");
  });
  const refused: [string, string][] = [
    ["ana@exämple.com", "Email must contain only ASCII characters"],
    ["ana", "Invalid email format"],
    ["ana@home", "Invalid email format"],
    ["@example.com", "Invalid email format"],
    ["ana@example.com\u0000", "Invalid email format"],
    ["a b@example.com", "Invalid email format"],
    ["ana@@example.com", "Invalid email format"],
    [`${"a".repeat(250)}@example.com`, "Invalid email format"],
  ];
  test.each(refused)("refuses %p", (text, message) => {
    expect(problemOf(() => parseEmail(text))).toBe(message);
  });
});

describe("parseRole", () => {
  test.each([
    ["user", "user", null],
    ["ADMIN", "admin", null],
    ["Viewer", "user", "viewer"],
    [" editor ", "user", "editor"],
  ] as const)("reads %p", (text, role, group) => {
    expect(parseRole(text)).toEqual({ role, group });
  });
  test("refuses another name", () => {
    expect(problemOf(() => parseRole("root"))).toBe("Role root is not valid");
  });
});

describe("toLookupName", () => {
  test.each([
    ["Admin ", "admin"],
    ["", null],
    ["a\u0000b", null],
    ["a".repeat(256), null],
  ])("of %p is %p", (text, expected) => {
    expect(toLookupName(text)).toBe(expected);
  });
});
