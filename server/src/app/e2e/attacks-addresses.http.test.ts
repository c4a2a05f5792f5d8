/** Callers who lie about their address to get around limits. The list stands in `attacks-tokens.http.test.ts`. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { addAccounts, basic, callApp } from "../../auth/calls.testing.ts";
import {
  EXCHANGES_PER_ADDRESS_MAX,
  FAILURES_PER_ADDRESS_MAX,
  FAILURES_PER_PAIR_MAX,
} from "../../auth/limits.ts";
import { createTestApp, type TestApp } from "../testing.ts";

/** Seen by tests in process, which have no socket, the peer is the loopback. */
const PROXIES = {
  /** As delivered: the loopback and private networks speak for others. */
  trusting: {},
  distrusting: { MULTITAP_TRUSTED_PROXIES: "none" },
  "trusting another one": { MULTITAP_TRUSTED_PROXIES: "192.0.2.250" },
} as const;

const apps = new Map<string, TestApp>();
beforeAll(async () => {
  for (const [name, environment] of Object.entries(PROXIES))
    apps.set(name, await createTestApp({ environment }));
}, 30_000);
afterAll(() => Promise.all([...apps.values()].map((app) => app.close())));

type Headers = Readonly<Record<string, string>>;

/** Tries a pairing code once more than one address may, and gives the statuses. */
async function guess(where: string, headersOf: (turn: number) => Headers): Promise<readonly number[]> {
  const app = apps.get(where) as TestApp;
  const statuses: number[] = [];
  for (let turn = 0; turn <= EXCHANGES_PER_ADDRESS_MAX; turn += 1) {
    const call = { json: { code: "ZZZZZZZZ" }, headers: headersOf(turn) };
    statuses.push((await callApp(app, "/api/client-tokens/exchange", call)).status);
  }
  return statuses;
}

/** The last one is too many, whatever others have tried from there before. */
const expectOne = (statuses: readonly number[]) => expect(statuses.at(-1)).toBe(429);
const expectMany = (statuses: readonly number[]) => expect(new Set(statuses)).toEqual(new Set([404]));

let networks = 0;
/** A network that no other test has used. */
const freshNetwork = () => {
  networks += 1;
  return `203.0.${networks}`;
};

describe("where nobody is trusted", () => {
  const lies: Record<string, (turn: number) => Headers> = {
    "an address": (turn) => ({ "x-forwarded-for": `198.51.100.${turn}` }),
    "a chain": (turn) => ({ "x-forwarded-for": `198.51.100.${turn}, 10.0.0.${turn}, 127.0.0.1` }),
    "an IPv6 address": (turn) => ({ "x-forwarded-for": `2001:db8:${turn}::1` }),
    "the real address of nginx": (turn) => ({ "x-real-ip": `198.51.100.${turn}` }),
    "the address of Cloudflare": (turn) => ({
      "cf-connecting-ip": `198.51.100.${turn}`,
      "true-client-ip": `198.51.100.${turn}`,
    }),
    "the address of others": (turn) => ({
      "x-client-ip": `198.51.100.${turn}`,
      "x-cluster-client-ip": `198.51.100.${turn}`,
    }),
    "the standard's header": (turn) => ({ forwarded: `for=198.51.100.${turn};proto=https` }),
  };
  test.each(Object.entries(lies))("%s changes nothing", async (_name, headersOf) => {
    expectOne(await guess("distrusting", headersOf));
    expectOne(await guess("trusting another one", headersOf));
  });
});

