/**
 * Made from the mount lists: whatever somebody sends to say who they are, no route breaks over it. Whoever adds a
 * route is checked here without writing a line. `MULTITAP_GARBAGE_SEED` brings a run back.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createRandom } from "../../../../scripts/library/random.ts";
import { addAccounts, basic } from "../../auth/calls.testing.ts";
import { type Entry, listEntries } from "../registry.ts";
import { createTestApp, type TestApp } from "../testing.ts";

/** Combinations per route and procedure. */
const ROUNDS = 6;
const SLOW_MS = 120_000;
const seed = process.env.MULTITAP_GARBAGE_SEED ?? String(Math.floor(Math.random() * 1e9));
console.log(`garbage tests: MULTITAP_GARBAGE_SEED=${seed}`);
const random = createRandom(`garbage/${seed}`);
const pick = <T>(values: readonly T[]): T => values[random.below(values.length)] as T;

/** Letters that a header may hold. */
const LETTERS = Array.from({ length: 0xff - 0x20 }, (_, at) => String.fromCharCode(0x21 + at)).filter(
  (letter) => letter !== "\u007f",
);
const noise = (lengthMax: number) =>
  Array.from({ length: random.below(lengthMax) }, () => pick(LETTERS)).join("");
const base64 = (text: string) => Buffer.from(text, "latin1").toString("base64");
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

const authorizations: readonly (() => string | null)[] = [
  () => null,
  () => "",
  () => "Basic",
  () => "Bearer",
  () => "Basic %%%",
  () => `Basic ${base64("no colon")}`,
  () => `Basic ${base64("\u0000:\u0000")}`,
  () => `Basic ${base64(`${noise(40)}:`)}`,
  () => `Basic ${"A".repeat(20_000)}`,
  () => `Bearer ${noise(300)}`,
  () => `Bearer ${"a".repeat(20_000)}`,
  () => `Bearer ${encode({ alg: "none" })}.${encode({ sub: "admin", type: "access" })}.`,
  () =>
    `Bearer ${encode({ alg: pick(["HS256", "RS256", "", null, 1, {}, []]) })}.${encode(pick([null, [], 1, {}]))}.${noise(40)}`,
  () => `Bearer rmm_${noise(80)}`,
  () => `Bearer rmm_${"0".repeat(64)}`,
  () => "Bearer a b c",
  () => `${noise(30)} ${noise(30)}`,
  () => `Digest username="admin", nonce="${noise(20)}"`,
  () => "Basic Bearer Basic",
];

const uuid = "6b178345-11b2-4f5c-bd44-92b0d480e417";
const cookies: readonly (() => string | null)[] = [
  () => null,
  () => "",
  () => ";;;===;;",
  () => noise(400),
  () => `romm_session=${uuid}`,
  () => `romm_session=${noise(100)}; romm_csrftoken=${noise(100)}`,
  () => "romm_session=null; romm_csrftoken=null; multitap_browser=null; multitap_sign_in=null",
  () => `romm_session=${uuid}; romm_session=${uuid}; multitap_browser=${uuid}; multitap_sign_in=${uuid}`,
  () => `romm_csrftoken=${encode({ token: "x", user_id: 1 })}.${noise(40)}`,
  () => `romm_csrftoken=.${noise(40)}; __proto__=x; constructor=y`,
  () => "x=y; ".repeat(5_000),
];

const csrfHeaders: readonly (() => string | null)[] = [
  () => null,
  () => "",
  () => noise(100),
  () => "A".repeat(5_000),
];
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const BODIES: readonly (string | null)[] = [null, "", "{damaged", "null", "[]", '{"__proto__":1}', "a=b&c=d"];
const IDS = ["1", "0", "-1", "99999999999999999999", "x", "%00", "%ff", "..", "1e3", "null"];

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp();
  await addAccounts(app);
}, 30_000);
afterAll(() => app?.close());

let sent = 0;

interface Garbage {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string | null;
}

