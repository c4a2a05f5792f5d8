import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createTestApp, type TestApp } from "../app/testing.ts";
import { ADMIN, addAccounts, basic, type Call, callApp, openBrowser, VIEWER } from "../auth/calls.testing.ts";
import { FULL_SCOPES, READ_SCOPES } from "../base/scopes.ts";

const FIRST = { username: "Admin", email: "admin@example.com", password: "adminpass", role: "viewer" };
const FORBIDDEN = '{"detail":"Forbidden"}';

describe("POST /api/users on a fresh server", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp();
  });
  afterAll(() => app.close());

  test("needs the CSRF pair even from nobody", async () => {
    const answer = await callApp(app, "/api/users", { json: FIRST });
    expect([answer.status, answer.text]).toEqual([403, "CSRF token verification failed"]);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  });

  test("refuses what breaks a rule, makes the first account an administrator, and closes", async () => {
    const browser = openBrowser(app);
    await browser.call("/api/heartbeat");
    const short = await browser.call("/api/users", { json: { ...FIRST, password: "x" } });
    expect([short.status, short.text]).toEqual([
      400,
      '{"detail":"Password must be at least 6 characters long"}',
    ]);
    const missing = await browser.call("/api/users", { json: { username: "admin" } });
    expect(missing.status).toBe(422);
    const { detail } = missing.json as { detail: { loc: string[]; type: string }[] };
    expect(detail.map(({ loc, type }) => [type, ...loc])).toEqual([
      ["missing", "body", "email"],
      ["missing", "body", "password"],
      ["missing", "body", "role"],
    ]);

    const twoAtOnce = await Promise.all([
      browser.call("/api/users", { json: FIRST }),
      browser.call("/api/users", { json: { ...FIRST, username: "other", email: "" } }),
    ]);
    expect(twoAtOnce.map(({ status }) => status).toSorted()).toEqual([201, 403]);
    const winner = twoAtOnce.find(({ status }) => status === 201);
    expect(winner?.json).toMatchObject({ role: "admin", oauth_scopes: [...FULL_SCOPES] });

    const later = await browser.call("/api/users", { json: { ...FIRST, username: "evil" } });
    expect([later.status, later.text]).toEqual([403, FORBIDDEN]);
    expect(later.headers.get("www-authenticate")).toBeNull();
  });
});

describe("users", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp();
    await addAccounts(app);
  });
  afterAll(() => app.close());

  const create = (authorization: string, fields: Record<string, unknown> = {}) =>
    callApp(app, "/api/users", {
      authorization,
      json: { username: "new-user", email: "", password: "newpass", role: "user", ...fields },
    });

  test("are made by an administrator", async () => {
    const answer = await create(ADMIN, {
      username: "Viewer1",
      email: "V@example.com",
      role: "viewer",
      extra: 1,
    });
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      id: expect.any(Number),
      username: "viewer1",
      email: "v@example.com",
      enabled: true,
      role: "user",
      permission_group_id: null,
      oauth_scopes: expect.arrayContaining(["playlists.write"]),
      avatar_path: "",
      last_login: null,
      last_active: null,
      ra_username: "",
      ra_progression: {},
      ui_settings: {},
      current_device_id: null,
      created_at: expect.stringMatching(/\+00:00$/),
      updated_at: expect.stringMatching(/\+00:00$/),
    });
    const again = await create(ADMIN, { username: "VIEWER1" });
    expect([again.status, again.text]).toEqual([400, '{"detail":"Username VIEWER1 already exists"}']);
    const address = await create(ADMIN, { username: "viewer2", email: "v@example.com" });
    expect([address.status, address.text]).toEqual([
      400,
      '{"detail":"User with email v@example.com already exists"}',
    ]);
  });

  test("are not made by others, who stay signed in (403, not 401)", async () => {
    for (const authorization of [VIEWER, basic("ana", "wrong"), "Bearer abc"]) {
      const answer = await create(authorization);
      expect([answer.status, answer.text]).toEqual([403, FORBIDDEN]);
    }
  });

  test.each([
    [{ username: "x" }, "Username must be at least 3 characters long"],
    [{ email: "x" }, "Invalid email format"],
    [{ role: "root" }, "Role root is not valid"],
  ])("are refused with %p", async (fields, detail) => {
    const answer = await create(ADMIN, fields);
    expect([answer.status, answer.text]).toEqual([400, JSON.stringify({ detail })]);
  });

  test("are listed for who may read them, with nothing secret", async () => {
    const list = await callApp(app, "/api/users", { authorization: ADMIN });
    const rows = list.json as Record<string, unknown>[];
    expect(rows.map(({ id }) => id)).toEqual(rows.map(({ id }) => id).toSorted());
    expect(rows[0]).toMatchObject({ id: 1, username: "admin", current_device_id: null });
    expect(list.text).not.toContain("hash");
    expect(list.text).not.toContain("$argon2");
    const ids = await callApp(app, "/api/users/identifiers", { authorization: ADMIN });
    expect(ids.json).toEqual(rows.map(({ id }) => id));
    const typed = await callApp(app, "/trpc/users.list", { authorization: ADMIN });
    expect(typed.json).toMatchObject({ result: { data: rows.map(({ id }) => ({ id })) } });
    const typedIds = await callApp(app, "/trpc/users.identifiers", { authorization: ADMIN });
    expect(typedIds.json).toMatchObject({ result: { data: ids.json } });
    for (const path of ["/api/users", "/api/users/identifiers", "/api/users/1", "/trpc/users.list"]) {
      const refused = await callApp(app, path, { authorization: VIEWER });
      expect([path, refused.status]).toEqual([path, 403]);
      expect(refused.text).toContain("Forbidden");
    }
  });

  test("are read one by one", async () => {
    const one = await callApp(app, "/api/users/2", { authorization: ADMIN });
    expect([one.status, one.json]).toMatchObject([200, { id: 2, username: "ana", enabled: true }]);
    const missing = await callApp(app, "/api/users/9999", { authorization: ADMIN });
    expect([missing.status, missing.text]).toEqual([404, '{"detail":"User not found"}']);
    const bad = await callApp(app, "/api/users/abc", { authorization: ADMIN });
    const message = "Input should be a valid integer, unable to parse string as an integer";
    expect([bad.status, bad.json]).toEqual([
      422,
      { detail: [{ type: "int_parsing", loc: ["path", "id"], msg: message, input: "abc" }] },
    ]);
    const input = encodeURIComponent(JSON.stringify({ userId: 2 }));
    const typed = await callApp(app, `/trpc/users.get?input=${input}`, { authorization: ADMIN });
    expect(typed.json).toMatchObject({ result: { data: { id: 2, username: "ana" } } });
  });

  test("know themselves at both doors", async () => {
    const me = await callApp(app, "/api/users/me", { authorization: ADMIN });
    expect(me.json).toMatchObject({ id: 1, username: "admin", current_device_id: null });
    const typed = await callApp(app, "/trpc/users.me", { authorization: ADMIN });
    expect(typed.json).toMatchObject({
      result: { data: { id: 1, username: "admin", currentDeviceId: null } },
    });
    const guest = await callApp(app, "/api/users/me");
    expect([guest.status, guest.text]).toEqual([401, '{"detail":"Not authenticated"}']);
    expect(guest.headers.get("www-authenticate")).toBe("Bearer");
    const narrow = await callApp(app, "/api/token", { form: { username: "admin", password: "adminpass" } });
    const { access_token } = narrow.json as { access_token: string };
    const refused = await callApp(app, "/trpc/users.me", { authorization: `Bearer ${access_token}` });
    expect(refused.status).toBe(403);
  });
});

