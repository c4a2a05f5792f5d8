import { describe, expect, test } from "bun:test";
import { concat, HOST_HEADER, hex, info, nick, USER_HEADER } from "../messages.testing.ts";
import { NO_FACTS, readHostFacts, readUserNick } from "./rules.ts";

const HOST = concat(HOST_HEADER, nick("alice"), info("38c2acf4", "Nestopia", "1.52.0 "));

describe("readHostFacts", () => {
  test("reads nick, password, game and core", () => {
    expect(readHostFacts(HOST)).toEqual({
      nick: "alice",
      hasPassword: false,
      crc32: "38c2acf4",
      coreName: "Nestopia",
      coreVersion: "1.52.0",
    });
  });

  test("reads what is there so far", () => {
    expect(readHostFacts(HOST.subarray(0, 23))).toEqual(NO_FACTS);
    expect(readHostFacts(HOST.subarray(0, 24))).toEqual({ ...NO_FACTS, hasPassword: false });
    expect(readHostFacts(HOST.subarray(0, 139))).toEqual({ ...NO_FACTS, hasPassword: false, nick: "alice" });
  });

  test("knows a password by its salt", () => {
    const salted = concat(hex("52414e50 00040008 00000001 12345678 00000006 00000469"), nick("alice"));
    expect(readHostFacts(salted)).toMatchObject({ hasPassword: true, nick: "alice" });
  });

  test("knows no game of a core that has none, and keeps leading zeros of others", () => {
    const of = (crc32: string) => readHostFacts(concat(HOST_HEADER, nick("a"), info(crc32, "X", "")));
    expect([of("00000000").crc32, of("0000000a").crc32, of("00000000").coreVersion]).toEqual([
      null,
      "0000000a",
      null,
    ]);
  });

  test.each([
    ["a refusal", hex(`46554c4c${"00".repeat(136)}`)],
    ["another command", concat(HOST_HEADER, hex("00000021 00000020"), new Uint8Array(108))],
    ["another length", concat(HOST_HEADER, hex("00000020 00000021"), new Uint8Array(108))],
    ["noise", new Uint8Array(140).fill(0xff)],
    ["nothing", new Uint8Array()],
  ])("reads no names in %s", (_name, bytes) => {
    expect(readHostFacts(bytes)).toMatchObject({ nick: null, crc32: null, coreName: null });
  });
});

describe("readUserNick", () => {
  test("reads a nick as text", () => {
    expect(readUserNick(concat(USER_HEADER, nick("Jörg")))).toBe("Jörg");
    expect(readUserNick(concat(USER_HEADER, nick("a\nb\u0007")))).toBe("a b");
    expect(readUserNick(concat(USER_HEADER, nick("x".repeat(32))))).toBe("x".repeat(32));
  });

  test("reads none where there is none", () => {
    expect([
      readUserNick(USER_HEADER),
      readUserNick(concat(USER_HEADER, nick("")).subarray(0, 63)),
      readUserNick(concat(USER_HEADER, nick(""))),
      readUserNick(nick("bob")),
    ]).toEqual([null, null, null, null]);
  });
});
