/** What a page of somebody else, or a form on it, makes a signed-in browser send. The list stands in `attacks-tokens.http.test.ts`. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { clientTokens } from "@multitap/db/schema/auth";
import { users } from "@multitap/db/schema/users";
import { type Answer, type Browser, type Call, callApp, openBrowser } from "../../auth/calls.testing.ts";
import { ADMIN, openTokenScene, type TokenScene, VIEWER } from "../../auth/client-tokens/scene.testing.ts";
import { createCsrfToken } from "../../auth/csrf/rules.ts";
import { createTestApp, type TestApp } from "../testing.ts";

const REFUSED = "CSRF token verification failed";
const EVIL = "https://evil.example";
/** Something that changes the store, at each door. */
const JSON_TOKEN = { name: "forged", scopes: ["me.read"] };
const DOORS = { rest: "/api/client-tokens", typed: "/trpc/clientTokens.create" } as const;

let scene: TokenScene;
let app: TestApp;
beforeAll(async () => {
  scene = await openTokenScene();
  ({ app } = scene);
}, 30_000);
afterAll(() => scene?.close());
beforeEach(() => scene.clearLimits());

async function signIn(authorization = ADMIN): Promise<Browser> {
  const browser = openBrowser(app);
  const { status } = await browser.call("/api/login", { method: "POST", authorization });
  expect(status).toBe(200);
  return browser;
}

const countTokens = async () => (await app.ports.database.select().from(clientTokens)).length;

/** Holds that a call of a browser changes nothing, at both doors. */
async function expectNothing(browser: Browser, call: Call): Promise<readonly Answer[]> {
  const before = await countTokens();
  const answers: Answer[] = [];
  for (const path of Object.values(DOORS))
    answers.push(await browser.call(path, { json: JSON_TOKEN, ...call }));
  expect(await countTokens()).toBe(before);
  for (const { status } of answers) expect([401, 403]).toContain(status);
  return answers;
}

describe("a session", () => {
  test("has another id after each login, and the one before opens nothing", async () => {
    const browser = await signIn(VIEWER);
    const first = browser.cookies.get("romm_session") ?? "";
    await browser.call("/api/login", { method: "POST", authorization: ADMIN });
    const second = browser.cookies.get("romm_session") ?? "";
    expect(second).not.toBe(first);
    const thief = openBrowser(app);
    thief.setCookie("romm_session", first);
    expect((await thief.call("/api/users/me")).status).toBe(401);
  });

  test("is not taken from where no session belongs", async () => {
    const browser = await signIn();
    const id = browser.cookies.get("romm_session") ?? "";
    for (const path of [`/api/users/me?romm_session=${id}`, `/api/users/me;romm_session=${id}`]) {
      expect([path, (await callApp(app, path)).status]).not.toEqual([path, 200]);
    }
    const headers: Record<string, string>[] = [
      { "x-romm-session": id },
      { cookie: `ROMM_SESSION=${id}` },
      { cookie: `romm_session=${id.toUpperCase()}` },
      { cookie: `romm_session="${id}"` },
      { cookie: `romm_session= ${id}x` },
      { cookie: `x=romm_session=${id}` },
      { authorization: `Bearer ${id}` },
      { authorization: `Session ${id}` },
    ];
    for (const header of headers) {
      const { status } = await callApp(app, "/api/users/me", { headers: header });
      expect([header, status]).toEqual([header, 401]);
    }
  });

  test("of a cookie planted before the real one counts for nothing", async () => {
    const browser = await signIn();
    const own = browser.cookies.get("romm_session");
    const planted = (await signIn(VIEWER)).cookies.get("romm_session");
    // The more specific cookie comes first; either way it is one person, and the CSRF token is the other's.
    const answer = await callApp(app, DOORS.rest, {
      json: JSON_TOKEN,
      headers: {
        cookie: `romm_session=${planted}; romm_session=${own}; romm_csrftoken=${browser.cookies.get("romm_csrftoken")}`,
        "x-csrftoken": browser.cookies.get("romm_csrftoken") ?? "",
      },
    });
    expect([answer.status, answer.text]).toEqual([403, REFUSED]);
  });
});

