import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { users } from "@multitap/db/schema/users";
import { hashPassword } from "../../users/passwords/service.ts";
import type { TokenPair } from "../contract.ts";
import { openScene, type TestScene } from "../scene.testing.ts";
import { grantToken, refreshTokens, signInWithPassword } from "./service.ts";

let scene: TestScene;
beforeEach(async () => {
  scene = await openScene();
  const hashedPassword = await hashPassword("ana's password", { memoryKib: 8, passes: 1 });
  await scene.ports.database.insert(users).values({ username: "ana", hashedPassword });
});
afterEach(() => scene.close());

const ANA = { username: "Ana", password: "ana's password", scopes: ["roms.read", "me.read"] };
const signIn = (input: Partial<typeof ANA> = {}) =>
  signInWithPassword.run(scene.context(), { ...ANA, ...input });
const refresh = (refreshToken: string) => refreshTokens.run(scene.context(), { refreshToken });
const setUser = (change: Partial<typeof users.$inferInsert>) =>
  scene.ports.database.update(users).set(change);
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error: { kind?: string; message: string }) => `${error.kind}: ${error.message}`,
  );
const GONE = "unauthenticated: Could not validate credentials";

describe("signInWithPassword", () => {
  test("gives a pair for the scopes asked for, in the order asked", async () => {
    expect(await signIn({ scopes: ["roms.read", "me.read", "roms.read"] })).toMatchObject({
      accessExpiresInSeconds: 1800,
      refreshExpiresInSeconds: 604800,
      scopes: ["roms.read", "me.read"],
    });
  });

  test("gives a pair for no scopes when none are asked for", async () => {
    expect((await signIn({ scopes: [] })).scopes).toEqual([]);
  });

  test("refuses what is missing, wrong, disabled or too much, in this order", async () => {
    await setUser({ enabled: false });
    const scopes = ["users.write"];
    expect(await refusal(signIn({ username: "", scopes }))).toBe("invalid: Missing username or password");
    expect(await refusal(signIn({ password: "", scopes }))).toBe("invalid: Missing username or password");
    expect(await refusal(signIn({ password: "wrong", scopes }))).toBe(
      "unauthenticated: Invalid username or password",
    );
    expect(await refusal(signIn({ scopes }))).toBe("forbidden: User account is disabled");
    await setUser({ enabled: true });
    scene.advance(5_000);
    expect(await refusal(signIn({ scopes }))).toBe("forbidden: Insufficient scope");
    expect(await refusal(signIn({ scopes: ["roms.read", "moon.fly"] }))).toBe(
      "forbidden: Insufficient scope",
    );
  });
});

describe("refreshTokens", () => {
  test("gives a new pair with the same scopes", async () => {
    const first = await signIn();
    scene.advance(1_000);
    const second = await refresh(first.refreshToken);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(second.scopes).toEqual(first.scopes);
    expect((await refresh(second.refreshToken)).scopes).toEqual(first.scopes);
  });

  test("gives the very same pair to a repetition within 30 seconds, and nothing afterwards", async () => {
    const first = await signIn();
    const second = await refresh(first.refreshToken);
    scene.advance(29_000);
    expect(await refresh(first.refreshToken)).toEqual(second);
    scene.advance(2_000);
    expect(await refusal(refresh(first.refreshToken))).toBe(GONE);
    expect(await refusal(refresh(second.refreshToken))).toBe("no error");
  });

  test("gives one pair to many at once, and the pair works", async () => {
    const { refreshToken } = await signIn();
    const pairs = await Promise.all(Array.from({ length: 8 }, () => refresh(refreshToken)));
    expect(new Set(pairs.map((pair: TokenPair) => pair.refreshToken)).size).toBe(1);
    expect(await refusal(refresh(pairs[0]?.refreshToken ?? ""))).toBe("no error");
  });

  test("keeps the token usable when the process dies between the steps of a rotation", async () => {
    const { refreshToken } = await signIn();
    const { kv } = scene.ports;
    const dying = { ...kv, take: () => Promise.reject(new RangeError("the process is gone")) };
    const ctx = { ...scene.context(), ports: { ...scene.ports, kv: dying } };
    await expect(refreshTokens.run(ctx, { refreshToken })).rejects.toThrow("the process is gone");
    const pair = await refresh(refreshToken);
    expect(await refusal(refresh(pair.refreshToken))).toBe("no error");
  });

  test("refuses what is missing, damaged, expired or another sort of token", async () => {
    const { accessToken, refreshToken } = await signIn();
    expect(await refusal(refresh(""))).toBe("invalid: Missing refresh token");
    for (const token of ["abc", accessToken, `${refreshToken}x`]) {
      expect(await refusal(refresh(token))).toBe(GONE);
    }
    scene.advance(604_801_000);
    expect(await refusal(refresh(refreshToken))).toBe(GONE);
  });

  test("refuses a token of a disabled or removed account", async () => {
    const { refreshToken } = await signIn();
    await setUser({ enabled: false });
    expect(await refusal(refresh(refreshToken))).toBe("unauthenticated: Disabled user");
    await setUser({ enabled: true });
    expect(await refusal(refresh(refreshToken))).toBe("no error");
    const other = await signIn();
    await scene.ports.database.delete(users);
    expect(await refusal(refresh(other.refreshToken))).toBe(GONE);
  });

  test("refuses a token issued under another password", async () => {
    const { refreshToken } = await signIn();
    await setUser({ hashedPassword: await hashPassword("another", { memoryKib: 8, passes: 1 }) });
    expect(await refusal(refresh(refreshToken))).toBe(GONE);
  });
});

describe("grantToken", () => {
  const form = { username: "", password: "", refreshToken: "", scopes: [] };
  test.each([
    ["client_credentials", "invalid: Client credentials are not yet supported"],
    ["implicit", "invalid: Invalid or unsupported grant type"],
    ["password", "invalid: Missing username or password"],
    ["refresh_token", "invalid: Missing refresh token"],
  ])("of an empty %s grant says %p", async (grantType, expected) => {
    expect(await refusal(grantToken.run(scene.context(), { ...form, grantType }))).toBe(expected);
  });
});
