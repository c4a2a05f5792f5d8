import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { clientTokens } from "@multitap/db/schema/auth";
import { devices } from "@multitap/db/schema/devices";
import { users } from "@multitap/db/schema/users";
import { createTestApp, type TestApp } from "../app/testing.ts";
import { hashPassword } from "../users/passwords/service.ts";
import { ADMIN, addAccounts, basic, type Call, callApp, openBrowser, VIEWER } from "./calls.testing.ts";
import { signToken } from "./jwt/service.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp();
  await addAccounts(app);
  noteCounters();
});
afterAll(() => app.close());
beforeEach(async () => {
  await app.ports.database.delete(clientTokens);
  await app.ports.kv.remove([...counterKeys]);
  counterKeys.clear();
});

/** Counters of failures that tests made; those of one test must not refuse the next one, on either kv driver. */
const counterKeys = new Set<string>();

function noteCounters(): void {
  const { kv } = app.ports;
  const increment = kv.increment.bind(kv);
  kv.increment = (key, options) => {
    counterKeys.add(key);
    return increment(key, options);
  };
}

const NOT_AUTHENTICATED = '{"detail":"Not authenticated"}';

interface Scenario extends Call {
  readonly name: string;
  readonly path: string;
  readonly status: number;
  /** The whole body. */
  readonly body?: string;
  /** Pieces of the body. */
  readonly has?: readonly string[];
  /** The authentication scheme that is asked for. */
  readonly asks?: string;
}

function runScenarios(scenarios: readonly Scenario[]): void {
  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    "%s",
    async (_name, scenario) => {
      const answer = await callApp(app, scenario.path, scenario);
      if (scenario.body !== undefined) expect(answer.text).toBe(scenario.body);
      for (const piece of scenario.has ?? []) expect(answer.text).toContain(piece);
      expect(answer.status).toBe(scenario.status);
      if (scenario.asks !== undefined) expect(answer.headers.get("www-authenticate")).toBe(scenario.asks);
    },
  );
}

describe("POST /api/login", () => {
  const path = "/api/login";
  runScenarios([
    {
      name: "refuses a wrong password",
      path,
      method: "POST",
      authorization: basic("admin", "wrong"),
      status: 401,
      body: '{"detail":"Incorrect username or password"}',
    },
    {
      name: "refuses an unknown name in the same words",
      path,
      method: "POST",
      authorization: basic("nobody", "adminpass"),
      status: 401,
      body: '{"detail":"Incorrect username or password"}',
    },
    {
      name: "asks for Basic when the header is garbled",
      path,
      method: "POST",
      authorization: "Basic %%%",
      status: 401,
      body: NOT_AUTHENTICATED,
      asks: "Basic",
    },
    {
      name: "asks for Basic when the header is of another sort",
      path,
      method: "POST",
      authorization: "Bearer abc",
      status: 401,
      body: NOT_AUTHENTICATED,
      asks: "Basic",
    },
    {
      name: "answers null to the right password",
      path,
      method: "POST",
      authorization: ADMIN,
      status: 200,
      body: "null",
    },
    {
      name: "answers with a trailing slash too",
      path: "/api/login/",
      method: "POST",
      authorization: ADMIN,
      status: 200,
      body: "null",
    },
  ]);

  test("asks for Basic when no header came at all", async () => {
    const browser = openBrowser(app);
    await browser.call("/api/heartbeat");
    const answer = await browser.call(path, { method: "POST" });
    expect([answer.status, answer.text]).toEqual([401, NOT_AUTHENTICATED]);
    expect(answer.headers.get("www-authenticate")).toBe("Basic");
  });

  test("refuses a disabled account", async () => {
    const hashedPassword = await hashPassword("gone's password", { memoryKib: 8, passes: 1 });
    await app.ports.database.insert(users).values({ username: "gone", hashedPassword, enabled: false });
    const authorization = basic("gone", "gone's password");
    const answer = await callApp(app, path, { method: "POST", authorization });
    expect([answer.status, answer.text]).toEqual([401, '{"detail":"Disabled user"}']);
    expect((await callApp(app, "/api/users/me", { authorization })).text).toBe(NOT_AUTHENTICATED);
  });

  test("signs a browser in for reading and writing at once (romm-ios-app, romm-client)", async () => {
    const browser = openBrowser(app);
    const login = await browser.call(path, { method: "POST", authorization: ADMIN });
    expect(login.headers.getSetCookie()[0]).toMatch(
      /^romm_session=[0-9a-f-]{36}; path=\/; Max-Age=1209600; httponly; samesite=strict$/,
    );
    expect(login.headers.getSetCookie()[1]).toMatch(/^romm_csrftoken=[\w-]+\.[\w-]+; Path=\/; SameSite=lax$/);
    const me = await browser.call("/api/users/me");
    expect(me.json).toMatchObject({ username: "admin" });
    // The token that came with the login is bound to the account already.
    expect(me.headers.getSetCookie()).toEqual([]);
    const json = { name: "browser", scopes: ["me.read"] };
    expect((await browser.call("/api/client-tokens", { json })).status).toBe(201);
    const rows = await app.ports.database.select().from(devices);
    expect(rows.map((row) => row.id)).toContain((me.json as { current_device_id: string }).current_device_id);
  });

  test("cannot be driven to use a session id that somebody planted", async () => {
    const planted = "6b178345-11b2-4f5c-bd44-92b0d480e417";
    const browser = openBrowser(app);
    browser.setCookie("romm_session", planted);
    await browser.call(path, { method: "POST", authorization: ADMIN });
    expect(browser.cookies.get("romm_session")).not.toBe(planted);
    const other = openBrowser(app);
    other.setCookie("romm_session", planted);
    expect((await other.call("/api/users/me")).status).toBe(401);
    expect(other.cookies.has("romm_session")).toBe(false);
  });

  test("answers 429 with Retry-After after twenty wrong passwords", async () => {
    const login = (password: string) =>
      callApp(app, path, { method: "POST", authorization: basic("ana", password) });
    for (let number = 0; number < 20; number++) expect((await login(`wrong ${number}`)).status).toBe(401);
    const refused = await login("viewerpass 2");
    expect(refused.status).toBe(429);
    expect(refused.text).toBe('{"detail":"Too many failed login attempts. Try again later."}');
    expect(refused.headers.get("retry-after")).toBe("60");
    const other = await callApp(app, "/api/users/me", { authorization: basic("ana", "wrong 21") });
    expect(other.status).toBe(429);
    expect((await callApp(app, "/api/heartbeat", { authorization: basic("ana", "wrong 22") })).status).toBe(
      200,
    );
  });
});

