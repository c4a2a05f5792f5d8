// Against a conforming provider: everything a browser meets between "sign in" and "signed out".
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createTestApp, type TestApp } from "../../app/testing.ts";
import { ANONYMOUS } from "../../base/identity.ts";
import { addAccounts, openBrowser } from "../calls.testing.ts";
import {
  begin,
  comeBack,
  oidcEnvironment,
  type RealProvider,
  signInAs,
  startRealProvider,
  visitProvider,
} from "./provider.testing.ts";
import { finishSignIn } from "./service.ts";

const PEOPLE = {
  zoe: { email: "Zoe@example.org", email_verified: true, preferred_username: "Zoë", groups: ["gamers"] },
  eve: { email: "eve@example.org", email_verified: true, preferred_username: "Eve", groups: ["editors"] },
  mallory: { email: "mallory@example.org", email_verified: true, preferred_username: "mallory" },
};

let provider: RealProvider;
let app: TestApp;
beforeAll(async () => {
  provider = await startRealProvider(PEOPLE);
  app = await createTestApp({
    environment: {
      ...oidcEnvironment(provider.issuer),
      OIDC_CLAIM_ROLES: "groups",
      OIDC_ROLE_EDITOR: "editors",
      OIDC_ROLE_VIEWER: "*",
      OIDC_RP_INITIATED_LOGOUT: "true",
      OIDC_AUTOLOGIN: "true",
    },
  });
  await addAccounts(app);
}, 30_000);
afterAll(async () => {
  await app.close();
  await provider.stop();
});

describe("signing in", () => {
  test("leads through the provider to a session that works", async () => {
    const { browser, answer } = await signInAs(app, "zoe");
    expect([answer.status, answer.headers.get("location"), answer.text]).toEqual([307, "/", ""]);
    const [session = "", csrf = "", device = ""] = answer.headers.getSetCookie();
    expect(session).toMatch(/^romm_session=[0-9a-f-]{36}; path=\/; Max-Age=1209600; httponly; samesite=lax$/);
    expect(csrf).toStartWith("romm_csrftoken=");
    expect(device).toEndWith("; httponly; samesite=lax");
    expect(answer.headers.getSetCookie()).toHaveLength(3);

    const me = await browser.call("/api/users/me");
    const { username, email, role, current_device_id } = me.json as Record<string, unknown>;
    expect([username, email, role]).toEqual(["zoe", "zoe@example.org", "user"]);
    expect(current_device_id).toBeString();
  });

  test("gives a CSRF token that is bound to the account at once", async () => {
    const { browser } = await signInAs(app, "zoe");
    const answer = await browser.call("/api/client-tokens", {
      json: { name: "after OIDC", scopes: ["me.read"] },
    });
    expect(answer.status).toBe(201);
  });

  test("finds the same account and the same device again", async () => {
    const { browser } = await signInAs(app, "zoe");
    const first = (await browser.call("/api/users/me")).json as Record<string, unknown>;
    const oldSession = browser.cookies.get("romm_session");
    const url = await visitProvider((await begin(browser)).href, "zoe");
    await comeBack(browser, url);
    const second = (await browser.call("/api/users/me")).json as Record<string, unknown>;
    expect([second.id, second.current_device_id]).toEqual([first.id, first.current_device_id]);
    expect(browser.cookies.get("romm_session")).not.toBe(oldSession);
    const stale = openBrowser(app);
    stale.setCookie("romm_session", oldSession ?? null);
    expect((await stale.call("/api/users/me")).status).toBe(401);
  });

  test("follows the groups of the provider", async () => {
    const { browser } = await signInAs(app, "eve");
    const { oauth_scopes } = (await browser.call("/api/users/me")).json as { oauth_scopes: string[] };
    expect(oauth_scopes).toContain("roms.write");
  });

  test("asks with PKCE, a state and a nonce, for the scopes of the compatible server", async () => {
    const { searchParams } = await begin(openBrowser(app));
    expect(searchParams.get("scope")).toBe("openid profile email groups");
    expect(searchParams.get("response_type")).toBe("code");
    expect(searchParams.get("code_challenge_method")).toBe("S256");
    for (const name of ["state", "nonce", "code_challenge"]) {
      expect(searchParams.get(name)).toMatch(/^[\w-]{43}$/);
    }
  });

  test("may begin in one process and end in another", async () => {
    const browser = openBrowser(app);
    const url = await visitProvider((await begin(browser)).href, "zoe");
    const ctx = { ...app.createContext(ANONYMOUS), ports: { ...app.ports } };
    const finished = await finishSignIn.run(ctx, {
      query: url.search,
      browserKey: browser.cookies.get("multitap_sign_in") ?? null,
      sessionId: null,
      browserId: null,
      keepsCookies: false,
      userAgent: null,
    });
    expect(finished.kind).toBe("signed_in");
    if (finished.kind !== "signed_in") return;
    browser.setCookie("romm_session", finished.signedIn.sessionId);
    expect((await browser.call("/api/users/me")).status).toBe(200);
  });

  test("shows the page that was asked for, if it is ours", async () => {
    for (const [next, shown] of [
      ["/rom/7?tab=saves", "/rom/7?tab=saves"],
      ["//evil.example", "/"],
      ["https://evil.example/", "/"],
      ["/\\evil.example", "/"],
    ] as const) {
      const browser = openBrowser(app);
      const start = await begin(browser, `/api/login/openid?next=${encodeURIComponent(next)}`);
      const answer = await comeBack(browser, await visitProvider(start.href, "zoe"));
      expect([next, answer.headers.get("location")]).toEqual([next, shown]);
    }
  });
});

