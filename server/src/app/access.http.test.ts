// Made from the mount lists: which scope opens what, for everything there is and everything that will be added.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { addAccounts, callApp } from "../auth/calls.testing.ts";
import { READ_SCOPES, SCOPES, type Scope } from "../base/scopes.ts";
import { type Entry, listEntries } from "./registry.ts";
import { createTestApp, type TestApp } from "./testing.ts";

/** Opening three servers and getting two tokens per scope takes seconds on a busy machine. */
const SLOW_MS = 60_000;

const entries = listEntries();
const guarded = entries.flatMap((entry) => {
  const { scope } = entry.access;
  return scope === "public" ? [] : [{ entry, scope }];
});
const named = guarded.map((each) => [each.entry.name, each] as const);
/** Each opens with its scope or with another one. */
const twofold = guarded.flatMap(({ entry, scope }) => {
  const { orScope } = entry.access;
  return orScope === undefined ? [] : [[entry.name, { entry, scope, orScope }] as const];
});
const reads = named.filter(([, { entry }]) => entry.method === "GET" && !entry.isStream);

let app: TestApp;
let open: TestApp;
let kiosk: TestApp;
/** Tokens of the administrator by scope: with every other scope, and with this one alone. */
const allBut = new Map<Scope, string>();
const only = new Map<Scope, string>();

beforeAll(async () => {
  app = await createTestApp();
  open = await createTestApp({ environment: { DISABLE_DOWNLOAD_ENDPOINT_AUTH: "true" } });
  kiosk = await createTestApp({ environment: { KIOSK_MODE: "true" } });
  for (const each of [app, open, kiosk]) await addAccounts(each);
  for (const scope of SCOPES) {
    allBut.set(scope, await grant(SCOPES.filter((other) => other !== scope)));
    only.set(scope, await grant([scope]));
  }
}, SLOW_MS);
afterAll(() => Promise.all([app.close(), open.close(), kiosk.close()]));

async function grant(scopes: readonly Scope[]): Promise<string> {
  const form = { username: "admin", password: "adminpass", scope: scopes.join(" ") };
  const { json } = await callApp(app, "/api/token", { form });
  return `Bearer ${(json as { access_token: string }).access_token}`;
}

/** Calls with a body that is not even JSON, so that whoever is let in changes nothing. */
async function statusOf(to: TestApp, { method, path, isStream }: Entry, headers: Record<string, string>) {
  const response = await to.fetch(path.replaceAll(/\{\w+\}/g, "999999"), {
    method,
    headers: { "content-type": "application/json", ...headers },
    ...(method === "GET" ? {} : { body: "{damaged" }),
  });
  const text = await response.text();
  const [, streamed] = isStream ? (/"httpStatus":(\d+)/.exec(text) ?? []) : [];
  return streamed === undefined ? response.status : Number(streamed);
}

describe("every guarded operation", () => {
  test.each(named.filter(([, { entry }]) => entry.access.orScope === undefined))(
    "%s refuses a caller who holds every scope but its own",
    async (_name, { entry, scope }) => {
      expect(await statusOf(app, entry, { authorization: allBut.get(scope) ?? "" })).toBe(403);
    },
  );

  test.each(twofold)("%s lets a caller in who holds either of its scopes", async (name, facts) => {
    const { entry, scope, orScope } = facts;
    const neither = await grant(SCOPES.filter((other) => other !== scope && other !== orScope));
    expect(await statusOf(app, entry, { authorization: neither })).toBe(403);
    for (const one of [scope, orScope]) {
      const status = await statusOf(app, entry, { authorization: only.get(one) ?? "" });
      expect([name, status !== 401 && status !== 403]).toEqual([name, true]);
    }
  });

  test.each(reads)("%s lets a caller in who holds its scope alone", async (name, { entry, scope }) => {
    const status = await statusOf(app, entry, { authorization: only.get(scope) ?? "" });
    expect([name, status !== 401 && status !== 403]).toEqual([name, true]);
  });

  test("that reads is open to guests where the operator opened downloads, and no other one is", async () => {
    const opened = reads.filter(([, { entry }]) => entry.access.isOpen?.(open.facts) === true);
    expect(opened.length).toBeGreaterThan(0);
    for (const [name, { entry }] of reads) {
      const isIn = (await statusOf(open, entry, {})) !== 401;
      expect([name, isIn]).toEqual([name, opened.some(([openedName]) => openedName === name)]);
    }
  });

  test("that is more than reading is closed to the visitor of a kiosk", async () => {
    const closed = guarded.filter(({ scope }) => !READ_SCOPES.includes(scope));
    expect(closed.length).toBeGreaterThan(0);
    const cookie = await csrfOf(kiosk);
    for (const { entry } of closed) {
      expect([entry.name, await statusOf(kiosk, entry, cookie)]).toEqual([entry.name, 403]);
    }
  });
});

/** What lets a browser write at all, so that the refusal is about the scope. */
async function csrfOf(of: TestApp): Promise<Record<string, string>> {
  const [cookie = ""] = (await callApp(of, "/api/heartbeat")).headers.getSetCookie();
  const [, token = ""] = /romm_csrftoken=([^;]+)/.exec(cookie) ?? [];
  return { cookie: `romm_csrftoken=${token}`, "x-csrftoken": token };
}
