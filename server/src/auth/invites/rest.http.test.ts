import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { auditLog } from "@multitap/db/schema/audit";
import { users } from "@multitap/db/schema/users";
import { asc, eq } from "drizzle-orm";
import { createTestApp, type TestApp } from "../../app/testing.ts";
import { FULL_SCOPES } from "../../base/scopes.ts";
import { ADMIN, addAccounts, callApp, openBrowser, VIEWER } from "../calls.testing.ts";
import { signLinkToken } from "../link-tokens/service.ts";

const FORBIDDEN = '{"detail":"Forbidden"}';
const USED = "Invite token has already been used or is invalid.";
let app: TestApp;
beforeEach(async () => {
  app = await createTestApp({ environment: { ROMM_BASE_URL: "https://games.example/romm" } });
  await addAccounts(app);
}, 15_000);
afterEach(() => app.close());

const invite = (query = "role=user", authorization = ADMIN) =>
  callApp(app, `/api/users/invite-link?${query}`, { method: "POST", authorization });
const getToken = async (query?: string) => ((await invite(query)).json as { token: string }).token;
// With a bearer token, so that no CSRF pair is needed; the operation does not look at who calls.
const register = (token: string, fields: Record<string, unknown> = {}) =>
  callApp(app, "/api/users/register", {
    authorization: "Bearer abc",
    json: { username: "Invited", email: "i@example.com", password: "invitedpass", token, ...fields },
  });
const detailOf = ({ json }: { json: unknown }) => (json as { detail: unknown }).detail;
const rpc = (name: string, json: unknown, authorization = ADMIN) =>
  callApp(app, `/trpc/${name}`, { json, authorization });

describe("POST /api/users/invite-link", () => {
  test("gives a link and what it holds", async () => {
    const answer = await invite("role=editor&expiration=3600");
    expect(answer.status).toBe(201);
    const { token, url } = answer.json as { token: string; url: string };
    expect(url).toBe(`https://games.example/romm/register?token=${token}`);
    const [head = "", body = ""] = token.split(".").map((part) => Buffer.from(part, "base64url").toString());
    expect(JSON.parse(head)).toEqual({ typ: "JWT", alg: "HS256" });
    const claims = JSON.parse(body) as Record<string, number | string>;
    expect(claims).toMatchObject({ sub: "admin", type: "invite", role: "EDITOR" });
    expect(Number(claims.exp) - Number(claims.iat)).toBe(3_600);
    const rows = await app.ports.database.select().from(auditLog);
    expect(rows.map(({ action, subject }) => [action, subject])).toEqual([["user.invited", "EDITOR"]]);
    expect(JSON.stringify(rows)).not.toContain(token);
  });

  test("lasts as long as the operator set unless said", async () => {
    const token = await getToken();
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    expect(claims.exp - claims.iat).toBe(600);
  });

  test.each([
    ["role=root", 400, "Role root is not valid"],
    ["role=user&expiration=0", 400, "Invite link expiration must be a positive integer"],
    ["role=user&expiration=-5", 400, "Invite link expiration must be a positive integer"],
    ["role=user&expiration=31536001", 400, "Invite link expiration must be at most 31536000 seconds"],
    [
      "role=user&expiration=99999999999999999999",
      400,
      "Invite link expiration must be at most 31536000 seconds",
    ],
  ])("refuses %p", async (query, status, detail) => {
    const answer = await invite(query);
    expect([answer.status, answer.json]).toEqual([status, { detail }]);
    expect(await app.ports.database.$count(auditLog)).toBe(0);
  });

  test("names a parameter that is missing or no number", async () => {
    const missing = await invite("");
    expect([missing.status, missing.json]).toMatchObject([
      422,
      { detail: [{ type: "missing", loc: ["query", "role"], msg: "Field required" }] },
    ]);
    const bad = await invite("role=user&expiration=soon");
    expect(bad.json).toMatchObject({ detail: [{ type: "int_parsing", loc: ["query", "expiration"] }] });
  });

  test("is for who may write users, and the others stay signed in (403, not 401)", async () => {
    for (const authorization of [VIEWER, "Bearer abc"]) {
      const answer = await invite("role=user", authorization);
      expect([answer.status, answer.text]).toEqual([403, FORBIDDEN]);
    }
    const browser = openBrowser(app);
    await browser.call("/api/heartbeat");
    const anonymous = await browser.call("/api/users/invite-link?role=user", { method: "POST" });
    expect([anonymous.status, anonymous.text]).toEqual([403, FORBIDDEN]);
  });

  test("makes no administrators for who only may write users", async () => {
    const [group] = await app.database.handle.sql<{ id: number }[]>`
      insert into permission_groups (name) values ('Managers') returning id`;
    await app.database.handle.sql`
      insert into permission_group_grants (group_id, entity, action) values (${group?.id ?? 0}, 'users', 'write')`;
    await app.ports.database
      .update(users)
      .set({ permissionGroupId: group?.id ?? 0 })
      .where(eq(users.id, 2));
    expect((await invite("role=user", VIEWER)).status).toBe(201);
    const answer = await invite("role=ADMIN", VIEWER);
    expect([answer.status, detailOf(answer)]).toEqual([
      403,
      "Only an administrator can create admin invite links",
    ]);
  });

  test("is closed before the server is set up, too: a stranger must not keep a key", async () => {
    await app.database.handle.sql`delete from users`;
    const other = await createTestApp();
    try {
      const answer = await callApp(other, "/api/users/invite-link?role=admin", {
        method: "POST",
        authorization: "Bearer abc",
      });
      expect([answer.status, answer.text]).toEqual([403, FORBIDDEN]);
    } finally {
      await other.close();
    }
  });

  test("is the same at the typed door", async () => {
    const answer = await rpc("users.invite", { role: "user", expiresInSeconds: 60 });
    expect(answer.json).toMatchObject({ result: { data: { token: expect.any(String) } } });
    const refused = await rpc("users.invite", { role: "user", expiresInSeconds: 1.5 });
    expect(refused.json).toMatchObject({ error: { data: { code: "INVITE_EXPIRY_INVALID" } } });
    expect((await rpc("users.invite", { role: "user" }, VIEWER)).status).toBe(403);
  });
});

