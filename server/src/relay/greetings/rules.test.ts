import { describe, expect, test } from "bun:test";
import { concat, hex, letters, REQUEST, USER_HEADER } from "../messages.testing.ts";
import { readGreeting } from "./rules.ts";

const ID_BYTES = hex("010203040506070809fffefd");
const ID = "AQIDBAUGBwgJ//79";
const JOIN = concat(letters("RATS"), ID_BYTES);
const LINK = concat(letters("RATL"), ID_BYTES);
const NONE = new Uint8Array();

describe("readGreeting", () => {
  test.each([
    ["a host", REQUEST, { kind: "open", rest: NONE }],
    ["a host that says more", concat(REQUEST, letters("RATP")), { kind: "open", rest: letters("RATP") }],
    ["a user", JOIN, { kind: "join", sessionId: ID, rest: NONE }],
    ["a user with its header", concat(JOIN, USER_HEADER), { kind: "join", sessionId: ID, rest: USER_HEADER }],
    ["a link", LINK, { kind: "link", userId: ID, rest: NONE }],
    ["a link that says more", concat(LINK, letters("x")), { kind: "link", userId: ID, rest: letters("x") }],
    ["a user without a session", USER_HEADER, { kind: "plain", rest: USER_HEADER }],
    ["the beginning of its header", letters("RANP"), { kind: "plain", rest: letters("RANP") }],
    ["the lobby", letters("POKE"), { kind: "old" }],
    ["a user with a session of zeros", concat(REQUEST, USER_HEADER), { kind: "old" }],
    ["the beginning of that", concat(REQUEST, letters("RAN")), { kind: "more" }],
    ["a link to nobody", concat(letters("RATL"), new Uint8Array(12)), { kind: "unknown" }],
    ["a question", letters("RATA"), { kind: "unknown" }],
    ["a ping", letters("RATP"), { kind: "unknown" }],
    ["a browser", letters("GET / HTTP/1.1\r\n"), { kind: "unknown" }],
    ["something encrypted", hex("16 03 01"), { kind: "unknown" }],
    ["one wrong byte", letters("X"), { kind: "unknown" }],
  ] as const)("knows %s", (_name, bytes, expected) => {
    expect(readGreeting(bytes)).toEqual(expected);
  });

  test.each([
    ["a host", REQUEST, 16],
    ["a user", JOIN, 16],
    ["a link", LINK, 16],
    ["a user without a session", letters("RANP"), 4],
    ["the lobby", letters("POKE"), 4],
  ] as const)("waits for the rest of %s", (_name, bytes, length) => {
    for (let cut = 0; cut < length; cut++) {
      expect([cut, readGreeting(bytes.subarray(0, cut)).kind]).toEqual([cut, "more"]);
    }
    expect(readGreeting(bytes).kind).not.toBe("more");
  });
});