describe("a forged write", () => {
  test("is told from a right one", async () => {
    const browser = await signIn();
    for (const path of Object.values(DOORS))
      expect((await browser.call(path, { json: JSON_TOKEN })).status).toBeLessThan(202);
  });

  const pairs: Record<string, (secret: string, browser: Browser) => Promise<string> | string> = {
    "of another user": async () => (await signIn(VIEWER)).cookies.get("romm_csrftoken") ?? "",
    "of nobody": (secret) => createCsrfToken(secret, null),
    "of a kiosk's visitor": (secret) => createCsrfToken(secret, -1),
    "of another secret": () => createCsrfToken("another secret", 1),
    "of no secret": () => createCsrfToken("", 1),
    "whose signature is missing": (secret) => `${createCsrfToken(secret, 1).split(".")[0]}.`,
    "of no form": () => "forged",
  };
  test.each(Object.entries(pairs))("with a pair %s is refused", async (_name, make) => {
    const browser = await signIn();
    const token = await make(app.facts.secretKey, browser);
    browser.setCookie("romm_csrftoken", token);
    const answers = await expectNothing(browser, { headers: { "x-csrftoken": token } });
    for (const { text } of answers) expect(text).toBe(REFUSED);
  });

  const halves: Record<string, (own: string) => Call> = {
    "without the header": () => ({ headers: { "x-csrftoken": "" } }),
    "with another token of the same user": () => ({
      headers: { "x-csrftoken": createCsrfToken(app.facts.secretKey, 1) },
    }),
    "with the token twice": (own) => ({ headers: { "x-csrftoken": `${own}, ${own}` } }),
    "with the token in another header": (own) => ({ headers: { "x-csrftoken": "", "x-xsrf-token": own } }),
  };
  test.each(Object.entries(halves))("%s is refused", async (_name, make) => {
    const browser = await signIn();
    const answers = await expectNothing(browser, make(browser.cookies.get("romm_csrftoken") ?? ""));
    for (const { text } of answers) expect(text).toBe(REFUSED);
  });

  test("as a plain form, with the token among its fields, is refused", async () => {
    const browser = await signIn();
    const token = browser.cookies.get("romm_csrftoken") ?? "";
    const form = { csrftoken: token, "x-csrftoken": token, username: "evil" };
    const { status, text } = await browser.call("/api/users/1", {
      method: "PUT",
      form,
      headers: { "x-csrftoken": "", origin: EVIL },
    });
    expect([status, text]).toEqual([403, REFUSED]);
  });

  test.each([
    "Basic",
    "Basic x",
    "basic  x",
    "BASIC Og==",
    "Bearer",
    "Bearer ",
    "bearer x",
    " Bearer x",
    "Basic\tx",
  ])("beside a header that proves nothing (%j) is nobody's", async (authorization) => {
    const browser = await signIn();
    const answers = await expectNothing(browser, { authorization, headers: { "x-csrftoken": "" } });
    for (const { status } of answers) expect(status).toBe(401);
  });

  test.each([
    "Digest x",
    "Negotiate x",
    "x",
    "Basic,x",
    "Basicx y",
    "Bearer:x",
    '"Bearer" x',
    "Token Bearer x",
  ])("beside a header of another sort (%j) still needs the pair", async (authorization) => {
    const browser = await signIn();
    const answers = await expectNothing(browser, { authorization, headers: { "x-csrftoken": "" } });
    for (const { text } of answers) expect(text).toBe(REFUSED);
  });

  test.each([
    "/trpc/clientTokens.exchange,clientTokens.create?batch=1",
    "/trpc/clientTokens.exchange%2CclientTokens.create?batch=1",
    "/trpc/users.register,clientTokens.create?batch=1",
    "/trpc/deviceFlow.poll,clientTokens.create,deviceFlow.start?batch=1",
    "/trpc/clientTokens.create?x=/trpc/clientTokens.exchange",
    "/trpc/clientTokens.create#/trpc/clientTokens.exchange",
    "/trpc/clientTokens.exchange/../clientTokens.create",
    "/trpc/clientTokens.exchange%2F..%2FclientTokens.create",
    "/api/token/../client-tokens",
    "/api/token/%2e%2e/client-tokens",
    "/api/token%2F..%2Fclient-tokens",
    "/ws/../api/client-tokens",
    "/netplay/..%2Fapi/client-tokens",
    "//api/client-tokens",
    "/API/client-tokens",
  ])("behind a path that needs no pair changes nothing: %s", async (path) => {
    const browser = await signIn();
    const before = await countTokens();
    const json = path.includes("batch") ? { 0: JSON_TOKEN, 1: JSON_TOKEN, 2: JSON_TOKEN } : JSON_TOKEN;
    await browser.call(path, { json, headers: { "x-csrftoken": "" } });
    expect(await countTokens()).toBe(before);
  });
});

