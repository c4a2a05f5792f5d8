import { describe, expect, test } from "bun:test";
import { SignJWT } from "jose";
import { readToken, signToken, type TokenClaims } from "./service.ts";

const KEY = "secret";
const EXPIRES_AT_MS = 1_800_000_000_000;
const access: TokenClaims = {
  type: "access",
  username: "ana",
  userId: 7,
  scopes: ["me.read", "roms.read"],
  expiresAtMs: EXPIRES_AT_MS,
  tokenId: null,
};
const before = new Date(EXPIRES_AT_MS - 1000);

const sign = (payload: Record<string, unknown>, alg = "HS256") =>
  new SignJWT(payload).setProtectedHeader({ alg }).sign(Buffer.from(KEY));

describe("signToken", () => {
  test("writes the claims that the compatible server writes, and the account's id", async () => {
    const [header = "", payload = ""] = (await signToken(KEY, access)).split(".");
    const parse = (part: string): unknown => JSON.parse(Buffer.from(part, "base64url").toString());
    expect(parse(header)).toEqual({ typ: "JWT", alg: "HS256" });
    expect(parse(payload)).toEqual({
      sub: "ana",
      user_id: 7,
      iss: "romm:oauth",
      scopes: "me.read roms.read",
      type: "access",
      exp: EXPIRES_AT_MS / 1000,
    });
  });

  test("gives the same text for the same claims", async () => {
    const refresh: TokenClaims = { ...access, type: "refresh", tokenId: "an id" };
    expect(await signToken(KEY, refresh)).toBe(await signToken(KEY, refresh));
  });
});

describe("readToken", () => {
  test("reads back what was signed until it expires", async () => {
    const token = await signToken(KEY, access);
    expect(await readToken(KEY, token, before)).toEqual({ kind: "read", claims: access });
    expect((await readToken(KEY, token, new Date(EXPIRES_AT_MS))).kind).toBe("invalid");
  });

  test("reads a token of the server we replaced, which knows accounts by name", async () => {
    const exp = EXPIRES_AT_MS / 1000;
    const token = await sign({ sub: "ana", iss: "romm:oauth", scopes: "me.read", type: "access", exp });
    expect(await readToken(KEY, token, before)).toMatchObject({
      kind: "read",
      claims: { username: "ana", userId: null, scopes: ["me.read"] },
    });
  });

  test("reads an empty scope as none", async () => {
    const token = await signToken(KEY, { ...access, scopes: [] });
    expect(await readToken(KEY, token, before)).toMatchObject({ claims: { scopes: [] } });
  });

  const foreign: [string, Record<string, unknown>][] = [
    ["another issuer", { sub: "ana", iss: "somebody", type: "access", exp: 1_900_000_000 }],
    ["another type", { sub: "ana", iss: "romm:oauth", type: "reset", exp: 1_900_000_000 }],
    ["no expiry", { sub: "ana", iss: "romm:oauth", type: "access" }],
  ];
  test.each(foreign)("calls a rightly signed token with %s foreign", async (_name, payload) => {
    expect((await readToken(KEY, await sign(payload), before)).kind).toBe("foreign");
  });

  test("refuses what is damaged, unsigned or signed by others", async () => {
    const token = await signToken(KEY, access);
    const [, payload] = token.split(".");
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
    const bad = [
      "",
      "abc",
      "a.b.c",
      token.slice(0, -3),
      `${token}x`,
      unsigned,
      await signToken("other", access),
    ];
    bad.push(await sign({ sub: "ana" }, "HS512"));
    for (const text of bad) expect((await readToken(KEY, text, before)).kind).toBe("invalid");
  });
});