describe("POST /api/logout", () => {
  test("ends the session and binds the CSRF token to nobody", async () => {
    const browser = openBrowser(app);
    await browser.call("/api/login", { method: "POST", authorization: ADMIN });
    const sessionId = browser.cookies.get("romm_session") ?? "";
    const logout = await browser.call("/api/logout", { method: "POST" });
    expect([logout.status, logout.text]).toEqual([200, "null"]);
    expect(logout.headers.getSetCookie()[0]).toBe(
      "romm_session=null; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=strict",
    );
    browser.setCookie("romm_session", sessionId);
    expect((await browser.call("/api/users/me")).status).toBe(401);
    // The next login page may write without another round trip.
    const json = { username: "evil", password: "evilpass", email: "", role: "admin" };
    expect((await browser.call("/api/users", { json })).text).toBe('{"detail":"Forbidden"}');
  });

  test("needs the CSRF pair", async () => {
    const browser = openBrowser(app);
    await browser.call("/api/login", { method: "POST", authorization: ADMIN });
    const answer = await browser.call("/api/logout", { method: "POST", headers: { "x-csrftoken": "" } });
    expect([answer.status, answer.text]).toEqual([403, "CSRF token verification failed"]);
    expect((await browser.call("/api/users/me")).status).toBe(200);
  });

  test("is harmless for anybody else", async () => {
    const answer = await callApp(app, "/api/logout", { method: "POST", authorization: ADMIN });
    expect([answer.status, answer.text]).toEqual([200, "null"]);
  });
});

