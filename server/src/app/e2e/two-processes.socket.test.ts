// Two servers on one database know the same people and apps, and forget them together.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { TestDatabase } from "@multitap/db/testing";
import { type Answer, basic, type Callable, callApp } from "../../auth/calls.testing.ts";
import { EXCHANGES_PER_ADDRESS_MAX, FAILURES_PER_PAIR_MAX } from "../../auth/limits.ts";
import {
  type AppToken,
  addPerson,
  approve,
  DRIVERS,
  exchange,
  freshAddress,
  get,
  grantPair,
  invite,
  knows,
  makeCode,
  makeToken,
  moveTo,
  openExternal,
  openSession,
  PASSWORD,
  type Pair,
  poll,
  reach,
  refresh,
  register,
  setUp,
  startFlow,
  statusOf,
} from "./identity.testing.ts";
import { endScenes, makeFolder } from "./scene.testing.ts";
import { type RunningServer, startServer, waitFor } from "./server-process.testing.ts";

const TEST_MAX_MS = 120_000;
/** What the servers promise, and what a busy machine may add to it. */
const KNOWN_MAX_MS = 5_000;
const LATE_MS = 1_500;
const POLL_MS = 100;

afterAll(endScenes);

/** Waits until everything that one server ended counts for nothing at the other one; fails when that takes too long. */
async function expectSoon(
  what: string,
  statuses: () => Promise<readonly number[]>,
  wanted: number,
): Promise<void> {
  const startedAtMs = performance.now();
  const isIt = async () => (await statuses()).every((status) => status === wanted);
  const hasCome = await waitFor(isIt, KNOWN_MAX_MS + LATE_MS, POLL_MS);
  console.log(`${what}: known to the other process after ${Math.round(performance.now() - startedAtMs)} ms`);
  expect([what, hasCome, await statuses()]).toEqual([what, true, (await statuses()).map(() => wanted)]);
}

