/**
 * Attacks on who calls. What an owner's test already shows is named here and not written twice:
 *
 * | attack | test |
 * | --- | --- |
 * | tokens made or changed by others | this file; of links: `auth/link-tokens/service.test.ts`; of a provider: `auth/oidc/fake-provider.http.test.ts` |
 * | garbage of every sort at every door | `attacks-garbage.http.test.ts` |
 * | planted session ids | `auth/rest.http.test.ts` (login), `auth/service.db.test.ts` (login), `attacks-browser.http.test.ts` |
 * | forged writes of a browser | `attacks-browser.http.test.ts`, `app/gate.http.test.ts`, `auth/csrf/rules.test.ts` |
 * | guessing pairing codes | `auth/pairing/rest.http.test.ts` (exchange), from forged addresses: `attacks-addresses.http.test.ts` |
 * | guessing user and device codes | `auth/device-flow/rest.http.test.ts`, `polling.http.test.ts` |
 * | guessing passwords | `auth/service.db.test.ts` (Basic), `auth/rest.http.test.ts` (login) |
 * | finding out who has an account | `attacks-accounts.http.test.ts`, `auth/password-resets/rest.socket.test.ts` |
 * | paths out of a folder | `attacks-paths.http.test.ts`, `users/avatars/service.http.test.ts` |
 * | fields that nobody may set | `attacks-accounts.http.test.ts`, `users/changes/service.http.test.ts` |
 * | a token that makes more of itself | this file, `auth/client-tokens/rest.http.test.ts`, `auth/pairing/rest.http.test.ts` |
 * | changing groups without being an administrator | `permissions/rest.http.test.ts` (who may change permissions) |
 * | approving more than one holds | `auth/device-flow/rest.http.test.ts` (approve) |
 * | forged addresses | `attacks-addresses.http.test.ts`, `http/public-url.test.ts` |
 * | replayed state, nonce and code of a provider | `auth/oidc/real-provider.http.test.ts` (coming back), `fake-provider.http.test.ts` (an ID token) |
 * | another user's idempotency key | `attacks-accounts.http.test.ts`, `base/idempotency.db.test.ts` |
 * | forged content tickets | `auth/content-tickets/tickets.http.test.ts`; moved to other doors: `attacks-paths.http.test.ts` |
 * | attributes of cookies | `attacks-browser.http.test.ts`, `auth/cookies/wire.test.ts` |
 * | another method than it seems | `attacks-browser.http.test.ts` |
 * | lines in headers | `attacks-paths.http.test.ts`, `http/file-response.test.ts` (formatDisposition), `auth/oidc/rules.test.ts` (parseNext) |
 * | calls from foreign pages | `attacks-browser.http.test.ts`, `http/cors.test.ts` |
 * | requests that no library would send | `attacks-raw.socket.test.ts` |
 * | being led away at the login | `attacks-browser.http.test.ts`, `auth/oidc/rules.test.ts` (parseNext), `real-provider.http.test.ts` |
 * | imported and damaged password hashes | `attacks-hashes.http.test.ts`, `users/passwords/service.test.ts` |
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { callApp } from "../../auth/calls.testing.ts";
import { ADMIN, openTokenScene, type TokenScene, VIEWER } from "../../auth/client-tokens/scene.testing.ts";
import { SCOPES } from "../../base/scopes.ts";

let scene: TokenScene;
beforeAll(async () => {
  scene = await openTokenScene();
}, 30_000);
afterAll(() => scene?.close());
beforeEach(() => scene.clearLimits());

/** Of the app under test; whoever knows it can be anybody. */
const SECRET = "a secret key for tests only";
const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600;
const encode = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const access = (changes: object = {}) => ({
  sub: "admin",
  user_id: 1,
  iss: "romm:oauth",
  scopes: SCOPES.join(" "),
  type: "access",
  exp: inAnHour(),
  ...changes,
});

interface Making {
  readonly header?: unknown;
  readonly payload?: unknown;
  readonly key?: string;
  readonly hash?: "sha256" | "sha384" | "sha512";
}

