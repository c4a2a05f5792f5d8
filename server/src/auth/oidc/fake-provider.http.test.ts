// Against a provider that lies, breaks and stalls as each test says.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { userIdentities, users } from "@multitap/db/schema/users";
import { eq } from "drizzle-orm";
import { generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { createTestApp, type TestApp } from "../../app/testing.ts";
import { type Answer, addAccounts, basic, openBrowser } from "../calls.testing.ts";
import { type FakeProvider, startFakeProvider } from "./fake-provider.testing.ts";
import { begin, CLIENT_SECRET, comeBack, oidcEnvironment, REDIRECT_URI } from "./provider.testing.ts";
import { describeOidcSetup } from "./service.ts";

let provider: FakeProvider;
let app: TestApp;
/** Nobody new may come in, and there are no roles. */
let closedApp: TestApp;

beforeAll(async () => {
  provider = await startFakeProvider();
  const environment = oidcEnvironment(provider.issuer);
  app = await createTestApp({
    environment: {
      ...environment,
      OIDC_CLAIM_ROLES: "realm_access.roles",
      OIDC_ROLE_ADMIN: "game admins",
      OIDC_ROLE_EDITOR: "editors",
      OIDC_ROLE_VIEWER: "viewers",
      DISABLE_USERPASS_LOGIN: "true",
    },
  });
  closedApp = await createTestApp({
    environment: { ...environment, OIDC_ALLOW_REGISTRATION: "false", OIDC_RP_INITIATED_LOGOUT: "true" },
  });
  await addAccounts(app);
  await addAccounts(closedApp);
}, 30_000);
afterEach(() => provider.reset());
afterAll(async () => {
  await app.close();
  await closedApp.close();
  await provider.stop();
});

async function signIn(at: TestApp = app): Promise<Answer> {
  const browser = openBrowser(at);
  return await comeBack(browser, provider.comeFrom(await begin(browser)));
}

const detail = (answer: Answer) => (answer.json as { detail?: unknown } | undefined)?.detail;
const said = async (at?: TestApp) => {
  const answer = await signIn(at);
  return [answer.status, detail(answer)];
};
const INVALID = [502, "The identity provider gave an answer that cannot be used."];
const AWAY = [503, "The identity provider does not answer."];
const SIGNED_IN = [307, undefined];

let people = 0;
/** Claims of somebody nobody has seen before. */
function somebody(claims: Record<string, unknown> = {}): Record<string, unknown> {
  people += 1;
  const name = `person${people}`;
  return { sub: `sub-${name}`, email: `${name}@example.org`, preferred_username: name, ...claims };
}

async function rowOf(at: TestApp, username: string) {
  const [row] = await at.ports.database.select().from(users).where(eq(users.username, username));
  return row;
}

describe("an ID token", () => {
  const faults: [string, Record<string, unknown>][] = [
    ["of another issuer", { iss: "https://evil.example" }],
    ["for another client", { aud: "another" }],
    ["for us and others, given to another", { aud: ["multitap", "another"], azp: "another" }],
    ["that has expired", { exp: Math.floor(Date.now() / 1000) - 120 }],
    ["without an expiry", { exp: undefined }],
    ["of another sign-in", { nonce: "another" }],
    ["without a nonce", { nonce: undefined }],
    ["without a subject", { sub: undefined }],
    ["with an endless subject", { sub: "s".repeat(5000) }],
    ["with a subject that no table takes", { sub: "a\u0000b" }],
  ];
  test("with nothing wrong is taken", async () => {
    provider.plan.claims = somebody();
    expect(await said()).toEqual(SIGNED_IN);
  });

  test.each(faults)("%s is refused", async (_name, claims) => {
    provider.plan.claims = { ...somebody(), ...claims };
    expect(await said()).toEqual(INVALID);
  });

  test("without a signature is refused, also when the provider says that it does so", async () => {
    provider.plan.makeIdToken = async (payload) => new UnsecuredJWT(payload).encode();
    expect(await said()).toEqual(INVALID);
    const lying = await openLyingApp({ id_token_signing_alg_values_supported: ["none", "RS256"] });
    expect(await said(lying)).toEqual(INVALID);
    await lying.close();
  });

  test("signed by somebody else is refused", async () => {
    const { privateKey } = await generateKeyPair("RS256");
    provider.plan.makeIdToken = (payload) => provider.sign(payload, privateKey);
    expect(await said()).toEqual(INVALID);
  });

  test("changed after signing is refused", async () => {
    provider.plan.makeIdToken = async (payload) => {
      const [head, , mark] = (await provider.sign(payload)).split(".");
      const changed = Buffer.from(JSON.stringify({ ...payload, email: "admin@example.org" }));
      return `${head}.${changed.toString("base64url")}.${mark}`;
    };
    expect(await said()).toEqual(INVALID);
  });

  test("signed with our secret counts when the provider says that it signs so, with another one never", async () => {
    const signWith = (secret: string) => (payload: JWTPayload) =>
      new SignJWT(payload).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(secret));
    provider.plan.makeIdToken = signWith(CLIENT_SECRET);
    expect(await said()).toEqual(INVALID);
    const lying = await openLyingApp({ id_token_signing_alg_values_supported: ["HS256"] });
    expect(await said(lying)).toEqual(SIGNED_IN);
    provider.plan.makeIdToken = signWith("another secret of thirty-two char");
    expect(await said(lying)).toEqual(INVALID);
    await lying.close();
  });

  test("signed with a new key is taken once the provider shows that key", async () => {
    provider.plan.claims = somebody();
    expect(await said()).toEqual(SIGNED_IN);
    await Bun.sleep(1_050);
    await provider.rotateKey("second");
    expect(await said()).toEqual(SIGNED_IN);
  });

  /** An app that reads a discovery document of its own. */
  async function openLyingApp(metadata: Record<string, unknown>): Promise<TestApp> {
    provider.plan.metadata = metadata;
    return await createTestApp({ environment: oidcEnvironment(provider.issuer) });
  }
});

