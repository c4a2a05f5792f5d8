import { describe, expect, test } from "bun:test";
import { type ClientOptions, createClientIn } from "../client.ts";
import type { ClientEvent } from "../options.ts";
import { failureOf } from "../testing/failure-of.ts";
import { makeRom } from "../testing/fixtures.ts";
import { createManualEnvironment, settle } from "../testing/manual-environment.ts";
import { createTestServer } from "../testing/test-server.ts";
import { memoryCredentials, sessionCookie } from "./memory-credentials.ts";
import type { CredentialStore } from "./types.ts";

const TOKEN = `rmm_${"ab".repeat(32)}`;
const STARTED = {
  deviceCode: "d".repeat(64),
  userCode: "RN7WHEJ6",
  verificationPath: "/pair/device",
  verificationPathComplete: "/pair/device?user_code=RN7WHEJ6",
  expiresInSeconds: 600,
  intervalSeconds: 5,
};
const GRANT = { accessToken: TOKEN, deviceId: "device-1", scopes: ["roms.read"], expiresAt: null };

/** What the server says to one question. */
type Reply = "pending" | "slow_down" | "denied" | "expired" | "granted" | "limit" | "cut" | "html" | "hangs";

const KINDS = {
  pending: ["conflict", "DEVICE_FLOW_PENDING", 409, null],
  slow_down: ["rate_limited", "DEVICE_FLOW_SLOW_DOWN", 429, 5_000],
  denied: ["forbidden", "DEVICE_FLOW_DENIED", 403, null],
  expired: ["not_found", "DEVICE_FLOW_EXPIRED", 404, null],
  limit: ["rate_limited", "DEVICE_FLOW_LIMIT", 429, 30_000],
} as const;

function failure(reply: keyof typeof KINDS): Response {
  const [kind, code, status, retryAfterMs] = KINDS[reply];
  const data = { kind, code, details: null, retryAfterMs, requestId: "r", httpStatus: status };
  return Response.json({ error: { message: reply, code: -32000, data } }, { status });
}

const ok = (data: unknown) => Response.json({ result: { data } });

function setUp(replies: Reply[], options: Partial<ClientOptions> = {}) {
  const server = createTestServer();
  server.tokens = new Set([TOKEN]);
  server.roms.push(makeRom(1));
  const environment = createManualEnvironment();
  const startMs = environment.now();
  const polledAt: number[] = [];
  const keys = new Set<string | null>();
  const inputs: unknown[] = [];
  const events: ClientEvent[] = [];
  const answer = (reply: Reply): Response | Promise<Response> => {
    if (reply === "cut") throw new TypeError("connection reset");
    if (reply === "hangs") return new Promise(() => undefined);
    if (reply === "granted") return ok(GRANT);
    if (reply === "html") {
      return new Response("<h1>Bad gateway</h1>", { status: 404, headers: { "content-type": "text/html" } });
    }
    return failure(reply);
  };
  server.intercept = async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/trpc/deviceFlow.start") {
      inputs.push(await request.json());
      return ok(STARTED);
    }
    if (pathname !== "/trpc/deviceFlow.poll") return undefined;
    polledAt.push(Math.round((environment.now() - startMs) / 1000));
    keys.add(request.headers.get("idempotency-key"));
    expect(await request.json()).toEqual({ deviceCode: STARTED.deviceCode });
    expect(request.headers.has("authorization")).toBe(false);
    return await answer(replies.shift() ?? "pending");
  };
  const store = memoryCredentials();
  const client = createClientIn(environment, {
    url: "http://nas.local:8080/games/",
    fetch: (url, init) => server.fetch(url.replace("/games", ""), init),
    auth: store,
    app: { name: "shelf", version: "2.1.0" },
    onEvent: (event) => events.push(event),
    ...options,
  });
  const start = () =>
    client.auth.startDeviceFlow({ deviceIdentifier: "deck-1", deviceName: "Deck", scopes: ["roms.read"] });
  return { server, environment, client, store, start, polledAt, keys, inputs, events };
}

describe("startDeviceFlow", () => {
  test("says what the user has to do, below the server's own path", async () => {
    const { start, inputs, client } = setUp([]);
    const { approved, ...flow } = await start();
    expect(flow).toEqual({
      userCode: "RN7WHEJ6",
      verificationUrl: "http://nas.local:8080/games/pair/device",
      verificationUrlComplete: "http://nas.local:8080/games/pair/device?user_code=RN7WHEJ6",
      expiresAt: "2030-01-01T00:10:00.000Z",
    });
    expect(approved).toBeFunction();
    expect(inputs).toEqual([
      {
        clientDeviceIdentifier: "deck-1",
        name: "Deck",
        client: "shelf",
        clientVersion: "2.1.0",
        platform: null,
        requestedScopes: ["roms.read"],
      },
    ]);
    expect(client.auth.state.status).toBe("anonymous");
  });

  test("names an app that does not name itself, and cuts what the server would refuse", async () => {
    const nameless = setUp([], { app: undefined });
    await nameless.start();
    expect(nameless.inputs).toMatchObject([{ client: "multitap-client", clientVersion: null }]);
    const long = setUp([], { app: { name: "x".repeat(80), version: "1" } });
    await long.start();
    expect(long.inputs).toMatchObject([{ client: "x".repeat(50) }]);
  });

  test("is refused by a client that was given its proof, before anything is sent", async () => {
    for (const auth of ["token", () => "token", sessionCookie()]) {
      const { start, server } = setUp([], { auth });
      expect((await failureOf(start())).code).toBe("AUTH_FIXED");
      expect(server.requests).toEqual([]);
    }
  });
});

