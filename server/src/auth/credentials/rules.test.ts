import { describe, expect, test } from "bun:test";
import { type Credential, hasCredentialScheme, parseAuthorization } from "./rules.ts";

const basic = (text: string) => Buffer.from(text).toString("base64");

describe("parseAuthorization", () => {
  const table: [string, string | null, Credential][] = [
    ["nothing", null, { kind: "none" }],
    ["one word", "Bearer", { kind: "unreadable" }],
    ["three words", "Bearer a b", { kind: "unreadable" }],
    ["an empty header", "", { kind: "unreadable" }],
    ["basic", `Basic ${basic("ana:secret")}`, { kind: "basic", username: "ana", password: "secret" }],
    [
      "basic in any case",
      `bASIC ${basic("ana:secret")}`,
      { kind: "basic", username: "ana", password: "secret" },
    ],
    [
      "a colon in the password",
      `Basic ${basic("ana:a:b")}`,
      { kind: "basic", username: "ana", password: "a:b" },
    ],
    [
      "umlauts in the password",
      `Basic ${basic("ana:äß")}`,
      { kind: "basic", username: "ana", password: "äß" },
    ],
    ["an empty password", `Basic ${basic("ana:")}`, { kind: "basic", username: "ana", password: "" }],
    ["basic without a colon", `Basic ${basic("ana")}`, { kind: "unreadable" }],
    ["basic that is not base64", "Basic a*b", { kind: "unreadable" }],
    ["a client token", "Bearer rmm_00ff", { kind: "client_token", token: "rmm_00ff" }],
    ["another bearer token", "bearer  a.b.c", { kind: "access_token", token: "a.b.c" }],
    ["another scheme", "Digest abc", { kind: "other" }],
  ];
  test.each(table)("reads %s", (_name, header, expected) => {
    expect(parseAuthorization(header)).toEqual(expected);
  });
});

describe("hasCredentialScheme", () => {
  const table: [string | null, boolean][] = [
    [null, false],
    ["", false],
    ["Basic", true],
    ["BEARER x y z", true],
    ["Basically no", false],
    ["Digest abc", false],
  ];
  test.each(table)("of %p is %p", (header, expected) => {
    expect(hasCredentialScheme(header)).toBe(expected);
  });
});