describe("claims", () => {
  const texts: [string, Record<string, unknown>, unknown[]][] = [
    ["no e-mail address", { email: undefined }, [400, "Email is missing from token."]],
    ["an empty e-mail address", { email: " " }, [400, "Email is missing from token."]],
    ["an unverified address", { email_verified: false }, [400, "Email is not verified."]],
    ["an address unverified in text", { email_verified: "false" }, [400, "Email is not verified."]],
    [
      "no user name",
      { preferred_username: undefined },
      [400, "'preferred_username' attribute is missing from token."],
    ],
    [
      "roles that mean nothing here",
      { realm_access: { roles: ["others"] } },
      [403, "User has not been granted any roles for this application."],
    ],
  ];
  test.each(texts)("with %s are refused", async (_name, claims, expected) => {
    provider.plan.claims = { ...somebody(), ...claims };
    expect(await said()).toEqual(expected);
  });

  test("that are no claims at all are refused", async () => {
    provider.plan.makeIdToken = async () => undefined;
    expect(await said()).toEqual([400, "Userinfo is missing from token."]);
  });

  test("missing in the ID token are read from the userinfo endpoint of the same person only", async () => {
    const { sub, ...rest } = somebody();
    provider.plan.claims = {
      sub,
      email: undefined,
      email_verified: undefined,
      preferred_username: undefined,
    };
    provider.plan.userInfo = { sub, ...rest, email_verified: true };
    expect(await said()).toEqual(SIGNED_IN);
    provider.plan.userInfo = { sub: "another", ...rest, email_verified: true };
    expect(await said()).toEqual(INVALID);
  });

  test("that are complete need no userinfo endpoint", async () => {
    provider.plan.claims = { ...somebody(), realm_access: { roles: "viewers" } };
    expect(await said()).toEqual(SIGNED_IN);
    expect(provider.visits).not.toContain("/userinfo");
  });

  test("give odd names a form that accounts can have, and taken ones a number", async () => {
    provider.plan.claims = somebody({ preferred_username: "Jörg Müller@firm" });
    expect(await said()).toEqual(SIGNED_IN);
    provider.plan.claims = somebody({ preferred_username: "jorg muller" });
    expect(await said()).toEqual(SIGNED_IN);
    expect([await rowOf(app, "jorg-muller"), await rowOf(app, "jorg-muller-2")]).not.toContain(undefined);
  });
});