describe.each(DRIVERS)("two servers with %s", (_driver, environment) => {
  let database: TestDatabase;
  let servers: readonly RunningServer[] = [];
  let admin = "";
  const here = reach(() => servers[0] as RunningServer);
  const there = reach(() => servers[1] as RunningServer);

  beforeAll(async () => {
    const external = await openExternal();
    ({ database } = external);
    const start = () =>
      startServer({ basePath: makeFolder("two"), environment: { ...external.environment, ...environment } });
    // One after the other: the first one makes the tables of the queue.
    servers = [await start()];
    servers = [...servers, await start()];
    const [first] = servers;
    admin = await setUp(first as RunningServer);
  }, TEST_MAX_MS);
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await database?.drop();
  }, TEST_MAX_MS);

  test(
    "share sessions with their CSRF tokens, and the end of each",
    async () => {
      const person = await addPerson(here, admin);
      const browser = await openSession(here, person);
      const moved = moveTo(there, browser);
      expect((await moved.call("/api/users/me")).status).toBe(200);
      expect(
        (await moved.call("/api/client-tokens", { json: { name: "x", scopes: ["me.read"] } })).status,
      ).toBe(201);
      const thief = moveTo(there, browser);
      expect((await browser.call("/api/logout", { method: "POST" })).status).toBe(200);
      const cookie = `romm_session=${thief.cookies.get("romm_session")}`;
      await expectSoon(
        "a logout",
        async () => [await statusOf(there, "/api/users/me", { headers: { cookie } })],
        401,
      );
    },
    TEST_MAX_MS,
  );

  test(
    "share bearer tokens, and trade each refresh token for one pair",
    async () => {
      const person = await addPerson(here, admin);
      const pair = await grantPair(here, person);
      expect(await knows(there, pair.access_token)).toBe(200);
      const answers = await Promise.all([
        refresh(here, pair),
        refresh(there, pair),
        refresh(there, pair),
        refresh(here, pair),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect(new Set(answers.map(({ json }) => (json as Pair).refresh_token)).size).toBe(1);
    },
    TEST_MAX_MS,
  );

  test(
    "share client tokens, and the end of their secrets",
    async () => {
      const person = await addPerson(here, admin);
      const [removed, renewed] = [await makeToken(here, person), await makeToken(here, person)];
      expect([await knows(there, removed.raw_token), await knows(there, renewed.raw_token)]).toEqual([
        200, 200,
      ]);
      const authorization = person.basic;
      await get(here, `/api/client-tokens/${removed.id}`, { method: "DELETE", authorization });
      const next = await get<AppToken>(here, `/api/client-tokens/${renewed.id}/regenerate`, {
        method: "PUT",
        authorization,
      });
      expect(await knows(there, next.raw_token)).toBe(200);
      const old = async () => [await knows(there, removed.raw_token), await knows(there, renewed.raw_token)];
      await expectSoon("a removed and a renewed token", old, 401);
    },
    TEST_MAX_MS,
  );

  test(
    "share the end of an account's rights",
    async () => {
      const person = await addPerson(here, admin);
      const browser = moveTo(there, await openSession(here, person));
      const cookie = `romm_session=${browser.cookies.get("romm_session")}`;
      const [token, pair] = [await makeToken(here, person), await grantPair(here, person)];
      const all = async () => [
        await statusOf(there, "/api/users/me", { headers: { cookie } }),
        await statusOf(there, "/api/users/me", { authorization: person.basic }),
        await knows(there, token.raw_token),
        await knows(there, pair.access_token),
        (await refresh(there, pair)).status,
      ];
      expect((await all()).slice(0, 4)).toEqual([200, 200, 200, 200]);
      await get(here, `/api/users/${person.id}`, {
        method: "PUT",
        authorization: admin,
        form: { enabled: "false" },
      });
      await expectSoon("a disabled account", all, 401);
    },
    TEST_MAX_MS,
  );

  test(
    "share a changed password, which ends sessions and refresh tokens",
    async () => {
      const person = await addPerson(here, admin);
      const browser = moveTo(there, await openSession(here, person));
      const cookie = `romm_session=${browser.cookies.get("romm_session")}`;
      const [token, pair] = [await makeToken(here, person), await grantPair(here, person)];
      const ended = async () => [
        await statusOf(there, "/api/users/me", { headers: { cookie } }),
        await statusOf(there, "/api/users/me", { authorization: person.basic, headers: freshAddress() }),
        (await refresh(there, pair)).status,
      ];
      expect(await statusOf(there, "/api/users/me", { headers: { cookie } })).toBe(200);
      await get(here, `/api/users/${person.id}`, {
        method: "PUT",
        authorization: admin,
        form: { password: "another password" },
      });
      await expectSoon("a changed password", ended, 401);
      expect(await knows(there, token.raw_token)).toBe(200);
      const login = {
        method: "POST",
        authorization: basic(person.username, "another password"),
        headers: freshAddress(),
      };
      expect(await statusOf(there, "/api/login", login)).toBe(200);
    },
    TEST_MAX_MS,
  );

  test(
    "share permissions",
    async () => {
      const person = await addPerson(here, admin);
      const scopes = async (at: Callable) =>
        (await get<{ oauth_scopes: string[] }>(at, "/api/users/me", { authorization: person.basic }))
          .oauth_scopes;
      expect(await scopes(there)).not.toContain("roms.write");
      await get(here, `/api/users/${person.id}`, {
        method: "PUT",
        authorization: admin,
        form: { role: "editor" },
      });
      expect(await scopes(here)).toContain("roms.write");
      await expectSoon(
        "a new group",
        async () => [(await scopes(there)).includes("roms.write") ? 200 : 403],
        200,
      );
    },
    TEST_MAX_MS,
  );

  test(
    "share limits",
    async () => {
      const guesser = freshAddress();
      for (let turn = 0; turn < EXCHANGES_PER_ADDRESS_MAX; turn += 1) {
        const { status } = await exchange(turn % 2 === 0 ? here : there, "ZZZZZZZZ", guesser);
        expect(status).toBe(404);
      }
      for (const at of [here, there]) expect((await exchange(at, "ZZZZZZZZ", guesser)).status).toBe(429);
      const [person, attacker] = [await addPerson(here, admin), freshAddress()];
      const login = (at: Callable, password: string) =>
        statusOf(at, "/api/login", {
          method: "POST",
          authorization: basic(person.username, password),
          headers: attacker,
        });
      const guesses = Array.from({ length: FAILURES_PER_PAIR_MAX }, (_, turn) =>
        login(turn % 2 === 0 ? here : there, `wrong ${turn}`),
      );
      expect(new Set(await Promise.all(guesses))).toEqual(new Set([401]));
      for (const at of [here, there]) expect(await login(at, PASSWORD)).toBe(429);
    },
    TEST_MAX_MS,
  );

  test(
    "have one winner for a pairing code, a device and an invitation that both are asked about at once",
    async () => {
      const person = await addPerson(here, admin);
      const both = async <T>(ask: (at: Callable) => Promise<T>) =>
        await Promise.all([here, there, here, there].map(ask));
      const code = await makeCode(here, person);
      const traded = await both((at) => exchange(at, code));
      expect(traded.filter(({ status }) => status === 200)).toHaveLength(1);
      const flow = await startFlow(here);
      expect(await approve(there, flow, person)).toBe(200);
      const polled: readonly Answer[] = await both((at) => poll(at, flow));
      expect(polled.filter(({ status }) => status === 200)).toHaveLength(1);
      const token = await invite(there, admin);
      expect((await both((at) => register(at, token))).filter((status) => status === 201)).toHaveLength(1);
    },
    TEST_MAX_MS,
  );

  test(
    "give a call that is sent again the answer that the other one gave, and run it once",
    async () => {
      const make = (at: Callable, key: string) =>
        callApp(at, "/api/permissions/groups", {
          authorization: admin,
          json: { name: `group ${key}` },
          headers: { "idempotency-key": key },
        });
      const key = crypto.randomUUID();
      const first = await make(here, key);
      const again = await make(there, key);
      expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
      const other = crypto.randomUUID();
      const answers = await Promise.all([here, there, here, there].map((at) => make(at, other)));
      // Made once; whoever came while it was being made is told to come back.
      for (const { status } of answers) expect([201, 503]).toContain(status);
      expect(new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text)).size).toBe(1);
      const groups = await get<readonly { name: string }[]>(there, "/api/permissions/groups", {
        authorization: admin,
      });
      expect(groups.filter(({ name }) => name === `group ${other}`)).toHaveLength(1);
    },
    TEST_MAX_MS,
  );
});
