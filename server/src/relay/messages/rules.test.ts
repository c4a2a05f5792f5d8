import { describe, expect, test } from "bun:test";
import { concat, hex, letters } from "../messages.testing.ts";
import {
  formatAddressAnswer,
  formatId,
  formatMessage,
  formatPing,
  formatRefusal,
  MAGIC,
  parseId,
  readOwnerMessages,
} from "./rules.ts";

const ID_BYTES = hex("010203040506070809fffefd");
const ID = "AQIDBAUGBwgJ//79";
const ADDRESS = hex("52415441 010203040506070809fffefd");

describe("ids", () => {
  test("are base64 without padding", () => {
    expect(formatId(ID_BYTES)).toBe(ID);
    expect(parseId(ID)).toEqual(ID_BYTES);
  });
});

describe("what the relay says", () => {
  test.each([
    ["the id of a session", formatMessage(MAGIC.session, ID), "52415453 010203040506070809fffefd"],
    ["that a user wants in", formatMessage(MAGIC.link, ID), "5241544c 010203040506070809fffefd"],
    ["a ping", formatPing(), "52415450"],
    [
      "the address of a user",
      formatAddressAnswer(ID, hex("fd000102030405060708090a0b0c0d0e")),
      "52415441 010203040506070809fffefd fd000102030405060708090a0b0c0d0e",
    ],
    [
      "that there is no such user",
      formatAddressAnswer(ID, null),
      "52415441 000000000000000000000000 00000000000000000000000000000000",
    ],
    ["too old", formatRefusal("old"), `52414e50 ${"00".repeat(20)}`],
    ["full", formatRefusal("full"), `46554c4c ${"00".repeat(20)}`],
    ["banned", formatRefusal("denied"), `44454e59 ${"00".repeat(20)}`],
  ])("%s", (_name, bytes, expected) => {
    expect(bytes).toEqual(hex(expected));
  });
});

describe("readOwnerMessages", () => {
  test("reads pongs of four bytes and questions of sixteen", () => {
    const { messages, rest } = readOwnerMessages(concat(letters("RATP"), ADDRESS, letters("RATPRATP")));
    expect(messages.map(({ kind }) => kind)).toEqual(["ping", "address", "ping", "ping"]);
    expect(messages[1]).toEqual({ kind: "address", userId: ID });
    expect(rest).toHaveLength(0);
  });

  test("reads the same however the bytes are cut", () => {
    const all = concat(ADDRESS, letters("RATP"), ADDRESS);
    for (let cut = 0; cut <= all.length; cut++) {
      const first = readOwnerMessages(all.subarray(0, cut));
      expect(first.rest.length).toBeLessThan(16);
      const second = readOwnerMessages(concat(first.rest, all.subarray(cut)));
      const kinds = [...first.messages, ...second.messages].map(({ kind }) => kind);
      expect([cut, kinds, second.rest.length]).toEqual([cut, ["address", "ping", "address"], 0]);
    }
  });

  test.each([
    ["another message of the tunnel", letters("RATS")],
    ["a netplay header", letters("RANP")],
    ["anything", letters("GET ")],
    ["zeros", new Uint8Array(4)],
  ])("stops at %s", (_name, bytes) => {
    const { messages, rest } = readOwnerMessages(concat(letters("RATP"), bytes, letters("RATP")));
    expect([messages.map(({ kind }) => kind), rest.length]).toEqual([["ping", "unknown"], 0]);
  });
});