function makeGarbage(entry: Entry, round: number, ids: readonly string[] = IDS): Garbage {
  // Every other time by the method that the route has.
  const method = round % 2 === 0 ? entry.method : pick(METHODS);
  const headers = new Headers();
  const set = (name: string, value: string | null) => void (value !== null && headers.set(name, value));
  set("authorization", pick(authorizations)());
  set("cookie", pick(cookies)());
  set("x-csrftoken", pick(csrfHeaders)());
  set(
    "content-type",
    pick([
      null,
      "application/json",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      noise(20),
    ]),
  );
  set("idempotency-key", pick([null, null, uuid, noise(200)]));
  sent += 1;
  // Limits count addresses, and a refusal by them would hide everything behind.
  set("x-forwarded-for", `198.51.${(sent >> 8) & 255}.${sent & 255}`);
  const path =
    entry.path.replaceAll(/\{\w+\}/g, () => pick(ids)) +
    pick(["", "", "?ticket=x", "?input=%7B", "?batch=1"]);
  return { method, path, headers, body: method === "GET" || method === "HEAD" ? null : pick(BODIES) };
}

/** The status, or what a stream says first. */
async function send({ method, path, headers, body }: Garbage): Promise<{ status: number; text: string }> {
  const ending = new AbortController();
  const response = await app.fetch(path, {
    method,
    headers,
    signal: ending.signal,
    ...(body === null ? {} : { body }),
  });
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  const text = value === undefined ? "" : new TextDecoder().decode(value as Uint8Array);
  await reader?.cancel();
  ending.abort();
  const [, inner] = /"httpStatus":(\d+)/.exec(text) ?? [];
  return { status: inner === undefined ? response.status : Number(inner), text: text.slice(0, 300) };
}

const describeSent = ({ method, path, headers, body }: Garbage) => {
  const short = [...headers].map(([name, value]) => `${name}: ${value.slice(0, 80)}`);
  return `${method} ${path} ${short.join(" | ")} ${body ?? ""}`;
};

/** Routes of an identity provider, which there is none of here: the compatible API says so with 500. */
const SAYS_OFF: ReadonlySet<string> = new Set(["GET /api/login/openid", "GET /api/oauth/openid"]);
const OFF = '{"detail":"OAuth disabled"}';

describe("garbage in place of who calls", () => {
  const entries = listEntries();

  test(
    "breaks no route and no procedure, whatever its method",
    async () => {
      expect(entries.length).toBeGreaterThan(50);
      const statuses = new Map<number, number>();
      for (const entry of entries) {
        for (let round = 0; round < ROUNDS; round += 1) {
          const garbage = makeGarbage(entry, round);
          const { status, text } = await send(garbage);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          const isTold = text === OFF || garbage.method === "HEAD";
          const isOff = status === 500 && SAYS_OFF.has(entry.name) && isTold;
          if (status >= 500 && !isOff) expect([entry.name, describeSent(garbage), status, text]).toEqual([]);
        }
      }
      console.log(
        `garbage: ${sent} calls, by status ${[...statuses]
          .sort(([a], [b]) => a - b)
          .map(([status, count]) => `${status}×${count}`)
          .join(" ")}`,
      );
      // It went deep enough to be refused in several ways.
      for (const status of [401, 403, 405]) expect(statuses.get(status) ?? 0).toBeGreaterThan(0);
    },
    SLOW_MS,
  );

  test(
    "lets nobody in who is guarded against",
    async () => {
      const guarded = entries.filter(({ access, isStream }) => access.scope !== "public" && !isStream);
      for (const entry of guarded) {
        // Ids that lead to this very route.
        const garbage = makeGarbage(entry, 0, ["1", "999999"]);
        const { status } = await send(garbage);
        // A CSRF refusal, a refused caller, a limit, a body of no form; never an answer.
        if (status < 400 || status >= 500) expect([entry.name, describeSent(garbage), status]).toEqual([]);
      }
    },
    SLOW_MS,
  );

  test(
    "leaves public routes open",
    async () => {
      for (const make of authorizations) {
        for (const cookie of cookies) {
          const headers = new Headers();
          const [authorization, jar] = [make(), cookie()];
          if (authorization !== null) headers.set("authorization", authorization);
          if (jar !== null) headers.set("cookie", jar);
          sent += 1;
          headers.set("x-forwarded-for", `203.0.${(sent >> 8) & 255}.${sent & 255}`);
          for (const path of ["/api/heartbeat", "/trpc/system.info"]) {
            const response = await app.fetch(path, { headers });
            await response.arrayBuffer();
            if (response.status !== 200) expect([path, authorization, jar, response.status]).toEqual([]);
          }
        }
      }
    },
    SLOW_MS,
  );

  test("did no harm: who calls rightly is still served", async () => {
    const headers = { authorization: basic("admin", "adminpass"), "x-forwarded-for": "192.0.2.99" };
    expect((await app.fetch("/api/users/me", { headers })).status).toBe(200);
  });
});