describe("roles", () => {
  test("make and unmake administrators, and move between the seeded groups", async () => {
    const claims = somebody({ preferred_username: "climber" });
    const seen: unknown[] = [];
    for (const roles of [
      ["viewers"],
      "editors",
      ["x", "game admins"],
      "game admins",
      "editors viewers",
      null,
    ]) {
      provider.plan.claims = { ...claims, realm_access: { roles } };
      expect(await said()).toEqual(SIGNED_IN);
      const row = await rowOf(app, "climber");
      seen.push([row?.role, row?.permissionGroupId !== null]);
    }
    expect(seen).toEqual([
      ["user", false],
      ["user", true],
      ["admin", true],
      ["admin", true],
      ["user", true],
      ["user", true],
    ]);
  });

  test("that change are told to listening apps", async () => {
    const claims = somebody();
    provider.plan.claims = { ...claims, realm_access: { roles: ["viewers"] } };
    await signIn();
    provider.plan.claims = { ...claims, realm_access: { roles: ["editors"] } };
    await signIn();
    await signIn();
    await app.ports.events.flush();
    const row = await rowOf(app, String(claims.preferred_username));
    const events = await app.database.handle.sql`
      select 1 from event_log where topic = 'permissions' and user_id = ${row?.id ?? 0}`;
    expect(events).toHaveLength(1);
  });

  test("never demote the last administrator", async () => {
    provider.plan.claims = somebody({ email: "boss@example.org", realm_access: { roles: ["viewers"] } });
    const lonely = await createTestApp({
      environment: {
        ...oidcEnvironment(provider.issuer),
        OIDC_CLAIM_ROLES: "realm_access.roles",
        OIDC_ROLE_VIEWER: "*",
      },
    });
    await lonely.ports.database
      .insert(users)
      .values({ username: "boss", role: "admin", email: "boss@example.org" });
    expect(await said(lonely)).toEqual(SIGNED_IN);
    expect((await rowOf(lonely, "boss"))?.role).toBe("admin");
    await lonely.ports.database.insert(users).values({ username: "deputy", role: "admin" });
    expect(await said(lonely)).toEqual(SIGNED_IN);
    expect((await rowOf(lonely, "boss"))?.role).toBe("user");
    await lonely.close();
  });
});

