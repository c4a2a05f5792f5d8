import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ADMIN, addAccounts, callApp, openBrowser } from "../auth/calls.testing.ts";
import { AppError } from "../base/errors.ts";
import { createGate } from "./gate.ts";
import { createTestApp, type TestApp } from "./testing.ts";

const REFUSED = "CSRF token verification failed";
const json = { name: "x", scopes: ["me.read"] };

describe("the gate", () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp();
    await addAccounts(app);
  });
  afterAll(() => app.close());

  const signIn = async () => {
    const browser = openBrowser(app);
    await browser.call("/api/login", { method: "POST", authorization: ADMIN });
    return browser;
  };

  test("gives a browser its CSRF cookie once, on any answer", async () => {
    const browser = openBrowser(app);
    const first = await browser.call("/api/users/me");
    expect(first.status).toBe(401);
    expect(first.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^romm_csrftoken=.*; Path=\/; SameSite=lax$/),
    ]);
    expect((await browser.call("/api/heartbeat")).headers.getSetCookie()).toEqual([]);
    browser.setCookie("romm_csrftoken", "damaged");
    expect((await browser.call("/api/heartbeat")).headers.getSetCookie()).toHaveLength(1);
  });

  test("gives apps with an Authorization header no cookies and asks them for none (clients/matrix 1.2)", async () => {
    const answer = await callApp(app, "/api/client-tokens", { authorization: ADMIN, json });
    expect(answer.status).toBe(201);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test("refuses a write whose pair is not the caller's", async () => {
    const browser = await signIn();
    const own = browser.cookies.get("romm_csrftoken") ?? "";
    const write = (headers: Record<string, string> = {}) =>
      browser.call("/api/client-tokens", { json, headers });
    expect((await write()).status).toBe(201);
    for (const header of ["", "abc", own.slice(0, -1)]) {
      const answer = await write({ "x-csrftoken": header });
      expect([answer.status, answer.text]).toEqual([403, REFUSED]);
    }
    const stranger = openBrowser(app);
    await stranger.call("/api/heartbeat");
    browser.setCookie("romm_csrftoken", stranger.cookies.get("romm_csrftoken") ?? "");
    const planted = await write();
    expect([planted.status, planted.text]).toEqual([403, REFUSED]);
    // The refusal brought the right cookie, so the next try works.
    expect((await write()).status).toBe(201);
  });

  test("lets no forged request pair a cookie with a header of its own", async () => {
    const browser = await signIn();
    const answer = await browser.call("/api/client-tokens", { json, authorization: "Bearer nonsense" });
    expect(answer.status).toBe(401);
  });

  test("clears a session cookie that counts for nothing and serves the caller as a guest", async () => {
    const browser = openBrowser(app);
    browser.setCookie("romm_session", "6b178345-11b2-4f5c-bd44-92b0d480e417");
    const answer = await browser.call("/api/heartbeat");
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie()[0]).toBe(
      "romm_session=null; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=strict",
    );
  });

  test("renews the cookie of a session that is in use, after a minute", async () => {
    const browser = await signIn();
    let offsetMs = 0;
    const clock = { now: () => new Date(Date.now() + offsetMs) };
    const options = { facts: app.facts, clientAddressOf: () => null };
    const gate = createGate({ ...options, ports: { ...app.ports, clock } });
    const cookie = `romm_session=${browser.cookies.get("romm_session")}; romm_csrftoken=${browser.cookies.get("romm_csrftoken")}`;
    const enter = (path: string, method = "GET") =>
      gate.enter(new Request(`http://localhost${path}`, { method, headers: { cookie } }));
    // The first call of a process renews, for it cannot know when the last one did.
    expect((await enter("/api/heartbeat")).setCookies).toHaveLength(1);
    expect((await enter("/api/heartbeat")).setCookies).toEqual([]);
    offsetMs = 60_000;
    const { identity, setCookies } = await enter("/api/heartbeat");
    expect(identity).toMatchObject({ kind: "user", proof: "session" });
    expect(setCookies).toEqual([expect.stringMatching(/^romm_session=.*Max-Age=1209600/)]);
    offsetMs = 120_000;
    // The answer to a logout must not be followed by a cookie that signs in again.
    expect((await enter("/api/logout", "POST")).setCookies).toEqual([]);
  });

  test("says so when it cannot find out who calls", async () => {
    const down = () =>
      Promise.reject(new AppError("unavailable", "KV_UNAVAILABLE", { message: "the store is down" }));
    const log = { ...app.ports.log, error: () => undefined };
    const ports = { ...app.ports, log, kv: { ...app.ports.kv, get: down } };
    const gate = createGate({ ports, facts: app.facts, clientAddressOf: () => null });
    const request = new Request("http://localhost/api/roms", { headers: { authorization: ADMIN } });
    const { identity, refusal } = await gate.enter(request);
    expect(identity.kind).toBe("anonymous");
    expect(refusal?.status).toBe(503);
    expect(await refusal?.json()).toEqual({ detail: "the store is down" });
  });
});

describe("the gate of an operator's choice", () => {
  test("checks no CSRF pair when that is turned off", async () => {
    const app = await createTestApp({ environment: { DISABLE_CSRF_PROTECTION: "true" } });
    const answer = await callApp(app, "/api/client-tokens", { json });
    await app.close();
    expect(answer.status).toBe(401);
  });

  test("marks cookies for https only and refuses password logins when told so", async () => {
    const environment = { ROMM_SESSION_SECURE_COOKIE: "true", DISABLE_USERPASS_LOGIN: "true" };
    const app = await createTestApp({ environment });
    await addAccounts(app);
    const guest = await callApp(app, "/api/heartbeat");
    const login = await callApp(app, "/api/login", { method: "POST", authorization: ADMIN });
    const me = await callApp(app, "/api/users/me", { authorization: ADMIN });
    await app.close();
    expect(guest.headers.getSetCookie()[0]).toEndWith("; Path=/; SameSite=lax; Secure");
    expect([login.status, login.text]).toEqual([403, '{"detail":"Login with a password is disabled"}']);
    // Apps keep working with Basic.
    expect(me.status).toBe(200);
  });
});
