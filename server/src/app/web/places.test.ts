import { describe, expect, test } from "bun:test";
import { isOpen, libraryHash, type Place, parsePlace } from "./places.ts";

describe("parsePlace", () => {
  test.each<[string, Place]>([
    ["", { name: "library", platformId: null, search: "" }],
    ["#/", { name: "library", platformId: null, search: "" }],
    ["#/?platform=3&search=a%26b", { name: "library", platformId: 3, search: "a&b" }],
    ["#/?platform=x", { name: "library", platformId: null, search: "" }],
    ["#/game/42", { name: "game", romId: 42 }],
    ["#/game/", { name: "library", platformId: null, search: "" }],
    ["#/game/1e3", { name: "library", platformId: null, search: "" }],
    ["#/nowhere", { name: "library", platformId: null, search: "" }],
    ["#/rooms", { name: "rooms" }],
    ["#/pair?code=RN7W-HEJ6", { name: "pair", code: "RN7W-HEJ6" }],
    ["#/pair", { name: "pair", code: "" }],
    ["#/register?token=a.b", { name: "register", token: "a.b" }],
    ["#/reset-password", { name: "reset-password", token: "" }],
    ["#/sign-in?error=disabled", { name: "sign-in", error: "disabled" }],
  ])("reads %p", (hash, place) => {
    expect(parsePlace(hash)).toEqual(place);
  });

  test("reads back what libraryHash writes", () => {
    for (const [platformId, search] of [
      [null, ""],
      [7, ""],
      [null, "zelda #2?"],
      [7, "é&="],
    ] as const) {
      expect(parsePlace(libraryHash(platformId, search))).toEqual({ name: "library", platformId, search });
    }
  });
});

test("only what people without a sign-in need is open to them", () => {
  const open = ["#/sign-in", "#/register", "#/reset-password", "#/forgotten"];
  const closed = ["#/", "#/rooms", "#/pair", "#/game/1", "#/scan", "#/tasks", "#/devices", "#/setup"];
  expect(open.map(parsePlace).every(isOpen)).toBe(true);
  expect(closed.map(parsePlace).some(isOpen)).toBe(false);
});