describe("POST /api/token", () => {
  const path = "/api/token";
  const wrong = (form: Record<string, string>, status: number, detail: string): Scenario => ({
    name: `answers ${status} ${detail} to ${JSON.stringify(form)}`,
    path,
    form,
    status,
    body: JSON.stringify({ detail }),
  });
  runScenarios([
    wrong({}, 400, "Missing username or password"),
    wrong({ username: "admin" }, 400, "Missing username or password"),
    wrong({ username: "admin", password: "nope" }, 401, "Invalid username or password"),
    wrong({ username: "ana", password: "viewerpass", scope: "users.write" }, 403, "Insufficient scope"),
    wrong(
      { username: "admin", password: "adminpass", scope: "roms.read moon.fly" },
      403,
      "Insufficient scope",
    ),
    wrong({ grant_type: "refresh_token" }, 400, "Missing refresh token"),
    wrong({ grant_type: "refresh_token", refresh_token: "abc" }, 401, "Could not validate credentials"),
    wrong({ grant_type: "client_credentials" }, 400, "Client credentials are not yet supported"),
    wrong({ grant_type: "implicit" }, 400, "Invalid or unsupported grant type"),
    {
      name: "gives a pair without a grant type (Go-RomM-Sync) and with an empty scope (romm-ios-app)",
      path,
      form: { username: "admin", password: "adminpass", scope: "" },
      status: 200,
      has: [
        '"token_type":"bearer"',
        '"expires":1800',
        '"expires_in":1800',
        '"refresh_expires":604800',
        '"scope":""',
      ],
    },
  ]);

  const grant = async (form: Record<string, string>) => {
    const answer = await callApp(app, path, { form });
    expect(answer.status).toBe(200);
    return answer.json as { access_token: string; refresh_token: string };
  };
  const password = { username: "admin", password: "adminpass" };

  test("gives a token that can do what it asked for and nothing else", async () => {
    const { access_token } = await grant({ ...password, scope: "roms.read me.read" });
    const authorization = `Bearer ${access_token}`;
    expect((await callApp(app, "/api/users/me", { authorization })).status).toBe(200);
    const json = { name: "x", scopes: ["me.read"] };
    const refused = await callApp(app, "/api/client-tokens", { authorization, json });
    expect([refused.status, refused.text]).toEqual([403, '{"detail":"Forbidden"}']);
  });

  test("gives a token that can do nothing when it asked for nothing", async () => {
    const { access_token } = await grant(password);
    const authorization = `Bearer ${access_token}`;
    const refused = await callApp(app, "/api/users/me", { authorization });
    expect([refused.status, refused.text]).toEqual([403, '{"detail":"Forbidden"}']);
    expect((await callApp(app, "/api/heartbeat", { authorization })).status).toBe(200);
  });

  test("gives the same pair again to a repeated refresh (rommix, two tabs)", async () => {
    const { refresh_token } = await grant({ ...password, scope: "me.read" });
    const form = { grant_type: "refresh_token", refresh_token };
    const [first, second] = [await grant(form), await grant(form)];
    expect(second).toEqual(first);
    expect(first.refresh_token).not.toBe(refresh_token);
    const authorization = `Bearer ${first.access_token}`;
    expect((await callApp(app, "/api/users/me", { authorization })).status).toBe(200);
  });

  test("answers 401 to a token that is expired or damaged, except on public routes", async () => {
    const claims = {
      type: "access" as const,
      username: "admin",
      userId: 1,
      scopes: ["me.read"],
      tokenId: null,
    };
    const expired = await signToken(app.facts.secretKey, { ...claims, expiresAtMs: Date.now() - 1_000 });
    for (const token of [expired, "abc"]) {
      const authorization = `Bearer ${token}`;
      const refused = await callApp(app, "/api/users/me", { authorization });
      expect([refused.status, refused.text]).toEqual([401, '{"detail":"Could not validate credentials"}']);
      expect(refused.headers.get("www-authenticate")).toBe("Bearer");
      expect((await callApp(app, "/api/heartbeat", { authorization })).status).toBe(200);
    }
  });
});