function makeToken({ header, payload, key = SECRET, hash = "sha256" }: Making = {}): string {
  const text = `${encode(header ?? { typ: "JWT", alg: "HS256" })}.${encode(payload ?? access())}`;
  return `${text}.${createHmac(hash, key).update(text).digest("base64url")}`;
}

const cut = (token: string, parts: number) => token.split(".").slice(0, parts).join(".");
const withoutSignature = (header: unknown) => `${cut(makeToken({ header }), 2)}.`;

/** Made by somebody who does not know the secret. */
const forged: Record<string, () => string> = {
  "without a signature (none)": () => withoutSignature({ alg: "none" }),
  "without a signature (NONE)": () => withoutSignature({ alg: "NONE", typ: "JWT" }),
  "without a signature and its dot": () => cut(withoutSignature({ alg: "none" }), 2),
  "with none and a right signature": () => makeToken({ header: { alg: "none" } }),
  "without an algorithm": () => makeToken({ header: { typ: "JWT" } }),
  "with a list of algorithms": () => makeToken({ header: { alg: ["HS256", "none"] } }),
  "with another key": () => makeToken({ key: "another secret" }),
  "with a key of one byte": () => makeToken({ key: "\u0000" }),
  "with a key that it brings along": () =>
    makeToken({ key: "mine", header: { alg: "HS256", jwk: { kty: "oct", k: encode("mine") } } }),
  "with a key from elsewhere": () =>
    makeToken({
      key: "mine",
      header: { alg: "HS256", jku: "http://127.0.0.1:1/keys", kid: "../../dev/null" },
    }),
  "with HS384": () => makeToken({ header: { alg: "HS384" }, hash: "sha384" }),
  "with HS512": () => makeToken({ header: { alg: "HS512" }, hash: "sha512" }),
  "said to be of RS256": () => makeToken({ header: { alg: "RS256" } }),
  "said to be of ES256": () => makeToken({ header: { alg: "ES256" } }),
  "with something critical that nobody knows": () =>
    makeToken({ header: { alg: "HS256", crit: ["exp2"], exp2: 1 } }),
  "of another's payload": () => {
    const [header, , signature] = makeToken({ payload: access({ sub: "ana", user_id: 2 }) }).split(".");
    return [header, encode(access()), signature].join(".");
  },
  "with a signature cut short": () => makeToken().slice(0, -4),
  "with a changed signature": () => makeToken().replace(/.{5}$/, "AAAAA"),
  "with a signature of nothing": () => `${cut(makeToken(), 2)}.`,
  "in five parts": () => `${makeToken()}.a.b`,
  "in four parts": () => `${makeToken()}.`,
  "of dots": () => "..",
  "of single letters": () => "a.b.c",
  "of a header that is no JSON": () => `${encode("{")}.${encode(access())}.AAAA`,
  "of a payload that is no object": () => makeToken({ payload: [1, 2], key: "another" }),
  "without end": () => "A".repeat(60_000),
  "with a header without end": () =>
    `${encode({ alg: "HS256", x: "y".repeat(30_000) })}.${encode(access())}.AA`,
  "of other letters": () => "ÿþ÷×.ÿ.ÿ",
  "of a client, wrong": () => `rmm_${"0".repeat(64)}`,
  "of a client, empty": () => "rmm_",
  "of a client, without end": () => `rmm_${"a".repeat(60_000)}`,
  "of a client, with a wildcard": () => "rmm_%",
};

