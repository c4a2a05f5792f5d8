import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { clientTokens } from "@multitap/db/schema/auth";
import { devices } from "@multitap/db/schema/devices";
import { users } from "@multitap/db/schema/users";
import type { Context, Ports } from "../base/context.ts";
import type { Identity } from "../base/identity.ts";
import { READ_SCOPES, WRITE_SCOPES } from "../base/scopes.ts";
import { hashPassword } from "../users/passwords/service.ts";
import { createClientToken, removeClientToken } from "./client-tokens/service.ts";
import type { SignedIn } from "./contract.ts";
import { openScene, type TestScene } from "./scene.testing.ts";
import { type Identified, identify, login, logout } from "./service.ts";
import { endSession } from "./sessions/service.ts";
import { signInWithPassword } from "./tokens/service.ts";

let scene: TestScene;
afterEach(() => scene.close());

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
const CHEAP = { memoryKib: 8, passes: 1 };
const basic = (name: string, password: string) =>
  `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
const ANA = basic("Ana", "ana's password");

async function open(facts: Parameters<typeof openScene>[0] = {}) {
  scene = await openScene(facts);
  const hashedPassword = await hashPassword("ana's password", CHEAP);
  await scene.ports.database.insert(users).values({ username: "ana", hashedPassword });
}
beforeEach(() => open());

const signIn = (
  input: Partial<Parameters<typeof login.run>[1]> = {},
  ctx = scene.context(),
): Promise<SignedIn> =>
  login.run(ctx, {
    authorization: ANA,
    sessionId: null,
    browserId: null,
    keepsCookies: false,
    userAgent: FIREFOX,
    ...input,
  });
const bySession = (sessionId: string, ctx: Context = scene.context()) =>
  identify(ctx, { authorization: null, sessionId });
const byHeader = (authorization: string, ctx: Context = scene.context()) =>
  identify(ctx, { authorization, sessionId: null });
const inProcess = (ports: Ports): Context => ({ ...scene.context(), ports });
const proofOf = ({ identity }: Identified) => (identity.kind === "user" ? identity.proof : identity.kind);
const setUser = (change: Partial<typeof users.$inferInsert>) =>
  scene.ports.database.update(users).set(change);
const requireUser = (identity: Identity) => {
  if (identity.kind !== "user") throw new TypeError(`${identity.kind} is no user`);
  return identity;
};

describe("identify by a session", () => {
  test("knows the owner, all of their scopes and the browser as a device", async () => {
    const { sessionId } = await signIn();
    const { identity, session } = await bySession(sessionId);
    const user = requireUser(identity);
    expect(user).toMatchObject({ userId: 1, username: "ana", isAdmin: false, proof: "session", sessionId });
    expect([...user.scopes]).toEqual([...WRITE_SCOPES]);
    expect(session).toBe("live");
    const [device] = await scene.ports.database.select().from(devices);
    expect(user.deviceId).toBe(device?.id ?? "none");
    expect(device).toMatchObject({
      name: "Firefox on Linux",
      platform: "Web",
      client: "web",
      clientVersion: "128",
      ipAddress: "192.0.2.1",
      syncMode: "api",
    });
  });

  test("ignores the cookie beside a Basic or Bearer header", async () => {
    const { sessionId } = await signIn();
    for (const authorization of ["Bearer x", "Bearer", "Basic", basic("ana", "wrong")]) {
      const found = await identify(scene.context(), { authorization, sessionId });
      expect([found.identity.kind, found.session]).toEqual(["anonymous", "none"]);
    }
    const beside = await identify(scene.context(), { authorization: "Digest x", sessionId });
    expect(proofOf(beside)).toBe("session");
  });

  test("survives a restart of the process and ends with a logout", async () => {
    const { sessionId } = await signIn();
    const other = scene.openOtherProcess();
    const { identity } = await bySession(sessionId, inProcess(other));
    await logout.run({ ...scene.context(), ports: other, identity }, {});
    expect(proofOf(await bySession(sessionId, inProcess(other)))).toBe("anonymous");
    expect(await bySession(sessionId)).toMatchObject({ session: "ended" });
  });

  test("counts for at most five seconds after another process ended it", async () => {
    const { sessionId } = await signIn();
    expect(proofOf(await bySession(sessionId))).toBe("session");
    await endSession(inProcess(scene.openOtherProcess()), sessionId);
    expect(proofOf(await bySession(sessionId))).toBe("session");
    scene.advance(5_000);
    expect((await bySession(sessionId)).session).toBe("ended");
  });

  test("is renewed at most once a minute, and never brought back", async () => {
    const { sessionId } = await signIn();
    expect((await bySession(sessionId)).session).toBe("live");
    scene.advance(60_000);
    expect((await bySession(sessionId)).session).toBe("renewed");
    expect((await bySession(sessionId)).session).toBe("live");
    scene.advance(60_000);
    const slow = bySession(sessionId);
    await endSession(inProcess(scene.openOtherProcess()), sessionId);
    await slow;
    expect(await scene.ports.kv.get(`session:${sessionId}`)).toBeNull();
  });

  test("ends with the password it was opened with, in every process", async () => {
    const { sessionId } = await signIn();
    expect(proofOf(await bySession(sessionId))).toBe("session");
    await setUser({ hashedPassword: await hashPassword("another", CHEAP) });
    scene.advance(5_000);
    expect((await bySession(sessionId)).session).toBe("ended");
    expect(await scene.ports.kv.get(`session:${sessionId}`)).toBeNull();
  });

  test("opened after a changed password works in a process that remembers the old one", async () => {
    await signIn();
    const other = scene.openOtherProcess();
    expect(proofOf(await byHeader(ANA, inProcess(other)))).toBe("basic");
    await setUser({ hashedPassword: await hashPassword("another", CHEAP) });
    scene.advance(5_000);
    const { sessionId } = await signIn({ authorization: basic("ana", "another") });
    scene.advance(-5_000);
    expect(proofOf(await bySession(sessionId, inProcess(other)))).toBe("session");
  });

  test("ends when its owner is disabled or gone", async () => {
    const first = await signIn();
    await setUser({ enabled: false });
    scene.advance(5_000);
    expect((await bySession(first.sessionId)).session).toBe("ended");
    await setUser({ enabled: true });
    scene.advance(5_000);
    const second = await signIn();
    await scene.ports.database.delete(users);
    scene.advance(5_000);
    expect((await bySession(second.sessionId)).session).toBe("ended");
  });

  test("is not found in what another server left in the store", async () => {
    const sessionId = "6b178345-11b2-4f5c-bd44-92b0d480e417";
    for (const text of ['{"iss":"romm:auth","sub":"ana"}', "{", "null", ""]) {
      await scene.ports.kv.set(`session:${sessionId}`, text);
      expect(proofOf(await bySession(sessionId, inProcess(scene.openOtherProcess())))).toBe("anonymous");
    }
  });
});

describe("login", () => {
  test("gives a new id every time and ends the session in use until then", async () => {
    const first = await signIn();
    const second = await signIn({ sessionId: first.sessionId });
    expect(second.sessionId).not.toBe(first.sessionId);
    expect((await bySession(first.sessionId)).session).toBe("ended");
    expect((await bySession(second.sessionId)).session).toBe("live");
  });

  test("recognises a browser by the id it was given, at any address", async () => {
    const { browserId } = await signIn({ keepsCookies: true });
    const again = { browserId, keepsCookies: true, userAgent: FIREFOX.replace("128.0", "129.0") };
    expect((await signIn(again, scene.context({ address: "192.0.2.9" }))).browserId).toBe(browserId);
    expect(await scene.ports.database.$count(devices)).toBe(1);
  });

  test("keeps two browsers behind one address apart when they keep cookies", async () => {
    const [one, two] = [await signIn({ keepsCookies: true }), await signIn({ keepsCookies: true })];
    expect(one.browserId).not.toBe(two.browserId);
    expect(await scene.ports.database.$count(devices)).toBe(2);
  });

  test("recognises an app without cookies by address and name", async () => {
    const [one, two] = [await signIn({ userAgent: null }), await signIn({ userAgent: null })];
    expect(one.browserId).toBe(two.browserId);
    await signIn({ userAgent: null }, scene.context({ address: "192.0.2.9" }));
    await signIn();
    expect(await scene.ports.database.$count(devices)).toBe(3);
  });

  test("gives two accounts in one browser a device each", async () => {
    const hashedPassword = await hashPassword("bob's password", CHEAP);
    await scene.ports.database.insert(users).values({ username: "bob", hashedPassword });
    const { browserId } = await signIn();
    await signIn({ browserId, authorization: basic("bob", "bob's password") });
    expect(await scene.ports.database.$count(devices)).toBe(2);
  });

  test("forgets the browsers that were unseen for longest beyond a hundred", async () => {
    const { db } = scene.context();
    const old = Array.from({ length: 100 }, (_, number) => ({
      id: `old-${number}`,
      userId: 1,
      platform: "Web",
      client: "web",
      lastSeen: new Date(2020, 0, 1 + number),
    }));
    await db.insert(devices).values([...old, { id: "deck", userId: 1, lastSeen: new Date(2019, 0, 1) }]);
    await signIn({ keepsCookies: true });
    const ids = (await db.select({ id: devices.id }).from(devices)).map(({ id }) => id);
    expect(ids).toHaveLength(101);
    expect(ids).toContain("deck");
    expect(ids).toContain("old-1");
    expect(ids).not.toContain("old-0");
  });

  test("ends the oldest sessions at two hundred", async () => {
    const { kv } = scene.ports;
    const first = await signIn();
    const text = (await kv.get(`session:${first.sessionId}`)) ?? "";
    const { started } = JSON.parse(text) as { started: number };
    const later = Array.from({ length: 199 }, (_, number) => ({ id: crypto.randomUUID(), number }));
    await Promise.all(
      later.map(({ id, number }) =>
        kv.set(`session:${id}`, text.replace(String(started), String(started + 1 + number))),
      ),
    );
    await kv.addMembers("user_sessions:1", [...later.map(({ id }) => id), "gone"]);
    const last = await signIn();
    expect((await bySession(first.sessionId)).session).toBe("ended");
    for (const id of [later[0]?.id ?? "", last.sessionId])
      expect(proofOf(await bySession(id))).toBe("session");
    expect(await kv.members("user_sessions:1")).toHaveLength(200);
  });

  test("notes the login without touching the visible change date", async () => {
    const before = (await scene.ports.database.select().from(users))[0];
    await signIn();
    const after = (await scene.ports.database.select().from(users))[0];
    expect(after?.lastLogin).toBeInstanceOf(Date);
    expect(after?.lastActive).toEqual(after?.lastLogin ?? null);
    expect(after?.updatedAt).toEqual(before?.updatedAt ?? new Date(0));
  });
});

describe("identify by Basic", () => {
  test("checks a password once a minute, also for calls at the same time", async () => {
    let reads = 0;
    const { kv } = scene.ports;
    const get = (key: string) => {
      reads++;
      return kv.get(key);
    };
    const ctx = inProcess({ ...scene.ports, kv: { ...kv, get } });
    const calls = await Promise.all(Array.from({ length: 20 }, () => byHeader(ANA, ctx)));
    expect(new Set(calls.map(proofOf))).toEqual(new Set(["basic"]));
    // Each check reads the three counters of failures first.
    expect(reads).toBe(3);
    scene.advance(59_000);
    expect(proofOf(await byHeader(ANA, ctx))).toBe("basic");
    expect(reads).toBe(3);
    scene.advance(1_000);
    expect(proofOf(await byHeader(ANA, ctx))).toBe("basic");
    expect(reads).toBe(6);
  });

  test("refuses the old password as soon as the change is known", async () => {
    expect(proofOf(await byHeader(ANA))).toBe("basic");
    await setUser({ hashedPassword: await hashPassword("another", CHEAP) });
    scene.advance(5_000);
    expect(proofOf(await byHeader(ANA))).toBe("anonymous");
    expect(proofOf(await byHeader(basic("ana", "another")))).toBe("basic");
  });

  test("refuses the old name as soon as a rename is known", async () => {
    expect(proofOf(await byHeader(ANA))).toBe("basic");
    await setUser({ username: "bea" });
    scene.advance(5_001);
    expect(proofOf(await byHeader(ANA))).toBe("anonymous");
    expect(proofOf(await byHeader(basic("bea", "ana's password")))).toBe("basic");
  });

  test("refuses a disabled account", async () => {
    await setUser({ enabled: false });
    expect(proofOf(await byHeader(ANA))).toBe("anonymous");
  });

  test("stops checking after 20 failures in a minute from one address for one account", async () => {
    const guess = (number: number) => byHeader(basic("ana", `guess ${number}`));
    for (let number = 0; number < 20; number++) {
      expect((await guess(number)).identity).toEqual({ kind: "anonymous" });
    }
    const refused = { kind: "anonymous", refusal: { code: "AUTH_FAILURES_LIMIT", retryAfterMs: 60_000 } };
    expect((await guess(20)).identity).toMatchObject(refused);
    expect((await byHeader(ANA)).identity).toMatchObject(refused);
    await expect(signIn()).rejects.toMatchObject({ code: "AUTH_FAILURES_LIMIT" });
    // Another address is not locked out with it.
    expect(proofOf(await byHeader(ANA, scene.context({ address: "192.0.2.9" })))).toBe("basic");
  });

  test("counts a burst of guesses although they run at once", async () => {
    const guesses = Array.from({ length: 60 }, (_, number) => byHeader(basic("ana", `guess ${number}`)));
    const refusals = (await Promise.all(guesses)).filter(({ identity }) => "refusal" in identity);
    // At most as many as run at once pass beyond the limit of 20.
    expect(refusals.length).toBeGreaterThanOrEqual(60 - 20 - 4);
  });

  test("counts failures of one address over all accounts", async () => {
    for (let number = 0; number < 60; number++) await byHeader(basic(`nobody${number}`, "x"));
    expect((await byHeader(ANA)).identity).toHaveProperty("refusal");
    expect(proofOf(await byHeader(ANA, scene.context({ address: "192.0.2.9" })))).toBe("basic");
  });
});

describe("identify by a client token", () => {
  const mint = async (scopes: string[], expiresIn: string | null = null) => {
    const { identity } = await byHeader(ANA);
    const input = { name: "handheld", scopes, expiresIn };
    return await createClientToken.run(scene.context({ identity }), input);
  };

  test("holds the token's scopes within those of its owner", async () => {
    const { rawToken } = await mint(["roms.read", "me.read"]);
    expect(rawToken).toMatch(/^rmm_[0-9a-f]{64}$/);
    expect([...requireUser((await byHeader(`bearer ${rawToken}`)).identity).scopes]).toEqual([
      "roms.read",
      "me.read",
    ]);
    await scene.ports.database.update(clientTokens).set({ scopes: "roms.read users.write" });
    scene.advance(5_000);
    const { identity } = await byHeader(`Bearer ${rawToken}`);
    expect([...requireUser(identity).scopes]).toEqual(["roms.read"]);
  });

  test("speaks for the device it is bound to, and notes its use every five minutes", async () => {
    const { rawToken } = await mint(["roms.read"]);
    const { db } = scene.context();
    await db.insert(devices).values({ id: "deck", userId: 1 });
    await db.update(clientTokens).set({ deviceId: "deck" });
    const { identity } = await byHeader(`Bearer ${rawToken}`);
    expect(requireUser(identity)).toMatchObject({ proof: "client_token", deviceId: "deck", sessionId: null });
    const read = async () => ({
      used: (await db.select().from(clientTokens))[0]?.lastUsedAt?.getTime() ?? 0,
      seen: (await db.select().from(devices))[0]?.lastSeen?.getTime() ?? 0,
    });
    const first = await read();
    expect(first.used).toBeGreaterThan(0);
    expect(first.seen).toBeGreaterThan(0);
    scene.advance(299_000);
    await byHeader(`Bearer ${rawToken}`);
    expect(await read()).toEqual(first);
    scene.advance(2_000);
    await byHeader(`Bearer ${rawToken}`);
    const second = await read();
    expect(second.used).toBeGreaterThan(first.used);
    expect(second.seen).toBeGreaterThan(first.seen);
  });

  test("refuses unknown, expired and removed tokens, and those of a disabled account", async () => {
    expect(proofOf(await byHeader(`Bearer rmm_${"0".repeat(64)}`))).toBe("anonymous");
    const short = await mint(["roms.read"], "30d");
    const long = await mint(["roms.read"]);
    expect(proofOf(await byHeader(`Bearer ${short.rawToken}`))).toBe("client_token");
    scene.advance(30 * 86_400_000);
    expect(proofOf(await byHeader(`Bearer ${short.rawToken}`))).toBe("anonymous");
    const { identity } = await byHeader(`Bearer ${long.rawToken}`);
    await removeClientToken.run(scene.context({ identity }), { tokenId: long.id });
    expect(proofOf(await byHeader(`Bearer ${long.rawToken}`))).toBe("anonymous");
    const last = await mint(["roms.read"]);
    await setUser({ enabled: false });
    scene.advance(5_000);
    expect(proofOf(await byHeader(`Bearer ${last.rawToken}`))).toBe("anonymous");
  });

  test("survives a changed password", async () => {
    const { rawToken } = await mint(["roms.read"]);
    await setUser({ hashedPassword: await hashPassword("another", CHEAP) });
    scene.advance(5_000);
    expect(proofOf(await byHeader(`Bearer ${rawToken}`))).toBe("client_token");
  });

  test("can be minted 25 times, also when all are asked for at once", async () => {
    const results = await Promise.allSettled(Array.from({ length: 30 }, () => mint(["roms.read"])));
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused).toHaveLength(5);
    expect(refused[0]?.reason).toMatchObject({ message: "Maximum of 25 tokens per user reached" });
    expect(await scene.ports.database.$count(clientTokens)).toBe(25);
  });

  test("cannot mint more than it holds itself", async () => {
    const { rawToken } = await mint(["me.write", "roms.read"]);
    const { identity } = await byHeader(`Bearer ${rawToken}`);
    const input = { name: "x", scopes: ["roms.write", "me.read", "roms.read"], expiresIn: null };
    await expect(createClientToken.run(scene.context({ identity }), input)).rejects.toMatchObject({
      kind: "forbidden",
      message: "Requested scopes exceed your permissions: me.read, roms.write",
    });
  });
});

describe("identify by an access token", () => {
  const grant = (scopes: string[]) =>
    signInWithPassword.run(scene.context(), { username: "ana", password: "ana's password", scopes });

  test("holds the scopes it was granted, and works after a rename", async () => {
    const { accessToken } = await grant(["roms.read", "me.read"]);
    await setUser({ username: "anna" });
    scene.advance(5_000);
    const user = requireUser((await byHeader(`Bearer ${accessToken}`)).identity);
    expect(user).toMatchObject({ username: "anna", proof: "access_token", deviceId: null });
    expect([...user.scopes]).toEqual(["roms.read", "me.read"]);
  });

  test("expires, also when its signature was checked a moment ago", async () => {
    const { accessToken } = await grant([]);
    scene.advance(1_799_000 - 1_000);
    expect(proofOf(await byHeader(`Bearer ${accessToken}`))).toBe("access_token");
    scene.advance(3_000);
    const { identity } = await byHeader(`Bearer ${accessToken}`);
    expect(identity).toMatchObject({ kind: "anonymous", refusal: { code: "AUTH_TOKEN_INVALID" } });
  });

  test("says what is wrong with a token, except that it is another sort or its owner gone", async () => {
    const { accessToken, refreshToken } = await grant([]);
    for (const token of ["abc", `${accessToken}x`, "x".repeat(9_000)]) {
      const { identity } = await byHeader(`Bearer ${token}`);
      expect(identity).toMatchObject({
        kind: "anonymous",
        refusal: { kind: "unauthenticated", message: "Could not validate credentials" },
      });
    }
    expect((await byHeader(`Bearer ${refreshToken}`)).identity).toEqual({ kind: "anonymous" });
    await setUser({ enabled: false });
    scene.advance(5_000);
    expect((await byHeader(`Bearer ${accessToken}`)).identity).toEqual({ kind: "anonymous" });
  });
});

describe("identify in a kiosk", () => {
  test("gives visitors the right to read, but not to those with bad credentials", async () => {
    await scene.close();
    await open({ isKiosk: true });
    const ctx = scene.context();
    const { identity } = await identify(ctx, { authorization: null, sessionId: null });
    expect(identity).toEqual({ kind: "kiosk", scopes: new Set(READ_SCOPES) });
    expect(proofOf(await byHeader("Digest x"))).toBe("kiosk");
    for (const header of ["", "x", "a b c", "Bearer x", basic("ana", "wrong")]) {
      expect(proofOf(await byHeader(header))).toBe("anonymous");
    }
    expect(proofOf(await byHeader(ANA))).toBe("basic");
    const dead = await bySession("6b178345-11b2-4f5c-bd44-92b0d480e417");
    expect([proofOf(dead), dead.session]).toEqual(["kiosk", "ended"]);
  });
});