describe("accounts", () => {
  test("are found by an address that the provider vouches for, in any case, and then by the identity", async () => {
    await closedApp.ports.database
      .update(users)
      .set({ email: "ana@example.org" })
      .where(eq(users.username, "ana"));
    provider.plan.claims = { sub: "ana-there", email: "ANA@example.org", preferred_username: "whoever" };
    expect(await said(closedApp)).toEqual(SIGNED_IN);
    provider.plan.claims = { sub: "ana-there", email: "moved@example.org", preferred_username: "whoever" };
    expect(await said(closedApp)).toEqual(SIGNED_IN);
    const linked = await closedApp.ports.database.select().from(userIdentities);
    expect(linked.map(({ issuer, subject }) => [issuer, subject])).toEqual([[provider.issuer, "ana-there"]]);
    const lines = await closedApp.database.handle.sql`select 1 from audit_log where action = 'oidc.linked'`;
    expect(lines).toHaveLength(1);
  });

  test("are not found by an address that nobody vouches for", async () => {
    await app.ports.database.update(users).set({ email: "ana@example.org" }).where(eq(users.username, "ana"));
    provider.plan.claims = somebody({ email: "ana@example.org", email_verified: undefined });
    const answer = await signIn();
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([409, []]);
  });

  test("are not made while registration is off", async () => {
    provider.plan.claims = somebody();
    const message = "User registration is disabled. Please contact an administrator to create an account.";
    expect(await said(closedApp)).toEqual([403, message]);
  });

  test("that are disabled stay outside, and are not linked", async () => {
    const row = { username: "gone", email: "gone@example.org", enabled: false };
    await closedApp.ports.database.insert(users).values(row);
    provider.plan.claims = somebody({ sub: "gone-there", email: "gone@example.org" });
    expect(await said(closedApp)).toEqual([401, "Disabled user"]);
    const linked = await closedApp.ports.database
      .select()
      .from(userIdentities)
      .where(eq(userIdentities.subject, "gone-there"));
    expect(linked).toEqual([]);
  });

  test("of one person are one, although two tabs come back at once", async () => {
    provider.plan.claims = somebody({ preferred_username: "twin" });
    // A fixed nonce would not do: each tab has its own, so the provider answers one after the other.
    const browsers = [openBrowser(app), openBrowser(app)] as const;
    const urls = [
      provider.comeFrom(await begin(browsers[0])),
      provider.comeFrom(await begin(browsers[1])),
    ] as const;
    provider.plan.makeIdToken = async (payload) => {
      const { code } = Object.fromEntries(provider.trades.at(-1) ?? []);
      return await provider.sign({ ...payload, nonce: nonces.get(code ?? "") });
    };
    const nonces = new Map<string, string>();
    for (const [index, url] of urls.entries()) {
      url.searchParams.set("code", `code-${index}`);
      nonces.set(`code-${index}`, await nonceOf(url.searchParams.get("state") ?? ""));
    }
    const answers = await Promise.all([comeBack(browsers[0], urls[0]), comeBack(browsers[1], urls[1])]);
    expect(answers.map((answer) => answer.status)).toEqual([307, 307]);
    expect(await rowOf(app, "twin-2")).toBeUndefined();
  });

  async function nonceOf(state: string): Promise<string> {
    const text = await app.ports.kv.get(`oidc_sign_in:${state}`);
    return (JSON.parse(text ?? "{}") as { nonce: string }).nonce;
  }

  test("made here have no password", async () => {
    const claims = somebody();
    provider.plan.claims = claims;
    await signIn();
    const name = String(claims.preferred_username);
    expect((await rowOf(app, name))?.hashedPassword).toBeNull();
    const answer = await openBrowser(app).call("/api/users/me", { authorization: basic(name, "") });
    expect(answer.status).toBe(401);
  });
});

