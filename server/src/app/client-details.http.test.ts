// What each existing app reads in an answer about who calls: a change here breaks the app that the row names.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ADMIN, type Answer, addAccounts, basic, type Call, callApp } from "../auth/calls.testing.ts";
import { createTestApp, type TestApp } from "./testing.ts";

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp();
  await addAccounts(app);
}, 30_000);
afterAll(() => app?.close());

const call = (path: string, options: Call = {}): Promise<Answer> => callApp(app, path, options);
const detailOf = (answer: Answer) => (answer.json as { detail?: unknown } | undefined)?.detail;
const BAD = basic("ana", "not her password");

/** Makes a token of the administrator; gives its id and secret. */
async function mint(change: Record<string, unknown> = {}): Promise<{ id: number; raw_token: string }> {
  const json = { name: "app", scopes: ["me.read"], expires_in: "never", ...change };
  const { json: token } = await call("/api/client-tokens", { authorization: ADMIN, json });
  return token as { id: number; raw_token: string };
}

async function pairingCode(tokenId: number): Promise<string> {
  const { json } = await call(`/api/client-tokens/${tokenId}/pair`, { method: "POST", authorization: ADMIN });
  return (json as { code: string }).code;
}

async function startFlow(): Promise<{ device_code: string; user_code: string }> {
  const json = {
    client_device_identifier: crypto.randomUUID(),
    name: "Handheld",
    client: "app",
    requested_scopes: ["me.read"],
  };
  return (await call("/api/auth/device/init", { json })).json as { device_code: string; user_code: string };
}

const poll = (device_code: string) => call("/api/auth/device/token", { json: { device_code } });

describe("who is signed out, and who may only not", () => {
  test.each([
    ["romm-ios-app, rommbat, rommsync-nx", "/api/users/me", { authorization: BAD }],
    ["romm-ios-app, rommbat, rommsync-nx", "/api/users/me", { authorization: "Bearer rmm_dead" }],
    ["rommix, which refreshes on 401", "/api/users/me", {}],
  ])("401 means dead credentials: %s", async (_clients, path, options) => {
    const answer = await call(path, options);
    expect([answer.status, detailOf(answer)]).toEqual([401, "Not authenticated"]);
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });

  test("403 Forbidden means a missing scope: rommbat turns one feature off and stays paired", async () => {
    const { raw_token } = await mint();
    const answer = await call("/api/platforms", { authorization: `Bearer ${raw_token}` });
    expect([answer.status, detailOf(answer)]).toEqual([403, "Forbidden"]);
  });

  test("a refused CSRF check says CSRF in plain text: the web frontend fetches a new cookie", async () => {
    const answer = await call("/api/users", { method: "POST", json: {} });
    expect([answer.status, answer.text]).toEqual([403, "CSRF token verification failed"]);
  });
});

describe("what is gone, and what never was", () => {
  test("an entity's 404 names it, so that romm-tender believes it", async () => {
    const rom = await call("/api/roms/4711", { authorization: ADMIN });
    expect([rom.status, detailOf(rom)]).toEqual([404, "Rom with id '4711' not found"]);
    const platform = await call("/api/platforms/4711", { authorization: ADMIN });
    expect([platform.status, detailOf(platform)]).toEqual([404, "Platform with id '4711' not found"]);
  });

  test("a path that is no route says the bare phrase, as JSON, so that romm-tender deletes nothing", async () => {
    const answer = await call("/api/no/such/route", { authorization: ADMIN });
    expect([answer.status, detailOf(answer)]).toEqual([404, "Not Found"]);
    expect(answer.headers.get("content-type")).toContain("application/json");
  });
});

describe("tokens", () => {
  test.each([
    ["Go-RomM-Sync", { expires_in: null }],
    ["romm-tender", { expires_in: "never" }],
  ])("are made with 201, an id and the secret: %s", async (_client, change) => {
    const json = { name: "app", scopes: ["me.read"], ...change };
    const answer = await call("/api/client-tokens", { authorization: ADMIN, json });
    expect(answer.status).toBe(201);
    const token = answer.json as { id: unknown; raw_token: unknown };
    expect([typeof token.id, /^rmm_[0-9a-f]{64}$/.test(String(token.raw_token))]).toEqual(["number", true]);
  });

  test("of a password come without naming the grant (Go-RomM-Sync) and with no scope (romm-ios-app)", async () => {
    const form = { username: "ana", password: "viewerpass", scope: "" };
    const answer = await call("/api/token", { form });
    const pair = answer.json as Record<string, unknown>;
    expect(answer.status).toBe(200);
    expect([typeof pair.access_token, typeof pair.refresh_token, typeof pair.expires]).toEqual([
      "string",
      "string",
      "number",
    ]);
  });

  test("know every scope that any app asks for", async () => {
    const scope =
      "me.read me.write roms.read roms.write roms.user.read roms.user.write platforms.read platforms.write " +
      "assets.read assets.write firmware.read firmware.write collections.read collections.write devices.read devices.write";
    const answer = await call("/api/token", { form: { username: "admin", password: "adminpass", scope } });
    expect(answer.status).toBe(200);
  });
});

describe("pairing codes", () => {
  test("give argosy a secret and a numeric id", async () => {
    const code = await pairingCode((await mint()).id);
    const answer = await call("/api/client-tokens/exchange", { json: { code } });
    const token = answer.json as { id: unknown; raw_token: unknown };
    expect([answer.status, typeof token.id, typeof token.raw_token]).toEqual([200, "number", "string"]);
  });

  test("tell romm-tender a removed token from a wrong code by their texts", async () => {
    const { id } = await mint();
    const code = await pairingCode(id);
    await call(`/api/client-tokens/${id}`, { method: "DELETE", authorization: ADMIN });
    const removed = await call("/api/client-tokens/exchange", { json: { code } });
    expect([removed.status, detailOf(removed)]).toEqual([404, "Token no longer exists"]);
    const wrong = await call("/api/client-tokens/exchange", { json: { code: "AAAAAAAA" } });
    expect([wrong.status, detailOf(wrong)]).toEqual([404, "Invalid or expired pairing code"]);
  });
});

describe("the device flow", () => {
  test("answers init with 201 and paths: rommbat, rommsync-nx, romm-3ds-client", async () => {
    const json = {
      client_device_identifier: "a-1",
      name: "A",
      client: "app",
      requested_scopes: ["me.read"],
    };
    const answer = await call("/api/auth/device/init", { json });
    const flow = answer.json as Record<string, unknown>;
    expect(answer.status).toBe(201);
    expect([flow.verification_path, flow.expires_in, flow.interval]).toEqual(["/pair/device", 600, 5]);
    expect(flow.verification_path_complete).toBe(`/pair/device?user_code=${flow.user_code}`);
  });

  test("tells what to do by the word in detail, with 400: playnite, romm-3ds-client, rommix", async () => {
    const { device_code, user_code } = await startFlow();
    const pending = await poll(device_code);
    expect([pending.status, detailOf(pending)]).toEqual([400, "authorization_pending"]);
    const hasty = await poll(device_code);
    expect([hasty.status, detailOf(hasty)]).toEqual([400, "slow_down"]);
    const denied = await call("/api/auth/device/deny", { authorization: ADMIN, json: { user_code } });
    expect(denied.status).toBe(200);
    const ended = await poll(device_code);
    expect([ended.status, detailOf(ended)]).toEqual([400, "access_denied"]);
    const unknown = await poll("0".repeat(64));
    expect([unknown.status, detailOf(unknown)]).toEqual([400, "expired_token"]);
  });
});