describe("coming back", () => {
  const refused = async (browser: ReturnType<typeof openBrowser>, url: URL) => {
    const { status, headers } = await comeBack(browser, url);
    return [status, headers.get("location"), browser.cookies.has("romm_session")];
  };

  test("twice with the same answer leads to the login page", async () => {
    const browser = openBrowser(app);
    const url = await visitProvider((await begin(browser)).href, "zoe");
    expect((await comeBack(browser, url)).status).toBe(307);
    browser.setCookie("romm_session", null);
    expect(await refused(browser, url)).toEqual([302, "/login?error=oidc_expired", false]);
  });

  test("in another browser, or with a made-up state, leads to the login page", async () => {
    const browser = openBrowser(app);
    const url = await visitProvider((await begin(browser)).href, "mallory");
    expect(await refused(openBrowser(app), url)).toEqual([302, "/login?error=oidc_expired", false]);
    const other = openBrowser(app);
    await begin(other);
    expect(await refused(other, url)).toEqual([302, "/login?error=oidc_expired", false]);
    for (const state of ["", "x", "A".repeat(43), "A".repeat(5000), "\u0000"]) {
      url.searchParams.set("state", state);
      expect(await refused(browser, url)).toEqual([302, "/login?error=oidc_expired", false]);
    }
  });

  test("with a code of another sign-in is refused by the provider: the PKCE verifier is another one", async () => {
    const [first, second] = [openBrowser(app), openBrowser(app)];
    const stolen = await visitProvider((await begin(first)).href, "mallory");
    const own = await visitProvider((await begin(second)).href, "zoe");
    own.searchParams.set("code", stolen.searchParams.get("code") ?? "");
    expect(await refused(second, own)).toEqual([302, "/login?error=oidc_failed", false]);
  });

  test("with a used code is refused", async () => {
    const [first, second] = [openBrowser(app), openBrowser(app)];
    const used = await visitProvider((await begin(first)).href, "zoe");
    await comeBack(first, used);
    const own = await visitProvider((await begin(second)).href, "zoe");
    own.searchParams.set("code", used.searchParams.get("code") ?? "");
    expect(await refused(second, own)).toEqual([302, "/login?error=oidc_failed", false]);
  });

  test("without having agreed, or without a code, leads to the login page", async () => {
    const browser = openBrowser(app);
    const denied = await visitProvider((await begin(browser)).href, "zoe", false);
    expect(await refused(browser, denied)).toEqual([302, "/login?error=oidc_denied", false]);
    const empty = await visitProvider((await begin(browser)).href, "zoe");
    empty.searchParams.delete("code");
    expect(await refused(browser, empty)).toEqual([302, "/login?error=oidc_failed", false]);
  });
});

describe("signing out", () => {
  test("names the provider's page, which takes the token", async () => {
    const { browser } = await signInAs(app, "zoe");
    const answer = await browser.call("/api/logout", { method: "POST" });
    const { oidc_logout_url } = answer.json as { oidc_logout_url: string };
    expect(oidc_logout_url).toStartWith(`${provider.issuer}/session/end?id_token_hint=eyJ`);
    expect((await fetch(oidc_logout_url)).status).toBe(200);
    expect((await browser.call("/api/users/me")).status).toBe(401);
  });
});

describe("heartbeat", () => {
  test("tells login pages of the provider, and no secret", async () => {
    const { json, text } = await openBrowser(app).call("/api/heartbeat");
    expect((json as { OIDC: unknown }).OIDC).toEqual({
      ENABLED: true,
      AUTOLOGIN: true,
      PROVIDER: "Home",
      RP_INITIATED_LOGOUT: true,
    });
    expect(text).not.toContain("secret");
  });
});

test("the audit log tells of sign-ins, accounts and refusals", async () => {
  await signInAs(app, "mallory");
  const rows = await app.database.handle.sql<{ action: string; subject: string; method: string }[]>`
    select action, subject, details->>'method' as method from audit_log where subject = 'mallory' order by id`;
  expect(rows.map(({ action, method }) => [action, method])).toContainEqual(["user.created", "oidc"]);
  expect(rows.map(({ action, method }) => [action, method])).toContainEqual(["login.succeeded", "oidc"]);
});
