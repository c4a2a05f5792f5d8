// Made from the mount lists: whoever adds a route or a procedure is checked here without writing a line.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ADMIN, addAccounts, callApp } from "../auth/calls.testing.ts";
import { isScope } from "../base/scopes.ts";
import { type Entry, listEntries } from "./registry.ts";
import { createTestApp, type TestApp } from "./testing.ts";

/** What anyone may call; a new name here is a decision. */
const PUBLIC = [
  "GET /api/client-tokens/pair/{code}/status",
  "GET /api/config",
  "GET /api/feeds/tinfoil",
  "GET /api/heartbeat",
  "GET /api/heartbeat/metadata/{source}",
  "GET /api/login/openid",
  "GET /api/oauth/openid",
  "GET /api/relay/list",
  "GET /api/relay/tunnel",
  "GET /api/setup/library",
  "GET /api/stats",
  "POST /api/auth/device/init",
  "POST /api/auth/device/token",
  "POST /api/client-tokens/exchange",
  "POST /api/forgot-password",
  "POST /api/login",
  "POST /api/logout",
  "POST /api/relay/add",
  "POST /api/reset-password",
  "POST /api/setup/platforms",
  "POST /api/token",
  "POST /api/users",
  "POST /api/users/invite-link",
  "POST /api/users/register",
  "auth.refresh",
  "auth.signInWithPassword",
  "clientTokens.exchange",
  "clientTokens.pairingStatus",
  "config.get",
  "deviceFlow.poll",
  "deviceFlow.start",
  "setup.createFolders",
  "setup.library",
  "stats.get",
  "system.hasMetadataSource",
  "system.info",
  "users.askPasswordReset",
  "users.create",
  "users.invite",
  "users.register",
  "users.resetPassword",
];

/** Routes that answer, in the words of a path that does not exist, that their code is used or expired. */
const SAYS_NOT_FOUND: ReadonlySet<string> = new Set(["GET /api/client-tokens/pair/{code}/status"]);

const entries = listEntries();
const guarded = entries.filter((entry) => entry.access.scope !== "public");
const named = guarded.map((entry) => [entry.name, entry] as const);

let app: TestApp;
/** Of the administrator, but with no scope at all. */
let powerless = "";
/** What lets an anonymous browser write. */
let csrf: Record<string, string> = {};

beforeAll(async () => {
  app = await createTestApp();
  await addAccounts(app);
  const form = { username: "admin", password: "adminpass" };
  const { json } = await callApp(app, "/api/token", { form });
  powerless = `Bearer ${(json as { access_token: string }).access_token}`;
  const [cookie = ""] = (await callApp(app, "/api/heartbeat")).headers.getSetCookie();
  const [, token = ""] = /romm_csrftoken=([^;]+)/.exec(cookie) ?? [];
  csrf = { cookie: `romm_csrftoken=${token}`, "x-csrftoken": token };
});
afterAll(() => app.close());

async function call({ method, path, isStream }: Entry, headers: Record<string, string>) {
  const response = await app.fetch(path.replaceAll(/\{\w+\}/g, "1"), {
    method,
    headers: { "content-type": "application/json", ...headers },
    // Not even JSON: access comes before anything of the input.
    ...(method === "GET" ? {} : { body: "{damaged" }),
  });
  const text = await response.text();
  const [, streamed] = isStream ? (/"httpStatus":(\d+)/.exec(text) ?? []) : [];
  return {
    status: streamed === undefined ? response.status : Number(streamed),
    text,
    challenge: response.headers.get("www-authenticate"),
  };
}

async function countEvents(): Promise<number> {
  await app.ports.events.flush();
  const [row] = await app.database.handle.sql<
    { count: number }[]
  >`select count(*)::int as count from event_log`;
  return row?.count ?? 0;
}

describe("every operation", () => {
  test("has one name, and says who may call it", () => {
    const names = entries.map((entry) => entry.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, access } of guarded) expect([name, isScope(access.scope)]).toEqual([name, true]);
    expect(
      entries
        .filter((entry) => entry.access.scope === "public")
        .map((entry) => entry.name)
        .sort(),
    ).toEqual([...PUBLIC].sort());
    expect(
      entries.some((entry) => entry.door === "rest") && entries.some((entry) => entry.door === "rpc"),
    ).toBe(true);
  });
});

describe("every guarded operation", () => {
  test.each(named)("%s asks a guest to sign in", async (_name, entry) => {
    const { status, text, challenge } = await call(entry, csrf);
    expect(status).toBe(401);
    expect(text).toContain("Not authenticated");
    if (!entry.isStream) expect(challenge).toBe("Bearer");
  });

  test.each(named)("%s refuses a caller without its scope", async (_name, entry) => {
    const { status, text, challenge } = await call(entry, { authorization: powerless });
    expect([status, challenge]).toEqual([403, null]);
    expect(text).toContain("Forbidden");
  });

  test("tells nobody about calls that it refused", async () => {
    const before = await countEvents();
    for (const entry of guarded) {
      await call(entry, csrf);
      await call(entry, { authorization: powerless });
    }
    expect(await countEvents()).toBe(before);
  });
});

describe("every route", () => {
  const routes = entries.filter(({ door }) => door === "rest").map((entry) => [entry.name, entry] as const);
  const paths = [...new Set(routes.map(([, entry]) => entry.path))];

  test.each(routes)("%s stands with and without a slash at its end", async (_name, entry) => {
    const without = await call(entry, { authorization: powerless });
    const withSlash = await call({ ...entry, path: `${entry.path}/` }, { authorization: powerless });
    if (!SAYS_NOT_FOUND.has(entry.name)) expect(without.text).not.toContain('{"detail":"Not Found"}');
    expect(withSlash.status).toBe(without.status);
    expect(withSlash.text === without.text).toBe(true);
  });

  test.each(paths)("%s names its methods to a method that it does not have", async (path) => {
    const answer = await callApp(app, path.replaceAll(/\{\w+\}/g, "1"), {
      method: "PATCH",
      authorization: ADMIN,
    });
    const methods = entries.filter((entry) => entry.path === path).map((entry) => entry.method);
    expect([answer.status, answer.json]).toEqual([405, { detail: "Method Not Allowed" }]);
    expect(answer.headers.get("allow")?.split(", ")).toEqual(expect.arrayContaining(methods));
  });
});
