import { describe, expect, test } from "bun:test";
import { SignJWT } from "jose";
import { readToken } from "../jwt/service.ts";
import { type LinkClaims, readLinkToken, signLinkToken, toLink } from "./service.ts";

const KEY = "a secret only for tests";
const NOW = new Date("2030-01-01T00:00:00Z");
const CLAIMS: LinkClaims = { type: "invite", sub: "admin", user_id: 1, role: "USER", jti: "one" };
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
const sign = (lifeMs = 600_000) => signLinkToken(KEY, CLAIMS, { createdAt: NOW, lifeMs });

describe("a token of a link", () => {
  test("says what it was made of, until its end", async () => {
    const token = await sign();
    const reading = await readLinkToken(KEY, token, later(599));
    expect(reading).toMatchObject({ kind: "read", expiresAtMs: later(600).getTime() });
    expect(reading.kind === "read" && reading.claims).toEqual({
      ...CLAIMS,
      iat: NOW.getTime() / 1000,
      exp: NOW.getTime() / 1000 + 600,
    });
    const late = await readLinkToken(KEY, token, later(601));
    expect(late).toMatchObject({ kind: "expired", claims: { jti: "one" } });
  });

  test("is invalid when it was signed by others, damaged, endless, unsigned or over-long", async () => {
    const token = await sign();
    const [head = "", body = "", signature = ""] = token.split(".");
    const unsigned = Buffer.from('{"alg":"none"}').toString("base64url");
    const endless = await new SignJWT({ ...CLAIMS })
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(KEY));
    const damaged = [
      "",
      "abc",
      `${head}.${body}`,
      `${head}.${body}.${signature.slice(1)}`,
      `${head}.${body.slice(0, -1)}.${signature}`,
      `${unsigned}.${body}.`,
      endless,
      "x".repeat(10_000),
    ];
    for (const text of damaged) expect((await readLinkToken(KEY, text, NOW)).kind).toBe("invalid");
    expect((await readLinkToken("another secret", token, NOW)).kind).toBe("invalid");
  });

  test("is no bearer token", async () => {
    expect((await readToken(KEY, await sign(), NOW)).kind).toBe("foreign");
  });

  test("leads to a page of the public address, or to a path without one", () => {
    expect(toLink("https://games.example/x", "register", "t")).toBe(
      "https://games.example/x/register?token=t",
    );
    expect(toLink(null, "reset-password", "t")).toBe("/reset-password?token=t");
  });
});