describe("where the loopback is trusted", () => {
  test("callers behind it are told apart", async () => {
    const net = freshNetwork();
    expectMany(await guess("trusting", (turn) => ({ "x-forwarded-for": `${net}.${turn}` })));
  });

  const lies: Record<string, (net: string, turn: number) => string> = {
    "before the address that the proxy saw": (net, turn) => `198.51.100.${turn}, ${net}.1`,
    "before several trusted ones": (net, turn) =>
      `198.51.100.${turn}, ${net}.1, 10.0.0.${turn}, 192.168.1.${turn}`,
    "as a trusted one": (net, turn) => `10.9.8.${turn}, ${net}.1`,
    "as a port": (net, turn) => `${net}.1:${4_000 + turn}`,
    "as spaces": (net, turn) => `${" ".repeat(turn)}${net}.1${" ".repeat(turn)}`,
    "as another way to write it": (net, turn) =>
      [`${net}.1`, `::ffff:${net}.1`, `[::ffff:${net}.1]:80`][turn % 3] ?? "",
    "as garbage before it": (net, turn) => `${"x".repeat(turn)}<script>, ${net}.1`,
    "as a chain without end": (net, turn) => `${"198.51.100.7, ".repeat(50 + turn)}${net}.1`,
  };
  test.each(Object.entries(lies))("a lie %s changes nothing", async (_name, lie) => {
    const net = freshNetwork();
    expectOne(await guess("trusting", (turn) => ({ "x-forwarded-for": lie(net, turn) })));
  });

  /** Nothing that can be read: then it is the peer itself, for everybody who sends such a thing. */
  const unreadable: Record<string, (turn: number) => string> = {
    "a word": (turn) => `unknown${turn}`,
    "numbers that are none": (turn) => `999.1.1.${turn}`,
    "a hidden one": (turn) => `_hidden${turn}`,
    nothing: (turn) => ",".repeat(turn),
    "an address with a prefix": (turn) => `198.51.100.${turn}/24`,
    "an octal address": (turn) => `0198.051.0100.0${turn}`,
    "a lie behind a broken one": (turn) => `198.51.100.${turn}, oops`,
    "brackets that do not close": (turn) => `[2001:db8::${turn}`,
  };
  test.each(Object.entries(unreadable))("%s counts for the proxy itself", async (_name, lie) => {
    expectOne(await guess("trusting", (turn) => ({ "x-forwarded-for": lie(turn) })));
  });

  test("one IPv6 network is one caller, and two are two", async () => {
    expectOne(await guess("trusting", (turn) => ({ "x-forwarded-for": `2001:db8:1:2:${turn}::${turn}` })));
    expectOne(
      await guess("trusting", (turn) => ({
        "x-forwarded-for": `[2001:DB8:0001:0003:${turn}::1]:${turn + 1}`,
      })),
    );
    expectMany(await guess("trusting", (turn) => ({ "x-forwarded-for": `2001:db8:7:${turn}::1` })));
  });

  test("no lie makes a caller one from this machine", async () => {
    const app = apps.get("trusting") as TestApp;
    for (const address of ["127.0.0.1", "::1", "localhost", ""]) {
      const headers = { "x-forwarded-for": address, "x-real-ip": address };
      expect(
        (await callApp(app, "/trpc/users.setPassword", { json: {}, headers, authorization: "Bearer x" }))
          .status,
      ).toBe(401);
    }
  });
});

describe("guessing passwords", () => {
  test("from the addresses of one IPv6 network is guessing from one", async () => {
    const app = await createTestApp();
    try {
      await addAccounts(app);
      await app.ports.kv.increment("login-failures:address:2001:db8:9:9::/64", {
        by: FAILURES_PER_ADDRESS_MAX - 2,
        ttlMs: 60_000,
      });
      const statuses: number[] = [];
      for (let turn = 1; turn <= 4; turn += 1) {
        const headers = { "x-forwarded-for": `2001:db8:9:9::${turn}` };
        const call = { method: "POST", authorization: basic(`name${turn}`, "wrong"), headers };
        statuses.push((await callApp(app, "/api/login", call)).status);
      }
      expect(statuses).toEqual([401, 401, 429, 429]);
    } finally {
      await app.close();
    }
  });

  test("that goes on after the limit learns nothing from the owner, who is signed in meanwhile", async () => {
    const app = await createTestApp();
    try {
      await addAccounts(app);
      const ask = async (address: string, password: string) => {
        const headers = { "x-forwarded-for": address };
        return (await callApp(app, "/api/users/me", { authorization: basic("ana", password), headers }))
          .status;
      };
      const guesses = Array.from({ length: FAILURES_PER_PAIR_MAX }, (_, turn) =>
        ask("198.51.100.1", `wrong ${turn}`),
      );
      expect(new Set(await Promise.all(guesses))).toEqual(new Set([401]));
      expect(await ask("203.0.113.1", "viewerpass")).toBe(200);
      // A right guess must look like a wrong one, although the owner's password is remembered at this moment.
      expect([await ask("198.51.100.1", "wrong"), await ask("198.51.100.1", "viewerpass")]).toEqual([
        429, 429,
      ]);
      expect(await ask("203.0.113.1", "viewerpass")).toBe(200);
    } finally {
      await app.close();
    }
  });

  test("of one account from many addresses ends, too, with the right one", async () => {
    const app = await createTestApp();
    try {
      await addAccounts(app);
      const login = async (turn: number, password: string) => {
        const headers = { "x-forwarded-for": `198.51.${turn >> 8}.${turn & 255}` };
        return (
          await callApp(app, "/api/login", { method: "POST", authorization: basic("ana", password), headers })
        ).status;
      };
      const turns = Array.from({ length: 104 }, (_, turn) => turn);
      const statuses = await Promise.all(turns.map((turn) => login(turn, `wrong ${turn}`)));
      expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
      expect(new Set(statuses)).toEqual(new Set([401, 429]));
      expect(await login(300, "viewerpass")).toBe(429);
    } finally {
      await app.close();
    }
  }, 60_000);
});
