/** People and apps that call real servers, and everything by which they are known. */

import { formatTarget } from "@multitap/db";
import { createTestDatabase, type TestDatabase } from "@multitap/db/testing";
import {
  type Answer,
  type Browser,
  basic,
  type Call,
  type Callable,
  callApp,
  openBrowser,
} from "../../auth/calls.testing.ts";
import { createAdmin } from "./scene.testing.ts";
import { type RunningServer, SceneError } from "./server-process.testing.ts";

const REDIS_URL = process.env.MULTITAP_TEST_REDIS_URL;
if (REDIS_URL === undefined) console.info("identity on Redis: skipped, MULTITAP_TEST_REDIS_URL is not set");

/** Where what expires lies, with the environment of a server for it. */
export const DRIVERS: readonly (readonly [name: string, environment: Readonly<Record<string, string>>])[] = [
  ["PostgreSQL", {}],
  ...(REDIS_URL === undefined ? [] : [["Redis", { REDIS_URL }] as const]),
];

export const PASSWORD = "a password of somebody";

/** Whatever server is meant at the moment of a call. */
export function reach(find: () => RunningServer): Callable {
  // Without keep-alive no connection stays half open to a server that was stopped.
  return { fetch: (path, init) => fetch(find().url + path, { ...init, keepalive: false }) };
}

/** An address that no other test, and no earlier run on the same store, has used. */
export function freshAddress(): Readonly<Record<string, string>> {
  const bytes = crypto.getRandomValues(new Uint16Array(3));
  return { "x-forwarded-for": `2001:db8:${[...bytes].map((each) => each.toString(16)).join(":")}::1` };
}

/** Makes a call that must succeed. */
export async function get<T>(at: Callable, path: string, call: Call = {}): Promise<T> {
  const answer = await callApp(at, path, call);
  if (answer.status >= 300) throw new SceneError(`${path} answered ${answer.status} ${answer.text}`);
  return answer.json as T;
}

/** A call's status alone. */
export async function statusOf(at: Callable, path: string, call: Call = {}): Promise<number> {
  return (await callApp(at, path, call)).status;
}

/** Sets a fresh server up and gives an administrator's bearer header. */
export async function setUp(server: RunningServer): Promise<string> {
  return `Bearer ${await createAdmin(server.url)}`;
}

let made = 0;

/** Somebody with an account of their own. */
export interface Person {
  readonly id: number;
  readonly username: string;
  readonly basic: string;
}

/** Makes an account through the server. */
export async function addPerson(at: Callable, admin: string, role = "user"): Promise<Person> {
  made += 1;
  const username = `person${made}`;
  const json = { username, password: PASSWORD, email: "", role };
  const { id } = await get<{ id: number }>(at, "/api/users", { authorization: admin, json });
  return { id, username, basic: basic(username, PASSWORD) };
}

/** A browser in which somebody is signed in. */
export async function openSession(at: Callable, person: Person): Promise<Browser> {
  const browser = openBrowser(at);
  const { status, text } = await browser.call("/api/login", {
    method: "POST",
    authorization: person.basic,
    headers: freshAddress(),
  });
  if (status !== 200) throw new SceneError(`no login: ${status} ${text}`);
  return browser;
}

/** The same browser at another server: its cookies and nothing else. */
export function moveTo(at: Callable, browser: Browser): Browser {
  const moved = openBrowser(at);
  for (const [name, value] of browser.cookies) moved.setCookie(name, value);
  return moved;
}

export interface Pair {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** A pair of bearer tokens of somebody. */
export async function grantPair(at: Callable, person: Person, scope = "me.read me.write"): Promise<Pair> {
  const form = { username: person.username, password: PASSWORD, scope };
  return await get<Pair>(at, "/api/token", { form, headers: freshAddress() });
}

/** Trades a refresh token. */
export async function refresh(at: Callable, { refresh_token }: Pair): Promise<Answer> {
  return await callApp(at, "/api/token", { form: { grant_type: "refresh_token", refresh_token } });
}

export interface AppToken {
  readonly id: number;
  readonly raw_token: string;
}

/** A client token of somebody. */
export async function makeToken(at: Callable, person: Person): Promise<AppToken> {
  const json = { name: "an app", scopes: ["me.read", "me.write"] };
  return await get<AppToken>(at, "/api/client-tokens", { authorization: person.basic, json });
}

/** Asks who the bearer of a text is; gives the status. */
export async function knows(at: Callable, token: string): Promise<number> {
  return await statusOf(at, "/api/users/me", { authorization: `Bearer ${token}` });
}

/** A short code for a new token of somebody. */
export async function makeCode(at: Callable, person: Person): Promise<string> {
  const { id } = await makeToken(at, person);
  const call = { method: "POST", authorization: person.basic };
  return (await get<{ code: string }>(at, `/api/client-tokens/${id}/pair`, call)).code;
}

/** Trades a short code. */
export async function exchange(at: Callable, code: string, headers = freshAddress()): Promise<Answer> {
  return await callApp(at, "/api/client-tokens/exchange", { json: { code }, headers });
}

export interface Flow {
  readonly device_code: string;
  readonly user_code: string;
}

/** A device asks to be let in. */
export async function startFlow(at: Callable): Promise<Flow> {
  const json = {
    client_device_identifier: crypto.randomUUID(),
    name: "Pocket",
    client: "argosy",
    requested_scopes: ["me.read"],
  };
  return await get<Flow>(at, "/api/auth/device/init", { json, headers: freshAddress() });
}

/** Somebody lets a device in. */
export async function approve(at: Callable, { user_code }: Flow, person: Person): Promise<number> {
  const json = { user_code, approved_scopes: ["me.read"] };
  return await statusOf(at, "/api/auth/device/approve", { authorization: person.basic, json });
}

/** The device asks whether it may come in. */
export async function poll(at: Callable, { device_code }: Flow): Promise<Answer> {
  return await callApp(at, "/api/auth/device/token", { json: { device_code }, headers: freshAddress() });
}

/** An invitation by an administrator. */
export async function invite(at: Callable, admin: string): Promise<string> {
  const call = { method: "POST", authorization: admin };
  return (await get<{ token: string }>(at, "/api/users/invite-link?role=user", call)).token;
}

/** Somebody follows an invitation; gives the status. */
export async function register(at: Callable, token: string): Promise<number> {
  made += 1;
  const json = { username: `guest${made}`, password: PASSWORD, email: "", token };
  return await statusOf(at, "/api/users/register", {
    authorization: "Bearer",
    json,
    headers: freshAddress(),
  });
}

/** A database outside of every server, with the environment of a server for it. */
export async function openExternal(): Promise<{
  database: TestDatabase;
  environment: Readonly<Record<string, string>>;
}> {
  const database = await createTestDatabase();
  const environment = {
    DATABASE_URL: formatTarget(database.target),
    ROMM_AUTH_SECRET_KEY: `shared-${crypto.randomUUID()}`,
  };
  return { database, environment };
}
