/** A real OpenID Connect provider on the loopback, with its own login and consent pages, and a browser for it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import type { TestApp } from "../../app/testing.ts";
import { AssertionError, assert } from "../../base/assert.ts";
import { type Answer, type Browser, openBrowser } from "../calls.testing.ts";

/** Where the test app is, seen by browsers. */
export const REDIRECT_URI = "http://localhost/api/oauth/openid";
export const CLIENT_ID = "multitap";
export const CLIENT_SECRET = "a secret of thirty-two characters";

/** People by the name they type at the provider; the claims come from its userinfo endpoint. */
export type People = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface RealProvider {
  readonly issuer: string;
  stop(): Promise<void>;
}

/** Starts a provider that insists on PKCE; its answers are those of a conforming implementation. */
export async function startRealProvider(people: People): Promise<RealProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: [REDIRECT_URI],
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    pkce: { required: () => true },
    scopes: ["openid", "profile", "email", "groups"],
    claims: {
      openid: ["sub"],
      profile: ["preferred_username"],
      email: ["email", "email_verified"],
      groups: ["groups"],
    },
    cookies: { keys: ["only for tests"] },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  });
  server.on("request", provider.callback());
  return {
    issuer,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Variables of a server that signs in by a provider. */
export function oidcEnvironment(issuer: string): Record<string, string> {
  return {
    OIDC_ENABLED: "true",
    OIDC_PROVIDER: "Home",
    OIDC_CLIENT_ID: CLIENT_ID,
    OIDC_CLIENT_SECRET: CLIENT_SECRET,
    OIDC_REDIRECT_URI: REDIRECT_URI,
    OIDC_SERVER_APPLICATION_URL: issuer,
  };
}

/** Pages and redirects of one visit at the provider; a real one needs six. */
const STEPS_MAX = 12;

/**
 * Visits the provider as a person does: follows redirects, fills in the login form, agrees.
 * @returns The address of ours that the provider sends the browser back to.
 */
export async function visitProvider(startUrl: string, login: string, agrees = true): Promise<URL> {
  const jar = new Map<string, string>();
  let [url, form] = [new URL(startUrl), null as URLSearchParams | null];
  for (let step = 0; step < STEPS_MAX; step++) {
    if (url.href.startsWith(REDIRECT_URI)) return url;
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const request = form === null ? {} : { method: "POST", body: form };
    const response = await fetch(url, { ...request, headers: { cookie }, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split("=");
      jar.set(name, value);
    }
    const page = await response.text();
    const location = response.headers.get("location");
    form = null;
    if (location !== null) {
      url = new URL(location, url);
      continue;
    }
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(page) ?? [];
    const [, prompt = ""] = /name="prompt" value="(\w+)"/.exec(page) ?? [];
    assert(action !== undefined, `no form at ${url.href}: ${page.slice(0, 300)}`);
    if (prompt === "consent" && !agrees) url = new URL(`${action}/abort`, url);
    else [url, form] = [new URL(action, url), new URLSearchParams({ prompt, login, password: "any" })];
  }
  throw new AssertionError("the provider never sent the browser back");
}

/** Begins a sign-in. */
export async function begin(browser: Browser, path = "/api/login/openid"): Promise<URL> {
  const answer = await browser.call(path);
  const location = answer.headers.get("location");
  assert(answer.status === 302 && location !== null, `not sent: ${answer.status} ${answer.text}`);
  return new URL(location);
}

/** Comes back from the provider. */
export async function comeBack(browser: Browser, url: URL): Promise<Answer> {
  return await browser.call(`${url.pathname}${url.search}`);
}

/** Signs in by the real provider, from the first page to the last. */
export async function signInAs(
  app: TestApp,
  login: string,
): Promise<{ readonly browser: Browser; readonly answer: Answer }> {
  const browser = openBrowser(app);
  const url = await visitProvider((await begin(browser)).href, login);
  return { browser, answer: await comeBack(browser, url) };
}