describe("POST /api/users/register", () => {
  test("makes an account of the invite's role, once", async () => {
    const token = await getToken("role=editor");
    const answer = await register(token, {
      role: "admin",
      id: 1,
      enabled: false,
      oauth_scopes: ["users.write"],
    });
    expect([answer.status, answer.json]).toMatchObject([
      201,
      { username: "invited", email: "i@example.com", role: "user", enabled: true, avatar_path: "" },
    ]);
    expect((answer.json as { oauth_scopes: string[] }).oauth_scopes).toContain("roms.write");
    const again = await register(token, { username: "second", email: "" });
    expect([again.status, detailOf(again)]).toEqual([400, USED]);
    const rows = await app.ports.database.select().from(auditLog).orderBy(asc(auditLog.id));
    expect(rows.map(({ action, actorName, details }) => [action, actorName, details])).toEqual([
      ["user.invited", "admin", { expiresInSeconds: 600 }],
      ["user.registered", "invited", { role: "user", invitedBy: "admin" }],
    ]);
  });

  test("makes an administrator of an administrator's invite", async () => {
    const answer = await register(await getToken("role=admin"), { email: "" });
    expect(answer.json).toMatchObject({ role: "admin", email: null, oauth_scopes: [...FULL_SCOPES] });
  });

  test("needs the CSRF pair from a browser", async () => {
    const token = await getToken();
    const json = { username: "invited", email: "", password: "invitedpass", token };
    const bare = await callApp(app, "/api/users/register", { json });
    expect([bare.status, bare.text]).toEqual([403, "CSRF token verification failed"]);
    const browser = openBrowser(app);
    await browser.call("/api/heartbeat");
    expect((await browser.call("/api/users/register", { json })).status).toBe(201);
  });

  test("makes exactly one account of one invite, however many try at once", async () => {
    const token = await getToken();
    const names = ["one", "two", "three", "four", "five"].map((name) => `${name}-er`);
    const answers = await Promise.all(names.map((username) => register(token, { username, email: "" })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 400, 400, 400, 400]);
    for (const answer of answers.filter(({ status }) => status === 400)) expect(detailOf(answer)).toBe(USED);
    expect(await app.ports.database.$count(users)).toBe(3);
  });

  test("keeps an invite whose account could not be made", async () => {
    const token = await getToken();
    const taken = await register(token, { username: "ANA" });
    expect([taken.status, detailOf(taken)]).toEqual([400, "Username ANA already exists"]);
    const short = await register(token, { password: "x" });
    expect(detailOf(short)).toBe("Password must be at least 6 characters long");
    await app.database.handle.sql`
      create function refuse() returns trigger language plpgsql as 'begin raise exception ''no''; end'`;
    await app.database.handle.sql`
      create trigger refuse before insert on users for each row execute function refuse()`;
    expect((await register(token)).status).toBe(500);
    await app.database.handle.sql`drop trigger refuse on users`;
    expect((await register(token)).status).toBe(201);
  });

  test("does not make an invite last longer by failing with it", async () => {
    const token = await getToken("role=user&expiration=2");
    await register(token, { username: "ana" });
    await Bun.sleep(2_100);
    expect(detailOf(await register(token))).toBe("Invalid token");
  });

  test("refuses tokens that are no invites, in the words that frontends show", async () => {
    const { secretKey } = app.facts;
    const life = { createdAt: new Date(), lifeMs: 60_000 };
    const claims = { sub: "admin", user_id: 1, jti: "x" } as const;
    const reset = await signLinkToken(secretKey, { ...claims, type: "reset" }, life);
    const foreign = await signLinkToken("another secret", { ...claims, type: "invite", role: "ADMIN" }, life);
    const unknown = await signLinkToken(secretKey, { ...claims, type: "invite", role: "ADMIN" }, life);
    const old = { createdAt: new Date(0), lifeMs: 60_000 };
    const expired = await signLinkToken(secretKey, { ...claims, type: "invite", role: "USER" }, old);
    const grant = { username: "admin", password: "adminpass", scope: "me.read" };
    const pair = (await callApp(app, "/api/token", { form: grant })).json as { access_token: string };
    const tokens: [string, string][] = [
      ["", "Invalid token"],
      ["abc", "Invalid token"],
      [foreign, "Invalid token"],
      [expired, "Invalid token"],
      [reset, "Invalid token type."],
      [pair.access_token, "Invalid token type."],
      [unknown, USED],
    ];
    for (const [token, detail] of tokens) {
      const answer = await register(token);
      expect([answer.status, detailOf(answer)]).toEqual([400, detail]);
    }
    expect(await app.ports.database.$count(users)).toBe(2);
  });

  test("asks for the fields before the token, and for all of them", async () => {
    const name = await register("abc", { username: "x" });
    expect(detailOf(name)).toBe("Username must be at least 3 characters long");
    const missing = await callApp(app, "/api/users/register", { json: {}, authorization: "Bearer abc" });
    const places = (detailOf(missing) as { loc: string[] }[]).map(({ loc }) => loc.join("."));
    expect(places.toSorted()).toEqual(["body.email", "body.password", "body.token", "body.username"]);
  });

  const withdrawals: [string, Partial<typeof users.$inferInsert>][] = [
    ["disabled", { enabled: false }],
    ["no administrator any more", { role: "user" }],
  ];
  test.each(withdrawals)("takes no invite of somebody who is %s by now", async (_why, change) => {
    const tokens = [await getToken("role=admin"), await getToken("role=user")];
    await app.ports.database.update(users).set(change).where(eq(users.id, 1));
    for (const token of tokens) expect(detailOf(await register(token))).toBe(USED);
    await app.ports.database.update(users).set({ enabled: true, role: "admin" }).where(eq(users.id, 1));
    expect((await register(tokens[0] ?? "")).status).toBe(201);
  });

  test("counts attempts of one address", async () => {
    for (let attempt = 0; attempt < 20; attempt++) await register("abc", { username: "x" });
    const answer = await register(await getToken());
    expect([answer.status, detailOf(answer)]).toEqual([
      429,
      "Too many registration attempts. Try again later.",
    ]);
    expect(Number(answer.headers.get("retry-after"))).toBeWithin(500, 601);
  });

  test("is the same at the typed door, which takes no role", async () => {
    const fields = { username: "invited", email: "", password: "invitedpass", token: await getToken() };
    const extra = await rpc("users.register", { ...fields, role: "admin" });
    expect(extra.json).toMatchObject({ error: { data: { code: "INPUT_INVALID" } } });
    expect((await rpc("users.register", fields)).json).toMatchObject({
      result: { data: { username: "invited", role: "user" } },
    });
    expect((await rpc("users.register", fields)).json).toMatchObject({
      error: { data: { code: "INVITE_TOKEN_INVALID", kind: "invalid" } },
    });
  });
});
