// A restart signs nobody out: everything by which people and apps are known is there again.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type Browser, basic, callApp } from "../../auth/calls.testing.ts";
import { EXCHANGES_PER_ADDRESS_MAX, FAILURES_PER_PAIR_MAX } from "../../auth/limits.ts";
import {
  type AppToken,
  addPerson,
  approve,
  DRIVERS,
  exchange,
  type Flow,
  freshAddress,
  get,
  grantPair,
  invite,
  knows,
  makeCode,
  makeToken,
  openSession,
  PASSWORD,
  type Pair,
  type Person,
  poll,
  reach,
  refresh,
  register,
  setUp,
  startFlow,
  statusOf,
} from "./identity.testing.ts";
import { endScenes, makeFolder } from "./scene.testing.ts";
import { type RunningServer, startServer } from "./server-process.testing.ts";

const TEST_MAX_MS = 120_000;

afterAll(endScenes);

/** What was there before the restart. */
interface Before {
  readonly admin: string;
  readonly person: Person;
  readonly browser: Browser;
  readonly loggedOut: Browser;
  readonly pair: Pair;
  readonly usedPair: Pair;
  readonly token: AppToken;
  readonly removedToken: AppToken;
  readonly code: string;
  readonly usedCode: string;
  readonly flow: Flow;
  readonly approvedFlow: Flow;
  readonly invite: string;
  readonly usedInvite: string;
  readonly guesser: Readonly<Record<string, string>>;
  readonly attacker: Readonly<Record<string, string>>;
  readonly key: string;
  readonly group: string;
}

let server: RunningServer;
const at = reach(() => server);

const makeGroup = (admin: string, key: string) =>
  callApp(at, "/api/permissions/groups", {
    authorization: admin,
    json: { name: `group ${key}` },
    headers: { "idempotency-key": key },
  });

async function leaveTraces(): Promise<Before> {
  const admin = await setUp(server);
  const person = await addPerson(at, admin);
  const [browser, loggedOut] = [await openSession(at, person), await openSession(at, person)];
  expect((await loggedOut.call("/api/logout", { method: "POST" })).status).toBe(200);
  const [token, removedToken] = [await makeToken(at, person), await makeToken(at, person)];
  await statusOf(at, `/api/client-tokens/${removedToken.id}`, {
    method: "DELETE",
    authorization: person.basic,
  });
  const usedPair = await grantPair(at, person);
  const pair = (await refresh(at, usedPair)).json as Pair;
  const usedCode = await makeCode(at, person);
  expect((await exchange(at, usedCode)).status).toBe(200);
  const usedInvite = await invite(at, admin);
  expect(await register(at, usedInvite)).toBe(201);
  const [flow, approvedFlow] = [await startFlow(at), await startFlow(at)];
  expect(await approve(at, approvedFlow, person)).toBe(200);
  const [guesser, attacker] = [freshAddress(), freshAddress()];
  for (let turn = 0; turn < EXCHANGES_PER_ADDRESS_MAX; turn += 1) await exchange(at, "ZZZZZZZZ", guesser);
  const guesses = Array.from({ length: FAILURES_PER_PAIR_MAX }, (_, turn) =>
    statusOf(at, "/api/users/me", {
      authorization: basic(person.username, `wrong ${turn}`),
      headers: attacker,
    }),
  );
  await Promise.all(guesses);
  const key = crypto.randomUUID();
  const group = (await makeGroup(admin, key)).text;
  // The codes last a minute, so they come last.
  const code = await makeCode(at, person);
  return {
    admin,
    person,
    browser,
    loggedOut,
    pair,
    usedPair,
    token,
    removedToken,
    code,
    usedCode,
    flow,
    approvedFlow,
    invite: await invite(at, admin),
    usedInvite,
    guesser,
    attacker,
    key,
    group,
  };
}

/** As operators do, and as a lack of memory does. */
const ENDINGS = ["SIGTERM", "SIGKILL"] as const;
const rows = DRIVERS.flatMap(([driver, environment]) =>
  ENDINGS.map((signal) => [driver, signal, environment] as const),
);

describe.each(rows)("with %s, after %s and a new start", (_driver, signal, environment) => {
  let before: Before;
  beforeAll(async () => {
    const options = { basePath: join(makeFolder("restart"), "base"), environment };
    server = await startServer(options);
    before = await leaveTraces();
    await server.stop(signal);
    server = await startServer(options);
  }, TEST_MAX_MS);
  afterAll(async () => {
    await server.stop();
  }, TEST_MAX_MS);

  test("a browser is still signed in, and writes with the CSRF token it had", async () => {
    const { browser, person } = before;
    const me = await browser.call("/api/users/me");
    expect([me.status, (me.json as { username: string }).username]).toEqual([200, person.username]);
    const written = await browser.call("/api/client-tokens", { json: { name: "x", scopes: ["me.read"] } });
    expect(written.status).toBe(201);
  });

  test("a browser that signed out stays so, with the cookies it had", async () => {
    expect((await before.loggedOut.call("/api/users/me")).status).toBe(401);
  });

  test("access, refresh and client tokens work, and those that ended do not", async () => {
    const { pair, usedPair, token, removedToken } = before;
    expect([await knows(at, pair.access_token), await knows(at, token.raw_token)]).toEqual([200, 200]);
    expect(await knows(at, removedToken.raw_token)).toBe(401);
    const next = await refresh(at, pair);
    expect([next.status, await knows(at, (next.json as Pair).access_token)]).toEqual([200, 200]);
    // Within its grace the used one gives the pair that it gave before, and never another one.
    const again = await refresh(at, usedPair);
    if (again.status === 200) expect((again.json as Pair).refresh_token).toBe(pair.refresh_token);
    else expect(again.status).toBe(401);
  });

  test("a pairing code can be used, once, and a used one cannot", async () => {
    expect((await exchange(at, before.usedCode)).status).toBe(404);
    const traded = await exchange(at, before.code);
    expect([traded.status, await knows(at, (traded.json as AppToken).raw_token)]).toEqual([200, 200]);
    expect((await exchange(at, before.code)).status).toBe(404);
  });

  test("a device that waited is let in, and one that was let in gets its token", async () => {
    const { flow, approvedFlow, person } = before;
    expect(await approve(at, flow, person)).toBe(200);
    for (const each of [flow, approvedFlow]) {
      const { status, json } = await poll(at, each);
      expect([status, await knows(at, (json as { access_token: string }).access_token)]).toEqual([200, 200]);
    }
  });

  test("an invitation makes an account, once, and a used one makes none", async () => {
    expect(await register(at, before.usedInvite)).toBe(400);
    expect(await register(at, before.invite)).toBe(201);
    expect(await register(at, before.invite)).toBe(400);
  });

  test("who guessed too often still has to wait, with the right answer, too", async () => {
    const { guesser, attacker, person } = before;
    expect((await exchange(at, "ZZZZZZZZ", guesser)).status).toBe(429);
    const authorization = basic(person.username, PASSWORD);
    const late = await callApp(at, "/api/login", { method: "POST", authorization, headers: attacker });
    expect(late.status).toBe(429);
    expect(await statusOf(at, "/api/login", { method: "POST", authorization, headers: freshAddress() })).toBe(
      200,
    );
  });

  test("a call that is sent again has the answer that it had", async () => {
    const { admin, key, group } = before;
    const again = await makeGroup(admin, key);
    expect([again.status, again.text]).toEqual([201, group]);
    const groups = await get<readonly { name: string }[]>(at, "/api/permissions/groups", {
      authorization: admin,
    });
    expect(groups.filter(({ name }) => name === `group ${key}`)).toHaveLength(1);
  });
});
