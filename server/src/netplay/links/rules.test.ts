import { describe, expect, test } from "bun:test";
import { LINK_TEXT_CHARS_MAX } from "../limits.ts";
import { type Parts, packItems, unpackItems } from "./rules.ts";

/** Sends items the way a process does, and reads them the way another does. */
function carry(items: readonly unknown[], parts: Parts = new Map()) {
  const waiting = items.map((item) => JSON.stringify(item));
  const messages: string[] = [];
  const got: unknown[] = [];
  let isRest = false;
  while (waiting.length > 0) {
    const { message, count, rest } = packItems("p1", waiting, isRest);
    waiting.splice(0, rest === null ? count : 1);
    if (rest !== null) waiting.unshift(rest);
    isRest = rest !== null;
    messages.push(message);
    // As the store keeps it: UTF-8.
    const { from, items: whole } = unpackItems(Buffer.from(message).toString(), parts);
    expect(from).toBe("p1");
    got.push(...whole);
  }
  return { messages, got };
}

describe("items between processes", () => {
  test("go together while they fit", () => {
    const items = [{ a: 1 }, "ß\0", [null], { text: "🎮" }];
    const { messages, got } = carry(items);
    expect([messages.length, got]).toEqual([1, items]);
  });

  test("go in several messages when there are many, in order", () => {
    const items = Array.from({ length: 10 }, (_, at) => ({ at, text: "x".repeat(100_000) }));
    const { messages, got } = carry(items);
    expect(messages.length).toBeGreaterThan(3);
    expect(got).toEqual(items);
  });

  test.each([0, 1])("go in parts when one is too long, never within a character (%d)", (offset) => {
    const long = { text: `${"x".repeat(offset)}${"🎮".repeat(LINK_TEXT_CHARS_MAX)}` };
    const items = [1, long, 2, long, long, 3];
    const { messages, got } = carry(items);
    expect(got).toEqual(items);
    for (const message of messages) expect(Buffer.byteLength(message)).toBeLessThan(1_048_576);
  });

  test("of two processes do not mix", () => {
    const parts: Parts = new Map();
    const part = (from: string, text: string, isLast: boolean) =>
      unpackItems(JSON.stringify({ from, part: text, isLast }), parts).items;
    expect(part("a", '["fir', false)).toEqual([]);
    expect(part("b", '["sec', false)).toEqual([]);
    expect(part("a", 'st"]', true)).toEqual([["first"]]);
    expect(part("b", 'ond"]', true)).toEqual([["second"]]);
    expect(parts.size).toBe(0);
  });
});
