import { SCOPES } from "../../server/src/base/scopes.ts";
import { BenchError } from "./bench-error.ts";

/** A signed-in caller of one server. */
export interface ApiClient {
  readonly url: string;
  /** Goes into the Authorization header; never Basic, which costs a password hash now and then. */
  readonly authorization: string;
  getJson(path: string): Promise<unknown>;
  /** Calls a tRPC query. */
  query(path: string, input: unknown): Promise<unknown>;
  /** Calls a tRPC mutation. */
  mutate(path: string, input: unknown): Promise<unknown>;
}

const USERNAME = "bench";
/** Lives as long as a temporary folder, on loopback only. */
const PASSWORD = "bench-password-of-a-temporary-folder";

/** Makes the first account of a fresh server. */
export async function createFirstAccount(url: string): Promise<void> {
  const greeting = await fetch(`${url}/api/heartbeat`);
  const csrfToken = new Bun.CookieMap(greeting.headers.getSetCookie().join("; ")).get("romm_csrftoken");
  if (csrfToken === null) throw new BenchError("the heartbeat set no CSRF cookie");
  const response = await fetch(`${url}/api/users`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      cookie: `romm_csrftoken=${csrfToken}`,
      "x-csrftoken": csrfToken,
    },
    body: JSON.stringify({ username: USERNAME, password: PASSWORD, email: "", role: "admin" }),
  });
  await readJson(response);
}

/** Signs in with the account of `createFirstAccount`. */
export async function signIn(url: string): Promise<ApiClient> {
  const form = { grant_type: "password", username: USERNAME, password: PASSWORD, scope: SCOPES.join(" ") };
  const response = await fetch(`${url}/api/token`, { method: "POST", body: new URLSearchParams(form) });
  const pair = (await readJson(response)) as { readonly access_token: string };
  const headers = { authorization: `Bearer ${pair.access_token}` };
  return {
    url,
    authorization: headers.authorization,
    getJson: async (path) => await readJson(await fetch(`${url}${path}`, { headers })),
    async query(path, input) {
      const text = encodeURIComponent(JSON.stringify(input));
      return await readResult(await fetch(`${url}/trpc/${path}?input=${text}`, { headers }));
    },
    async mutate(path, input) {
      const json = { ...headers, "content-type": "application/json" };
      const body = JSON.stringify(input);
      return await readResult(await fetch(`${url}/trpc/${path}`, { method: "POST", headers: json, body }));
    },
  };
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  throw new BenchError(`${response.url} answered ${response.status}: ${text.slice(0, 500)}`);
}

async function readResult(response: Response): Promise<unknown> {
  const { result } = (await readJson(response)) as { readonly result: { readonly data: unknown } };
  return result.data;
}