describe("client tokens", () => {
  const path = "/api/client-tokens";
  const refused = (name: string, call: Partial<Scenario> & Pick<Scenario, "status">): Scenario => ({
    name,
    path,
    ...call,
  });
  const json = { name: "x", scopes: ["me.read"] };
  runScenarios([
    refused("refuses a guest who lists", { status: 401, body: NOT_AUTHENTICATED, asks: "Bearer" }),
    refused("refuses a guest who creates", {
      authorization: "Bearer rmm_00",
      json,
      status: 401,
      body: NOT_AUTHENTICATED,
    }),
    refused("refuses wrong credentials like none", {
      authorization: basic("admin", "nope"),
      status: 401,
      body: NOT_AUTHENTICATED,
      asks: "Bearer",
    }),
    refused("refuses a write without the CSRF pair", {
      json,
      status: 403,
      body: "CSRF token verification failed",
    }),
    refused("refuses another life", {
      authorization: ADMIN,
      json: { ...json, expires_in: "7 moons" },
      status: 422,
      body: '{"detail":"Invalid expires_in value: 7 moons. Valid values: 30d, 90d, 1y, never"}',
    }),
    refused("refuses an unknown scope", {
      authorization: ADMIN,
      json: { ...json, scopes: ["moon.fly"] },
      status: 403,
      body: '{"detail":"Requested scopes exceed your permissions: moon.fly"}',
    }),
    refused("refuses scopes the account does not hold, sorted", {
      authorization: VIEWER,
      json: { ...json, scopes: ["users.write", "me.read", "roms.write"] },
      status: 403,
      body: '{"detail":"Requested scopes exceed your permissions: roms.write, users.write"}',
    }),
    refused("refuses no scopes", {
      authorization: ADMIN,
      json: { ...json, scopes: [] },
      status: 422,
      has: ['"type":"too_short"', '"loc":["body","scopes"]'],
    }),
    refused("refuses a body without a name", {
      authorization: ADMIN,
      json: { scopes: ["me.read"] },
      status: 422,
      has: ['"type":"missing"', '"loc":["body","name"]'],
    }),
    refused("refuses an id that is no number", {
      path: `${path}/abc`,
      method: "DELETE",
      authorization: ADMIN,
      status: 422,
      has: ['"loc":["path","token_id"]'],
    }),
    refused("does not find what is not there", {
      path: `${path}/4711`,
      method: "DELETE",
      authorization: ADMIN,
      status: 404,
      body: '{"detail":"Token not found"}',
    }),
  ]);

  const create = async (authorization: string, fields: Record<string, unknown> = {}) => {
    const answer = await callApp(app, path, { authorization, json: { ...json, ...fields } });
    expect(answer.status).toBe(201);
    return answer.json as { id: number; raw_token: string };
  };

  test("are made with 201 and every field (Go-RomM-Sync, argosy)", async () => {
    // Go-RomM-Sync sends null, romm-tender "never"; unknown fields are ignored.
    const forever = await create(ADMIN, { expires_in: null, extra: 1 });
    expect(forever).toEqual({
      id: expect.any(Number),
      name: "x",
      scopes: ["me.read"],
      expires_at: null,
      last_used_at: null,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/),
      user_id: 1,
      device_id: null,
      raw_token: expect.stringMatching(/^rmm_[0-9a-f]{64}$/),
    } as never);
    expect(await create(ADMIN, { expires_in: "never" })).toMatchObject({ expires_at: null } as never);
    expect(await create(ADMIN, { expires_in: "30d" })).toMatchObject({
      expires_at: expect.stringContaining("+00:00"),
    } as never);
  });

  test("are listed newest first, without secrets, to their owner only", async () => {
    const [first, second] = [await create(ADMIN), await create(ADMIN, { name: "y" })];
    await create(VIEWER);
    const answer = await callApp(app, path, { authorization: `Bearer ${second.raw_token}` });
    expect((answer.json as { id: number }[]).map((token) => token.id)).toEqual([second.id, first.id]);
    expect(answer.text).not.toContain("raw_token");
    expect(answer.text).not.toContain("hashed");
  });

  test("stop working when they are removed, by their owner only (romm-tender)", async () => {
    const { id, raw_token } = await create(ADMIN);
    const remove = (authorization: string) =>
      callApp(app, `${path}/${id}`, { method: "DELETE", authorization });
    expect((await remove(VIEWER)).text).toBe('{"detail":"Token not found"}');
    expect((await callApp(app, "/api/users/me", { authorization: `Bearer ${raw_token}` })).status).toBe(200);
    const removed = await remove(ADMIN);
    expect([removed.status, removed.text]).toEqual([200, "null"]);
    const after = await callApp(app, "/api/users/me", { authorization: `Bearer ${raw_token}` });
    expect([after.status, after.text]).toEqual([401, NOT_AUTHENTICATED]);
  });

  test("end at 25 per account", async () => {
    for (let number = 0; number < 25; number++) await create(VIEWER);
    const answer = await callApp(app, path, { authorization: VIEWER, json });
    expect([answer.status, answer.text]).toEqual([400, '{"detail":"Maximum of 25 tokens per user reached"}']);
  });

  test("are the same behind the typed door", async () => {
    const created = await callApp(app, "/trpc/clientTokens.create", { authorization: ADMIN, json });
    expect(created.json).toMatchObject({ result: { data: { rawToken: expect.stringMatching(/^rmm_/) } } });
    const guest = await callApp(app, "/trpc/clientTokens.list");
    expect(guest.status).toBe(401);
    expect(guest.json).toMatchObject({ error: { data: { kind: "unauthenticated", code: "AUTH_REQUIRED" } } });
    const forged = await callApp(app, "/trpc/clientTokens.create", { json });
    expect([forged.status, forged.text]).toEqual([403, "CSRF token verification failed"]);
  });
});
