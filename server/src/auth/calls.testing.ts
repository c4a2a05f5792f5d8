/** Calls the way apps make them: with Basic, a bearer token, or the cookies of a browser. */
import { users } from "@multitap/db/schema/users";
import type { TestApp } from "../app/testing.ts";
import { hashPassword } from "../users/passwords/service.ts";

/** One call; what is left out is not sent. */
export interface Call {
  readonly method?: string | undefined;
  readonly authorization?: string | undefined;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON; undefined when it is none. */
  readonly json: unknown;
}

/** The value of a Basic header. */
export const basic = (name: string, password: string) =>
  `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;

/** An app in this process, or whatever else answers requests. */
export type Callable = Pick<TestApp, "fetch">;

/** Makes one call. */
export async function callApp(app: Callable, path: string, call: Call = {}): Promise<Answer> {
  const headers = new Headers(call.headers);
  if (call.authorization !== undefined) headers.set("authorization", call.authorization);
  if (call.json !== undefined) headers.set("content-type", "application/json");
  const body = call.json === undefined ? formOf(call) : JSON.stringify(call.json);
  const method = call.method ?? (body === undefined ? "GET" : "POST");
  const response = await app.fetch(path, { method, headers, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parse(text) };
}

function formOf(call: Call): URLSearchParams | undefined {
  return call.form === undefined ? undefined : new URLSearchParams(call.form);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A browser: keeps cookies, and sends the CSRF header with everything that writes. */
export interface Browser {
  readonly cookies: ReadonlyMap<string, string>;
  call(path: string, call?: Call): Promise<Answer>;
  /** Forgets or replaces a cookie. */
  setCookie(name: string, value: string | null): void;
}

/** Opens a browser without cookies. */
export function openBrowser(app: Callable): Browser {
  const cookies = new Map<string, string>();
  return {
    cookies,
    async call(path, call = {}) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const csrf = cookies.get("romm_csrftoken");
      const sent = {
        ...(cookie === "" ? {} : { cookie }),
        ...(csrf === undefined ? {} : { "x-csrftoken": csrf }),
      };
      const answer = await callApp(app, path, { ...call, headers: { ...sent, ...call.headers } });
      for (const line of answer.headers.getSetCookie()) keepCookie(cookies, line);
      return answer;
    },
    setCookie(name, value) {
      if (value === null) cookies.delete(name);
      else cookies.set(name, value);
    },
  };
}

function keepCookie(cookies: Map<string, string>, line: string): void {
  const [pair = ""] = line.split(";");
  const [name = "", value = ""] = pair.split("=");
  if (line.includes("expires=Thu, 01 Jan 1970")) cookies.delete(name);
  else cookies.set(name, value);
}

/** Adds an administrator `admin` and a viewer `ana`; the passwords are `adminpass` and `viewerpass`. */
export async function addAccounts(app: TestApp): Promise<void> {
  const cheap = { memoryKib: 8, passes: 1 };
  await app.ports.database.insert(users).values([
    { username: "admin", role: "admin", hashedPassword: await hashPassword("adminpass", cheap) },
    { username: "ana", hashedPassword: await hashPassword("viewerpass", cheap) },
  ]);
}

/** Headers of the two accounts. */
export const ADMIN = basic("admin", "adminpass");
export const VIEWER = basic("ana", "viewerpass");