describe("approved", () => {
  test("asks at the server's pace, signs in and keeps the credentials", async () => {
    const { start, environment, client, store, polledAt, keys } = setUp(["pending", "pending", "granted"]);
    const flow = await start();
    const waiting = flow.approved();
    await environment.advance(20_000);
    const credentials = await waiting;
    expect(credentials).toEqual({
      accessToken: TOKEN,
      refreshToken: null,
      expiresAt: null,
      scopes: ["roms.read"],
      deviceId: "device-1",
    });
    expect(polledAt).toEqual([5, 10, 15]);
    expect(keys.size).toBe(1);
    expect([...keys][0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(await store.load()).toEqual(credentials);
    expect(client.auth.state).toEqual({ status: "signed_in", scopes: ["roms.read"], deviceId: "device-1" });
    expect((await client.roms.get(1)).id).toBe(1);
  });

  test("slows down by five seconds each time it is told to, for good", async () => {
    const { start, environment, polledAt } = setUp(["slow_down", "slow_down", "pending", "granted"]);
    const waiting = (await start()).approved();
    await environment.advance(120_000);
    await waiting;
    expect(polledAt).toEqual([5, 15, 30, 45]);
  });

  test("waits for as long as a limit says", async () => {
    const { start, environment, polledAt } = setUp(["limit", "granted"]);
    const waiting = (await start()).approved();
    await environment.advance(60_000);
    await waiting;
    expect(polledAt).toEqual([5, 35]);
  });

  test("outlives lost connections, proxies and silence, and tells of them", async () => {
    const { start, environment, polledAt, events } = setUp(["cut", "html", "hangs", "granted"]);
    const waiting = (await start()).approved();
    await environment.advance(120_000);
    expect((await waiting).accessToken).toBe(TOKEN);
    // Silence ends after 30 seconds.
    expect(polledAt).toEqual([5, 10, 15, 50]);
    expect(events.map(({ type, error }) => [type, error.kind])).toEqual([
      ["failure", "network"],
      ["failure", "protocol"],
      ["failure", "timeout"],
    ]);
  });

  test.each([
    ["denied", "forbidden", "DEVICE_FLOW_DENIED"],
    ["expired", "not_found", "DEVICE_FLOW_EXPIRED"],
  ] as const)("ends with a typed error when it was %s", async (reply, kind, code) => {
    const { start, environment, client, store } = setUp(["pending", reply]);
    const failed = failureOf((await start()).approved());
    await environment.advance(20_000);
    const error = await failed;
    expect([error.kind, error.code, error.operation]).toEqual([kind, code, "auth.startDeviceFlow.approved"]);
    expect(client.auth.state.status).toBe("anonymous");
    expect(await store.load()).toBeNull();
  });

  test("ends when the time is over, also when the server cannot be reached", async () => {
    const { start, environment, server } = setUp([]);
    const flow = await start();
    server.intercept = () => {
      throw new TypeError("down");
    };
    const failed = failureOf(flow.approved());
    await environment.advance(601_000);
    const error = await failed;
    expect([error.kind, error.code]).toEqual(["not_found", "DEVICE_FLOW_EXPIRED"]);
    expect(environment.pending()).toEqual([]);
  });

  test("can be aborted, and goes on when it is called again", async () => {
    const { start, environment, polledAt } = setUp(["pending", "granted"]);
    const flow = await start();
    const controller = new AbortController();
    const failed = failureOf(flow.approved({ signal: controller.signal }));
    await environment.advance(7_000);
    controller.abort("enough");
    const error = await failed;
    expect([error.kind, error.name, error.cause]).toEqual(["aborted", "AbortError", "enough"]);
    const again = flow.approved();
    await environment.advance(10_000);
    expect((await again).accessToken).toBe(TOKEN);
    expect(polledAt).toEqual([5, 10]);
  });

  test("does not lose the token when it is aborted while the answer is on its way", async () => {
    const { start, environment, server, polledAt } = setUp([]);
    const flow = await start();
    const { promise, resolve } = Promise.withResolvers<Response>();
    server.intercept = () => {
      polledAt.push(0);
      return promise;
    };
    const controller = new AbortController();
    const failed = failureOf(flow.approved({ signal: controller.signal }));
    await environment.advance(5_000);
    controller.abort();
    expect((await failed).kind).toBe("aborted");
    resolve(ok(GRANT));
    await settle();
    expect((await flow.approved()).accessToken).toBe(TOKEN);
    expect(polledAt).toHaveLength(1);
  });

  test("asks once for several who wait", async () => {
    const { start, environment, polledAt } = setUp(["pending", "granted"]);
    const flow = await start();
    const waiting = Promise.all([flow.approved(), flow.approved()]);
    await environment.advance(20_000);
    const [first, second] = await waiting;
    expect(second).toEqual(first);
    expect(polledAt).toEqual([5, 10]);
  });

  test("ends with the client", async () => {
    const { start, client } = setUp([]);
    const failed = failureOf((await start()).approved());
    await client.close();
    expect((await failed).code).toBe("CLIENT_CLOSED");
  });

  test("tries the store again when it failed, without asking the server", async () => {
    let isFull = true;
    const kept = memoryCredentials();
    const auth: CredentialStore = {
      ...kept,
      save: async (credentials) => {
        if (isFull) throw new RangeError("disk full");
        await kept.save(credentials);
      },
    };
    const { start, environment, polledAt } = setUp(["granted"], { auth });
    const flow = await start();
    const failed = failureOf(flow.approved());
    await environment.advance(5_000);
    expect((await failed).kind).toBe("storage");
    isFull = false;
    expect((await flow.approved()).accessToken).toBe(TOKEN);
    expect(polledAt).toHaveLength(1);
    expect((await kept.load())?.accessToken).toBe(TOKEN);
  });
});

describe("signInWithPairingCode", () => {
  const NEW_TOKEN = {
    id: 1,
    userId: 2,
    name: "handheld",
    scopes: ["roms.read"],
    expiresAt: "2030-02-01T00:00:00.000Z",
    lastUsedAt: null,
    deviceId: null,
    createdAt: "2030-01-01T00:00:00.000Z",
    rawToken: TOKEN,
  };

  test("signs in and keeps the credentials, and repeats a lost call under the same key", async () => {
    const { client, server, store, environment } = setUp([]);
    const seen: [unknown, string | null][] = [];
    server.intercept = async (request) => {
      if (!request.url.endsWith("/trpc/clientTokens.exchange")) return undefined;
      seen.push([await request.json(), request.headers.get("idempotency-key")]);
      if (seen.length === 1) throw new TypeError("the answer was lost");
      return ok(NEW_TOKEN);
    };
    const signingIn = client.auth.signInWithPairingCode("h26q-kdth");
    await environment.advance(10_000);
    const credentials = await signingIn;
    expect(credentials).toEqual({
      accessToken: TOKEN,
      refreshToken: null,
      expiresAt: "2030-02-01T00:00:00.000Z",
      scopes: ["roms.read"],
      deviceId: null,
    });
    expect(seen).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0] as never);
    expect(seen[0]?.[0]).toEqual({ code: "h26q-kdth" });
    expect(await store.load()).toEqual(credentials);
    expect(client.auth.state.status).toBe("signed_in");
    expect((await client.roms.get(1)).id).toBe(1);
  });

  test("is refused with the server's words and code, which hold no secret", async () => {
    const { client, server } = setUp([]);
    server.intercept = () => {
      const data = { kind: "not_found", code: "PAIRING_CODE_INVALID", details: null, httpStatus: 404 };
      return Response.json({ error: { message: "Invalid or expired pairing code", data } }, { status: 404 });
    };
    const error = await failureOf(client.auth.signInWithPairingCode("H26QKDTH"));
    expect([error.kind, error.code, error.operation]).toEqual([
      "not_found",
      "PAIRING_CODE_INVALID",
      "auth.signInWithPairingCode",
    ]);
    expect(JSON.stringify(error)).not.toContain("H26QKDTH");
    expect(client.auth.state.status).toBe("anonymous");
  });

  test("takes no answer that is not the server's", async () => {
    for (const answer of ["null", "{}", '"x"', "<html>"]) {
      const { client, server } = setUp([]);
      server.intercept = () => new Response(answer, { headers: { "content-type": "text/html" } });
      expect((await failureOf(client.auth.signInWithPairingCode("H26QKDTH"))).kind).toBe("protocol");
    }
  });

  test("is refused by a client that was given its proof, before the code is used up", async () => {
    for (const auth of ["token", () => "token", sessionCookie()]) {
      const { client, server } = setUp([], { auth });
      expect((await failureOf(client.auth.signInWithPairingCode("H26QKDTH"))).code).toBe("AUTH_FIXED");
      expect(server.requests).toEqual([]);
    }
  });
});
