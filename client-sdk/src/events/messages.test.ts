import { describe, expect, test } from "bun:test";
import { comparePositions, oldestPosition, readMessage } from "./messages.ts";

describe("readMessage", () => {
  test.each([
    [
      { id: "7", topic: "scan", at: "x", data: {} },
      { id: "7", topic: "scan" },
    ],
    [
      { id: "7", data: { id: "7", topic: "scan", at: "x", data: {} } },
      { id: "7", topic: "scan" },
    ],
    [
      { topic: "gap", reason: "expired" },
      { id: "", topic: "gap" },
    ],
    [
      { id: 7, topic: "mark" },
      { id: "", topic: "mark" },
    ],
  ])("reads %p", (received, expected) => {
    expect(readMessage(received)).toMatchObject(expected);
  });

  test.each([[null], ["scan"], [{}], [{ topic: 3 }], [{ data: null }], [[]]])("ignores %p", (received) => {
    expect(readMessage(received)).toBeNull();
  });
});

describe("positions", () => {
  test.each([
    ["9", "10", -1],
    ["10", "9", 1],
    ["10", "10", 0],
    ["9007199254740993", "9007199254740992", 1],
    ["a", "a", 0],
    ["a", "b", null],
    ["1", "b", null],
    ["01", "1", null],
  ])("%p to %p is %p", (a, b, expected) => {
    const order = comparePositions(a, b);
    expect(order === null ? null : Math.sign(order)).toBe(expected);
  });

  test("the oldest is found among those that are known", () => {
    expect(oldestPosition([])).toBeNull();
    expect(oldestPosition([null, "12", "7", null, "100"])).toBe("7");
  });
});