describe("a provider", () => {
  const broken: [string, string, () => Response, unknown[]][] = [
    ["that is out of order at the token endpoint", "/token", () => new Response("x", { status: 502 }), AWAY],
    ["that is out of order at the keys", "/jwks", () => new Response("x", { status: 503 }), AWAY],
    [
      "that does not know us",
      "/token",
      () => Response.json({ error: "invalid_client" }, { status: 401 }),
      INVALID,
    ],
    ["that answers in HTML", "/token", () => new Response("<html>"), INVALID],
    ["that sends us elsewhere", "/token", () => Response.redirect("http://127.0.0.1:1/", 302), INVALID],
    ["that answers without end", "/token", () => new Response("x".repeat(10_000_000)), INVALID],
  ];
  test.each(broken)("%s is said to be so", async (_name, path, respond, expected) => {
    const fresh = await createTestApp({ environment: oidcEnvironment(provider.issuer) });
    provider.plan.interfere = (visited) => (visited === path ? respond() : undefined);
    expect(await said(fresh)).toEqual(expected);
    await fresh.close();
  });

  test("that is down is said to be so, and asked again next time", async () => {
    const fresh = await createTestApp({ environment: oidcEnvironment(provider.issuer) });
    provider.plan.interfere = () => new Response("starting", { status: 503 });
    const answer = await openBrowser(fresh).call("/api/login/openid");
    expect([answer.status, detail(answer)]).toEqual(AWAY);
    provider.reset();
    provider.plan.claims = somebody();
    expect(await said(fresh)).toEqual(SIGNED_IN);
    await fresh.close();
  });

  test("that describes itself anew is understood after one failed sign-in", async () => {
    const fresh = await createTestApp({ environment: oidcEnvironment(provider.issuer) });
    provider.plan.metadata = { jwks_uri: `${provider.issuer}/userinfo` };
    expect(await said(fresh)).toEqual(INVALID);
    provider.reset();
    provider.plan.claims = somebody();
    expect(await said(fresh)).toEqual(SIGNED_IN);
    await fresh.close();
  });

  test("is asked for its description once, not at every sign-in", async () => {
    for (const _ of [1, 2, 3]) {
      provider.plan.claims = somebody();
      expect(await said()).toEqual(SIGNED_IN);
    }
    expect(provider.visits.filter((path) => path.includes("well-known")).length).toBeLessThanOrEqual(1);
  });

  test("that cannot be asked where to sign out does not keep anybody from signing out", async () => {
    const fresh = await createTestApp({
      environment: { ...oidcEnvironment(provider.issuer), OIDC_RP_INITIATED_LOGOUT: "true" },
    });
    provider.plan.metadata = { end_session_endpoint: undefined };
    provider.plan.claims = somebody();
    const browser = openBrowser(fresh);
    await comeBack(browser, provider.comeFrom(await begin(browser)));
    const answer = await browser.call("/api/logout", { method: "POST" });
    expect([answer.status, answer.json]).toEqual([200, null]);
    await fresh.close();
  });
});

describe("switches", () => {
  test("off, or on without what it needs, are told in the words of the compatible API", async () => {
    const off = await createTestApp();
    const bare = await createTestApp({ environment: { OIDC_ENABLED: "true" } });
    for (const path of ["/api/login/openid", "/api/oauth/openid?code=a&state=b"]) {
      const answers = [await openBrowser(off).call(path), await openBrowser(bare).call(path)];
      expect(answers.map((answer) => [answer.status, detail(answer)])).toEqual([
        [500, "OAuth disabled"],
        [500, "OAuth not configured"],
      ]);
    }
    const { json } = await openBrowser(off).call("/api/heartbeat");
    const expected = { ENABLED: false, AUTOLOGIN: false, PROVIDER: "", RP_INITIATED_LOGOUT: false };
    expect((json as { OIDC: unknown }).OIDC).toEqual(expected);
    await off.close();
    await bare.close();
  });

  test("against passwords leave the provider as the way in", async () => {
    const call = { method: "POST", authorization: basic("ana", "viewerpass") };
    expect((await openBrowser(app).call("/api/login", call)).status).toBe(403);
  });

  test("bound how often an address may begin", async () => {
    const fresh = await createTestApp({ environment: oidcEnvironment(provider.issuer) });
    const statuses = new Set<number>();
    for (let index = 0; index < 61; index++) {
      statuses.add((await openBrowser(fresh).call("/api/login/openid")).status);
    }
    expect([...statuses]).toEqual([302, 429]);
    await fresh.close();
  });

  test("are told to the operator at the start", () => {
    const { oidc } = app.facts;
    const plain = "the identity provider is asked over http: whoever listens on the way can sign in";
    const line = `OpenID Connect by ${provider.issuer}/.well-known/openid-configuration, which must allow ${REDIRECT_URI}`;
    expect(describeOidcSetup(null)).toEqual({ lines: [], warnings: [] });
    expect(describeOidcSetup(oidc)).toEqual({ lines: [line], warnings: [plain] });
    expect(describeOidcSetup(oidc && { ...oidc, clientId: "" }).warnings).toHaveLength(2);
  });

  test("leave the logout of a password login to us alone", async () => {
    const browser = openBrowser(closedApp);
    await browser.call("/api/login", { method: "POST", authorization: basic("admin", "adminpass") });
    const { json } = await browser.call("/api/logout", { method: "POST" });
    expect(json).toBeNull();
  });
});