describe("a call of another method", () => {
  const HEADERS = ["x-http-method-override", "x-http-method", "x-method-override"];

  test("than it seems changes nothing: GET stays GET", async () => {
    const browser = await signIn();
    const { id } = (await browser.call(DOORS.rest, { json: JSON_TOKEN })).json as { id: number };
    const before = await countTokens();
    for (const name of HEADERS) {
      await browser.call(`/api/client-tokens/${id}`, { headers: { [name]: "DELETE" } });
      await browser.call("/api/users/2", { headers: { [name]: "DELETE" } });
    }
    for (const query of ["_method=DELETE", "_method=delete", "method=DELETE", "http_method=DELETE"]) {
      await browser.call(`/api/client-tokens/${id}?${query}`);
      await browser.call(`/api/users/2?${query}`);
    }
    expect(await countTokens()).toBe(before);
    expect((await browser.call("/api/users/2")).status).toBe(200);
  });

  test("than it seems is still the one that it is: POST stays POST", async () => {
    const browser = await signIn();
    const before = await countTokens();
    for (const name of HEADERS) {
      const answer = await browser.call("/api/users/2", {
        form: { _method: "DELETE" },
        headers: { [name]: "DELETE" },
      });
      expect([name, answer.status]).toEqual([name, 405]);
    }
    const forged = await browser.call("/api/client-tokens", {
      form: { _method: "GET" },
      headers: { "x-http-method-override": "GET", "x-csrftoken": "" },
    });
    expect([forged.status, forged.text]).toEqual([403, REFUSED]);
    expect(await countTokens()).toBe(before);
  });

  test("that only reads reaches nothing that writes", async () => {
    const browser = await signIn();
    const before = await countTokens();
    const input = encodeURIComponent(JSON.stringify(JSON_TOKEN));
    const got = await browser.call(`${DOORS.typed}?input=${input}`);
    expect(got.status).toBe(405);
    for (const method of ["HEAD", "TRACE", "OPTIONS", "PROPFIND"]) {
      const { status } = await browser
        .call(`${DOORS.typed}?input=${input}`, { method })
        .catch(() => ({ status: 0 }));
      expect([method, status < 500]).toEqual([method, true]);
    }
    expect(await countTokens()).toBe(before);
  });
});

describe("a page of another origin", () => {
  const ask = (at: TestApp, origin: string, headers: Record<string, string> = {}) =>
    callApp(at, "/api/heartbeat", { headers: { origin, ...headers } });

  test("that the operator did not list reads nothing, also not by a preflight", async () => {
    const listed = await createTestApp({
      environment: { ROMM_CORS_ALLOWED_ORIGINS: "https://games.example" },
    });
    try {
      const allowed = await ask(listed, "https://games.example");
      expect(allowed.headers.get("access-control-allow-origin")).toBe("https://games.example");
      const tricks = [
        EVIL,
        "null",
        "https://games.example.evil.example",
        "https://evilgames.example",
        "http://games.example",
        "https://games.example:8443",
        "HTTPS://GAMES.EXAMPLE",
        "*",
      ];
      for (const origin of tricks) {
        const answers = [
          await ask(listed, origin),
          await callApp(listed, "/api/users/me", { headers: { origin } }),
          await callApp(listed, "/api/users", {
            method: "OPTIONS",
            headers: { origin, "access-control-request-method": "POST" },
          }),
        ];
        for (const { headers } of answers) {
          const names = [...headers.keys()].filter(
            (name) => name.startsWith("access-control-allow-origin") || name.endsWith("credentials"),
          );
          expect([origin, names]).toEqual([origin, []]);
          expect(headers.get("vary")).toContain("Origin");
        }
      }
    } finally {
      await listed.close();
    }
  });

  test("where any origin may call, as in the compatible API, gets no cookie to come along and writes nothing", async () => {
    const open = await ask(app, EVIL);
    expect(open.headers.get("access-control-allow-origin")).toBe(EVIL);
    const browser = await signIn();
    const answers = await expectNothing(browser, { headers: { origin: EVIL, "x-csrftoken": "" } });
    for (const { text } of answers) expect(text).toBe(REFUSED);
  });
});

