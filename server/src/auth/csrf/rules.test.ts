import { describe, expect, test } from "bun:test";
import { CSRF_TOKENS_REMEMBERED_MAX } from "../limits.ts";
import {
  createCsrfReader,
  createCsrfToken,
  isCsrfPairValid,
  needsCsrfToken,
  readCsrfToken,
} from "./rules.ts";

const KEY = "secret";

describe("createCsrfToken", () => {
  test("makes an envelope of payload and signature, both without padding", () => {
    const [payload = "", signature = "", ...more] = createCsrfToken(KEY, 1).split(".");
    expect(more).toEqual([]);
    expect(payload).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(Buffer.from(signature, "base64url")).toHaveLength(32);
    const text = Buffer.from(payload, "base64url").toString();
    expect(text).toMatch(/^\{"token":"[A-Za-z0-9_-]{171}","user_id":1\}$/);
  });

  test("never makes the same token twice", () => {
    expect(createCsrfToken(KEY, null)).not.toBe(createCsrfToken(KEY, null));
  });
});

describe("readCsrfToken", () => {
  test.each([null, 1, -1])("reads back a token made for %p", (userId) => {
    expect(readCsrfToken(KEY, createCsrfToken(KEY, userId))?.userId).toBe(userId);
  });

  const token = createCsrfToken(KEY, 7);
  const other = createCsrfToken(KEY, 8);
  const refused: [string, string | null][] = [
    ["nothing", null],
    ["empty text", ""],
    ["text without a dot", "abc"],
    ["a token of the older, compressed sort", `.${token}`],
    ["a token cut short", token.slice(0, -4)],
    ["a token with a longer signature", `${token}AAAA`],
    ["a payload with another's signature", `${token.split(".")[0]}.${other.split(".")[1]}`],
    ["a token signed with another key", createCsrfToken("other", 7)],
    // The test vector of the compatible server: SHA-1 signatures are not ours.
    ["a token signed the older way", "eyJ0b2tlbiI6ImFiYyIsInVzZXJfaWQiOjF9.Mi-__ilVrI60TF-vSbiQv4L4y88"],
    ["an endless text", `${"a".repeat(2000)}.b`],
  ];
  test.each(refused)("refuses %s", (_name, text) => {
    expect(readCsrfToken(KEY, text)).toBeNull();
  });

  test("refuses a token whose payload was changed at any place", () => {
    for (let at = 0; at < token.indexOf("."); at += 17) {
      const changed = `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
      expect(readCsrfToken(KEY, changed)).toBeNull();
    }
  });
});

describe("createCsrfReader", () => {
  test("reads what readCsrfToken reads, the first time and again", () => {
    const read = createCsrfReader(KEY);
    const token = createCsrfToken(KEY, 7);
    for (let turn = 0; turn < 2; turn += 1) {
      expect(read(token)).toEqual(readCsrfToken(KEY, token));
      for (const text of [null, "", "abc", `${token}AAAA`, token.slice(0, -4), createCsrfToken("other", 7)]) {
        expect(read(text)).toBeNull();
      }
    }
  });

  test("remembers a bounded number of tokens, and still reads those that it forgot", () => {
    const read = createCsrfReader(KEY);
    const tokens = Array.from({ length: CSRF_TOKENS_REMEMBERED_MAX + 2 }, () => createCsrfToken(KEY, 1));
    const [first = "", second = ""] = tokens;
    const [one, two] = [read(first), read(second)];
    // The very same object as long as it is remembered.
    expect(read(second)).toBe(two);
    for (const token of tokens) expect(read(token)?.userId).toBe(1);
    expect(read(first)).not.toBe(one);
    expect(read(first)).toEqual(one);
  });
});

describe("isCsrfPairValid", () => {
  const mine = { token: "a", userId: 7 };
  const table: [string, Parameters<typeof isCsrfPairValid>[0], boolean][] = [
    ["takes two equal copies made for the caller", { cookie: mine, header: mine, callerId: 7 }, true],
    ["refuses a missing cookie", { cookie: null, header: mine, callerId: 7 }, false],
    ["refuses a missing header", { cookie: mine, header: null, callerId: 7 }, false],
    ["refuses different tokens", { cookie: mine, header: { token: "b", userId: 7 }, callerId: 7 }, false],
    ["refuses different owners", { cookie: mine, header: { token: "a", userId: 8 }, callerId: 7 }, false],
    ["refuses a pair made for somebody else", { cookie: mine, header: mine, callerId: 8 }, false],
    [
      "takes a dead session's pair from an anonymous caller",
      { cookie: mine, header: mine, callerId: null },
      true,
    ],
    [
      "refuses an anonymous pair from a signed-in caller",
      { cookie: { token: "a", userId: null }, header: { token: "a", userId: null }, callerId: 7 },
      false,
    ],
  ];
  test.each(table)("%s", (_name, pair, expected) => {
    expect(isCsrfPairValid(pair)).toBe(expected);
  });
});

describe("needsCsrfToken", () => {
  const table: [string, string, boolean, boolean][] = [
    ["GET", "/api/users/me", false, false],
    ["HEAD", "/api/users/me", false, false],
    ["OPTIONS", "/api/users", false, false],
    ["POST", "/api/users", false, true],
    ["PUT", "/api/users/1", false, true],
    ["DELETE", "/api/users/1", false, true],
    ["PATCH", "/api/users/1", false, true],
    ["POST", "/api/users", true, false],
    ["POST", "/api/token", false, false],
    ["POST", "/api/token/", false, false],
    ["POST", "/api/client-tokens/exchange", false, false],
    ["POST", "/api/client-tokens/pair/ABCD/status", false, false],
    ["POST", "/api/client-tokens", false, true],
    ["POST", "/api/client-tokens/1/pair", false, true],
    ["POST", "/api/auth/device/init/", false, false],
    ["POST", "/api/auth/device/token", false, false],
    ["POST", "/api/auth/device/approve", false, true],
    ["POST", "/api/auth/device/token/x", false, true],
    ["POST", "/ws/socket.io/", false, false],
    ["POST", "/netplay/socket.io/", false, false],
    ["POST", "/trpc/saves.remove", false, true],
    ["POST", "/trpc/clientTokens.exchange", false, false],
    ["POST", "/trpc/deviceFlow.start", false, false],
    ["POST", "/trpc/deviceFlow.poll", false, false],
    ["POST", "/trpc/deviceFlow.approve", false, true],
    ["POST", "/trpc/deviceFlow.poll,users.remove", false, true],
    ["POST", "/trpc/users.remove,deviceFlow.poll", false, true],
    ["POST", "/trpc/users.register", false, false],
    ["POST", "/trpc/users.askPasswordReset", false, false],
    ["POST", "/trpc/users.resetPassword", false, false],
    ["POST", "/trpc/users.register,users.remove", false, true],
    ["POST", "/trpc/users.create", false, true],
    ["POST", "/trpc/users.invite", false, true],
    ["POST", "/x/api/token", false, true],
    ["POST", "/api/logout", false, true],
  ];
  test.each(table)(
    "of %s %s with credentials in a header: %p is %p",
    (method, path, hasCredentialHeader, expected) => {
      expect(needsCsrfToken({ method, path, hasCredentialHeader })).toBe(expected);
    },
  );
});
