import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { ERROR_CODES } from "./error-codes.data.ts";
import { toAppError } from "./errors.ts";

const SOURCE = new URL("../", import.meta.url).pathname;

/** Codes in the source outside their table; what throws an unknown one does not compile. */
async function readUsedCodes(): Promise<ReadonlySet<string>> {
  const used = new Set<string>();
  for await (const path of new Glob("**/*.ts").scan(SOURCE)) {
    if (path.includes(".test.") || path === "base/error-codes.data.ts") continue;
    const text = await Bun.file(SOURCE + path).text();
    for (const match of text.matchAll(/"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)"/g)) used.add(match[1] ?? "");
  }
  return used;
}

describe("ERROR_CODES", () => {
  test("holds no code that nothing throws", async () => {
    const used = await readUsedCodes();
    expect(Object.keys(ERROR_CODES).filter((code) => !used.has(code))).toEqual([]);
  });

  test("gives every code a meaning of one sentence", () => {
    for (const [code, { meaning }] of Object.entries(ERROR_CODES)) {
      expect([code, /^[A-Z].*\.$/.test(meaning)]).toEqual([code, true]);
    }
  });
});

describe("toAppError", () => {
  test("calls a lost connection an outage that passes", () => {
    const lost = Object.assign(new RangeError("closed"), { code: "CONNECTION_CLOSED" });
    const wrapped = new RangeError("query failed", { cause: lost });
    expect(toAppError(wrapped)).toMatchObject({ kind: "unavailable", code: "DATABASE_AWAY", cause: wrapped });
  });
  test("calls a full disk full", () => {
    expect(toAppError(Object.assign(new RangeError("x"), { code: "53100" }))).toMatchObject({
      kind: "storage_full",
    });
  });
  test("keeps the cause of a bug private", () => {
    const bug = new TypeError("secret detail");
    expect(toAppError(bug)).toMatchObject({ kind: "internal", message: "Internal Server Error", cause: bug });
  });
});