describe("cookies", () => {
  const linesOf = async (at: TestApp) => {
    const login = await callApp(at, "/api/login", { method: "POST", authorization: ADMIN });
    const session = login.headers
      .getSetCookie()
      .map((line) => line.split(";")[0] ?? "")
      .join("; ");
    const csrf = /romm_csrftoken=([^;]+)/.exec(session)?.[1] ?? "";
    const logout = await callApp(at, "/api/logout", {
      method: "POST",
      headers: { cookie: session, "x-csrftoken": csrf },
    });
    const ended = await callApp(at, "/api/heartbeat", { headers: { cookie: session } });
    expect([login.status, logout.status, ended.status]).toEqual([200, 200, 200]);
    return [login, logout, ended].flatMap(({ headers }) => headers.getSetCookie());
  };

  test.each(["false", "true"])(
    "never go to scripts nor along with foreign pages (https only: %s)",
    async (isSecure) => {
      const own = await createTestApp({ environment: { ROMM_SESSION_SECURE_COOKIE: isSecure } });
      try {
        const hashedPassword = await Bun.password.hash("adminpass", { algorithm: "bcrypt", cost: 4 });
        await own.ports.database.insert(users).values({ username: "admin", role: "admin", hashedPassword });
        const lines = await linesOf(own);
        expect(lines.length).toBeGreaterThanOrEqual(6);
        for (const line of lines) {
          const [pair = "", ...attributes] = line.toLowerCase().split(/;\s*/);
          const isForScripts = pair.startsWith("romm_csrftoken=");
          expect([pair, attributes.includes("httponly")]).toEqual([pair, !isForScripts]);
          expect([pair, attributes.includes(isForScripts ? "samesite=lax" : "samesite=strict")]).toEqual([
            pair,
            true,
          ]);
          expect([pair, attributes.includes("secure")]).toEqual([pair, isSecure === "true"]);
          expect([
            pair,
            attributes.includes("path=/"),
            attributes.some((each) => each.startsWith("domain")),
          ]).toEqual([pair, true, false]);
        }
      } finally {
        await own.close();
      }
    },
  );
});

describe("being led away", () => {
  const NEXT = [
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "/%5Cevil.example",
    "javascript:alert(1)",
  ];

  test.each(NEXT)("is not what a login does for next=%s", async (next) => {
    const query = new URLSearchParams({ next, redirect: next, return_to: next, url: next });
    const answer = await callApp(app, `/api/login?${query}`, { method: "POST", authorization: ADMIN });
    expect([answer.status, answer.text, answer.headers.get("location")]).toEqual([200, "null", null]);
  });

  test("is not what a link of an invitation or a forged host does", async () => {
    const headers = {
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https",
      "x-forwarded-prefix": "/evil",
      forwarded: "host=evil.example",
    };
    const made = await callApp(app, "/api/users/invite-link?role=user", {
      method: "POST",
      authorization: ADMIN,
      headers,
    });
    expect(made.status).toBe(201);
    expect(made.text).not.toContain("evil");
    for (const path of ["/", "/login", "/api/heartbeat", "//evil.example/%2e%2e", "/\\evil.example"]) {
      const answer = await callApp(app, path, { headers });
      // Where there is one, it leads to a place of the page itself.
      expect([path, answer.headers.get("location")]).toEqual([
        path,
        path === "/login" ? "./#/sign-in" : null,
      ]);
      expect(answer.text).not.toContain("evil.example");
    }
  });
});