/** Rightly signed, yet no proof of who calls. */
const foreign: Record<string, () => string> = {
  "that is over": () => makeToken({ payload: access({ exp: Math.floor(Date.now() / 1_000) - 1 }) }),
  "that is long over": () => makeToken({ payload: access({ exp: -1 }) }),
  "that has no end": () => makeToken({ payload: access({ exp: undefined }) }),
  "that ends in words": () => makeToken({ payload: access({ exp: "9999999999" }) }),
  "that ends at no number": () =>
    makeToken({ payload: `{"exp":1e999,"iss":"romm:oauth","sub":"admin","type":"access"}` }),
  "that begins later": () => makeToken({ payload: access({ nbf: inAnHour() }) }),
  "for refreshing": () => makeToken({ payload: access({ type: "refresh", jti: crypto.randomUUID() }) }),
  "for resetting a password": () => makeToken({ payload: access({ type: "reset", jti: "x" }) }),
  "for registering": () => makeToken({ payload: access({ type: "invite", role: "ADMIN", jti: "x" }) }),
  "of another issuer": () => makeToken({ payload: access({ iss: "romm:auth" }) }),
  "of nobody": () => makeToken({ payload: access({ user_id: 4_711, sub: "nobody" }) }),
  "of an id that cannot be": () => makeToken({ payload: access({ user_id: 2 ** 53 }) }),
  "of an id below all": () => makeToken({ payload: access({ user_id: -1 }) }),
  "of an id in words": () => makeToken({ payload: access({ user_id: "1" }) }),
  "of a name full of tricks": () =>
    makeToken({ payload: access({ user_id: undefined, sub: "admin\u0000'; drop table users; --" }) }),
  "whose payload is a list": () => makeToken({ payload: [] }),
  "whose payload is null": () => makeToken({ payload: "null" }),
};

async function expectNobody(token: string): Promise<void> {
  const authorization = `Bearer ${token}`;
  const { app } = scene;
  const calls = await Promise.all([
    callApp(app, "/api/users/me", { authorization }),
    callApp(app, "/trpc/users.me", { authorization }),
    callApp(app, "/api/client-tokens", { authorization, json: { name: "x", scopes: ["me.read"] } }),
    callApp(app, "/trpc/clientTokens.create", { authorization, json: { name: "x", scopes: ["me.read"] } }),
    callApp(app, "/api/heartbeat", { authorization }),
    callApp(app, "/api/heartbeat", { authorization, method: "HEAD" }),
    callApp(app, "/trpc/system.info", { authorization }),
  ]);
  expect(calls.map(({ status }) => status)).toEqual([401, 401, 401, 401, 200, 200, 200]);
  for (const { headers } of calls) expect(headers.getSetCookie()).toEqual([]);
  const form = { grant_type: "refresh_token", refresh_token: token };
  expect((await callApp(app, "/api/token", { form })).status).toBe(401);
  const typed = await scene.mutate("auth.refresh", { refreshToken: token }, "Bearer");
  expect([typed.status, typed.error?.kind]).toEqual([401, "unauthenticated"]);
}

describe("a bearer token", () => {
  test("of the right make is taken, or nothing below would mean anything", async () => {
    const authorization = `Bearer ${makeToken()}`;
    expect((await callApp(scene.app, "/api/users/me", { authorization })).status).toBe(200);
    expect((await callApp(scene.app, "/trpc/users.me", { authorization })).status).toBe(200);
  });

  test.each(Object.entries(forged))("made by others is refused: %s", async (_name, make) => {
    await expectNobody(make());
  });

  test.each(Object.entries(foreign))("made for something else is refused: %s", async (_name, make) => {
    await expectNobody(make());
  });

  test("is not taken from where no token belongs", async () => {
    const token = makeToken();
    for (const path of [
      `/api/users/me?access_token=${token}`,
      `/api/users/me?token=${token}`,
      `/api/users/me?ticket=${token}`,
    ]) {
      expect([path, (await callApp(scene.app, path)).status]).toEqual([path, 401]);
    }
    for (const header of ["x-authorization", "proxy-authorization", "x-api-key", "cookie"]) {
      const value =
        header === "cookie" ? `access_token=${token}; authorization=Bearer ${token}` : `Bearer ${token}`;
      const { status } = await callApp(scene.app, "/api/users/me", { headers: { [header]: value } });
      expect([header, status]).toEqual([header, 401]);
    }
  });
});