describe("POST /api/users/{id}/ra/refresh", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp();
    await addAccounts(app);
  });
  afterAll(() => app.close());

  const refresh = (userId: number, authorization: string, call: Partial<Call> = {}) =>
    callApp(app, `/api/users/${userId}/ra/refresh`, { method: "POST", authorization, ...call });
  const NO_NAME = '{"detail":"User does not have a RetroAchievements username set"}';
  const NOT_SET_UP = '{"detail":"RetroAchievements is not configured on this server"}';

  test("says what is missing, to the owner and to administrators only", async () => {
    for (const call of [{}, { json: {} }, { json: { incremental: true } }]) {
      const answer = await refresh(2, VIEWER, call);
      expect([answer.status, answer.text]).toEqual([404, NO_NAME]);
    }
    expect((await refresh(1, VIEWER)).text).toBe(FORBIDDEN);
    expect((await refresh(9999, VIEWER)).text).toBe(FORBIDDEN);
    expect((await refresh(9999, ADMIN)).text).toBe('{"detail":"User not found"}');
    const bad = await refresh(2, VIEWER, { json: { incremental: "x" } });
    expect(bad.json).toMatchObject({ detail: [{ type: "bool_type", loc: ["body", "incremental"] }] });
    const form = { ra_username: "AnaPlays" };
    await callApp(app, "/api/users/2", { method: "PUT", authorization: VIEWER, form });
    const off = await refresh(2, ADMIN, { json: { incremental: true } });
    expect([off.status, off.text]).toEqual([400, NOT_SET_UP]);
    const typed = { json: { userId: 2 }, authorization: VIEWER };
    expect((await callApp(app, "/trpc/users.refreshProgression", typed)).json).toMatchObject({
      error: { data: { kind: "unsupported", code: "USER_RA_OFF" } },
    });
  });
});

describe("a kiosk", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp({ environment: { KIOSK_MODE: "true" } });
    await addAccounts(app);
  });
  afterAll(() => app.close());

  test("shows its visitors an account that may read, and lets them write nothing", async () => {
    const visitor = openBrowser(app);
    expect((await visitor.call("/api/users/me")).json).toMatchObject({
      id: -1,
      username: "kiosk",
      role: "user",
      oauth_scopes: [...READ_SCOPES],
    });
    expect((await visitor.call("/api/client-tokens")).text).toBe("[]");
    const json = { name: "x", scopes: ["me.read"] };
    const refused = await visitor.call("/api/client-tokens", { json });
    expect([refused.status, refused.text]).toEqual([403, FORBIDDEN]);
    await visitor.call("/api/login", { method: "POST", authorization: VIEWER });
    expect((await visitor.call("/api/users/me")).json).toMatchObject({ username: "ana" });
    await visitor.call("/api/logout", { method: "POST" });
    expect((await visitor.call("/api/client-tokens", { json })).text).toBe(FORBIDDEN);
  });
});