describe("a token of few scopes", () => {
  const grant = async (scope: string, authorization = ADMIN) => {
    const [, text = ""] = authorization.split(" ");
    const [username = "", password = ""] = atob(text).split(":");
    const form = { username, password, scope };
    const { json } = await callApp(scene.app, "/api/token", { form });
    return json as { access_token: string; refresh_token: string };
  };
  const scopesOf = (token: string) =>
    (JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { scopes: string }).scopes;

  test("gets no more by asking for more at the refresh", async () => {
    const { refresh_token } = await grant("me.read");
    const form = {
      grant_type: "refresh_token",
      refresh_token,
      scope: SCOPES.join(" "),
      scopes: "users.write",
    };
    const answer = await callApp(scene.app, "/api/token", { form });
    const { access_token } = answer.json as { access_token: string };
    expect([answer.status, scopesOf(access_token)]).toEqual([200, "me.read"]);
  });

  test("gets no more by words that are nearly scopes", async () => {
    const asked = [
      "me.read ME.WRITE",
      "me.read *",
      "me.read users",
      "me.read constructor",
      "me.read\tusers.write",
    ];
    for (const scope of asked) {
      const form = { username: "ana", password: "viewerpass", scope };
      const { status, text } = await callApp(scene.app, "/api/token", { form });
      expect([scope, status, text]).toEqual([scope, 403, '{"detail":"Insufficient scope"}']);
    }
  });

  test.each<[string, (token: string) => Promise<number>]>([
    [
      "making a wider one",
      async (authorization) =>
        (
          await callApp(scene.app, "/api/client-tokens", {
            authorization,
            json: { name: "x", scopes: ["me.write", "users.write"] },
          })
        ).status,
    ],
    [
      "making a wider one at the typed door",
      async (authorization) =>
        (
          await scene.mutate(
            "clientTokens.create",
            { name: "x", scopes: ["me.write", "users.write"], expiresIn: null },
            authorization,
          )
        ).status,
    ],
    [
      "renewing a wider one",
      async (authorization) => {
        const { id } = await scene.createToken(ADMIN, { scopes: ["me.read", "users.write"] });
        return (
          await callApp(scene.app, `/api/client-tokens/${id}/regenerate`, { authorization, method: "PUT" })
        ).status;
      },
    ],
    [
      "pairing a wider one",
      async (authorization) => {
        const { id } = await scene.createToken(ADMIN, { scopes: ["me.read", "users.write"] });
        return (await callApp(scene.app, `/api/client-tokens/${id}/pair`, { authorization, method: "POST" }))
          .status;
      },
    ],
    [
      "changing another account",
      async (authorization) =>
        (await callApp(scene.app, "/api/users/2", { authorization, method: "PUT", form: { role: "admin" } }))
          .status,
    ],
    [
      "inviting an administrator",
      async (authorization) =>
        (await callApp(scene.app, "/api/users/invite-link?role=admin", { authorization, method: "POST" }))
          .status,
    ],
    [
      "making an administrator",
      async (authorization) => {
        const json = { username: "evil", password: "password", email: "", role: "admin" };
        return (await callApp(scene.app, "/api/users", { authorization, json })).status;
      },
    ],
  ])("of an administrator does not help in %s", async (_deed, act) => {
    const { access_token } = await grant("me.read me.write");
    expect(await act(`Bearer ${access_token}`)).toBe(403);
    const { raw_token } = await scene.createToken(ADMIN, { scopes: ["me.read", "me.write"] });
    expect(await act(`Bearer ${raw_token}`)).toBe(403);
  });

  test("is not widened by the session beside it", async () => {
    const login = await callApp(scene.app, "/api/login", { method: "POST", authorization: ADMIN });
    const cookie = login.headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");
    const { access_token } = await grant("me.read", VIEWER);
    const authorization = `Bearer ${access_token}`;
    const me = await callApp(scene.app, "/api/users/me", { authorization, headers: { cookie } });
    expect((me.json as { username: string }).username).toBe("ana");
    expect((await callApp(scene.app, "/api/users", { authorization, headers: { cookie } })).status).toBe(403);
  });
});
