import { describe, expect, test } from "bun:test";
import { type ClientOptions, createClientIn } from "./client.ts";
import { isMultitapError } from "./errors.ts";
import type { ClientEvent } from "./options.ts";
import { failureOf } from "./testing/failure-of.ts";
import { makeRom } from "./testing/fixtures.ts";
import { createManualEnvironment, settle, until } from "./testing/manual-environment.ts";
import { createTestServer, TestFailure, type TestServer } from "./testing/test-server.ts";

function setUp(options: Partial<ClientOptions> = {}) {
  const server = createTestServer();
  server.roms.push(...Array.from({ length: 5 }, (_, index) => makeRom(index + 1)));
  const environment = createManualEnvironment();
  const events: ClientEvent[] = [];
  const client = createClientIn(environment, {
    url: "http://nas.local:8080/",
    fetch: server.fetch,
    auth: "fixed-token",
    onEvent: (event) => events.push(event),
    ...options,
  });
  return { server, environment, client, events };
}

/** Fails the first `times` requests to the tRPC door in the given way. */
function failTrpc(server: TestServer, times: number, answer: () => Response | never): void {
  let left = times;
  server.intercept = (request) => {
    if (!new URL(request.url).pathname.startsWith("/trpc/") || left === 0) return undefined;
    left -= 1;
    return answer();
  };
}

const refuse = (): never => {
  throw new TypeError("connection refused");
};

describe("a call", () => {
  test("carries revision, app and token, and gives the answer", async () => {
    const { client, server } = setUp({ app: { name: "Shelf", version: "2.1.0" } });
    const rom = await client.roms.get(2);
    expect(rom.name).toBe("Rom 2");
    const headers = server.requests[0]?.headers;
    expect(headers?.get("x-multitap-api")).toBe("1");
    expect(headers?.get("x-multitap-app")).toBe("Shelf/2.1.0");
    expect(headers?.get("authorization")).toBe("Bearer fixed-token");
  });

  test("shares one request with other reads of the same moment", async () => {
    const { client, server } = setUp();
    const [one, two] = await Promise.all([client.roms.get(1), client.roms.get(2)]);
    expect([one.id, two.id]).toEqual([1, 2]);
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /trpc/roms.get,roms.get",
    ]);
  });

  test("fails alone when another read of its request succeeds", async () => {
    const { client } = setUp();
    const [one, two] = await Promise.allSettled([client.roms.get(1), client.roms.get(99)]);
    expect(one.status).toBe("fulfilled");
    expect(two.status).toBe("rejected");
  });

  test("sends an input too long for a URL in the body", async () => {
    const { client, server } = setUp();
    const page = await client.roms.list({ search: "ü".repeat(390), limit: 2 });
    expect(page.items).toHaveLength(2);
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /trpc/roms.list"]);
  });

  test("gives kind, code, details, status and request id of a refusal", async () => {
    const { client, server } = setUp();
    server.beforeCall = () => {
      throw new TestFailure("forbidden", "AUTH_SCOPE_MISSING", { details: { scope: "roms.read" } });
    };
    const error = await failureOf(client.roms.list());
    expect(error.toJSON()).toEqual({
      name: "MultitapError",
      message: "forbidden: AUTH_SCOPE_MISSING",
      kind: "forbidden",
      code: "AUTH_SCOPE_MISSING",
      details: { scope: "roms.read" },
      status: 403,
      operation: "roms.list",
      requestId: "req-1",
      attempts: 1,
      retryAfterMs: null,
    });
  });

  test("does not repeat the refused input in the error", async () => {
    const { client, server } = setUp();
    server.beforeCall = () => {
      const issues = [{ path: ["name"], message: "too short", input: "hunter2" }];
      throw new TestFailure("invalid", "INPUT_INVALID", { details: { issues } });
    };
    const error = await failureOf(client.clientTokens.create({ name: "", scopes: ["me.read"] }));
    expect(error.details).toEqual({ issues: [{ path: ["name"], message: "too short" }] });
  });
});

describe("retries", () => {
  test("repeat a lost read after random delays under a growing ceiling", async () => {
    const { client, server, environment, events } = setUp();
    failTrpc(server, 3, refuse);
    const pending = client.roms.get(1);
    await until(() => events.length === 1, "the first failure");
    await environment.advance(125);
    await until(() => events.length === 2, "the second failure");
    await environment.advance(250);
    await until(() => events.length === 3, "the third failure");
    await environment.advance(500);
    expect((await pending).id).toBe(1);
    const retries = events.flatMap((event) => (event.type === "retry" ? [event] : []));
    expect(retries.map(({ attempt, delayMs }) => [attempt, delayMs])).toEqual([
      [1, 125],
      [2, 250],
      [3, 500],
    ]);
  });

  test("end after four tries with the number of tries in the error", async () => {
    const { client, server, environment, events } = setUp();
    environment.dice = 0;
    failTrpc(server, 9, refuse);
    const failed = failureOf(client.roms.get(1));
    while (events.length < 3) await environment.advance(0);
    await environment.advance(0);
    const error = await failed;
    expect([error.kind, error.attempts, error.operation]).toEqual(["network", 4, "roms.get"]);
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  test("wait as long as the server asks for", async () => {
    const { client, server, environment, events } = setUp();
    let isFirst = true;
    server.beforeCall = () => {
      if (!isFirst) return;
      isFirst = false;
      throw new TestFailure("rate_limited", "RATE_LIMITED", { retryAfterMs: 7_000 });
    };
    const pending = client.roms.get(1);
    await until(() => events.length === 1);
    expect(events[0]).toMatchObject({ type: "retry", delayMs: 7_000 });
    await environment.advance(7_000);
    expect((await pending).id).toBe(1);
  });

  test("do not wait longer than the caller allows", async () => {
    const { client, server, events } = setUp();
    server.beforeCall = () => {
      throw new TestFailure("rate_limited", "RATE_LIMITED", { retryAfterMs: 61_000 });
    };
    const error = await failureOf(client.roms.get(1));
    expect([error.kind, error.retryAfterMs, error.attempts]).toEqual(["rate_limited", 61_000, 1]);
    expect(events).toEqual([]);
  });

  test("keep the idempotency key of a write whose answer was lost", async () => {
    const { client, server, environment, events } = setUp();
    let lost = 2;
    server.intercept = async (request) => {
      if (lost === 0) return undefined;
      lost -= 1;
      // The write arrives, its answer does not.
      return request.method === "POST" ? refuse() : undefined;
    };
    environment.dice = 0;
    const pending = client.scan.start();
    while (events.length < 2) await environment.advance(0);
    await environment.advance(0);
    await pending;
    const keys = server.requests.map(({ headers }) => headers.get("idempotency-key"));
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test("use a new key for each write, or the caller's own", async () => {
    const { client, server } = setUp();
    await client.scan.start();
    await client.scan.start();
    await client.scan.start({}, { idempotencyKey: "mine" });
    const keys = server.requests.map(({ headers }) => headers.get("idempotency-key"));
    expect(new Set(keys).size).toBe(3);
    expect(keys[2]).toBe("mine");
  });

  test.each(["invalid", "forbidden", "not_found", "internal"])("never follow %s", async (kind) => {
    const { client, server } = setUp();
    server.beforeCall = () => {
      throw new TestFailure(kind, "SOME_CODE");
    };
    const error = await failureOf(client.roms.get(1));
    expect([error.kind, error.attempts]).toEqual([kind, 1]);
    expect(server.requests).toHaveLength(1);
  });

  test("can be turned off", async () => {
    const { client, server } = setUp({ retry: false });
    failTrpc(server, 1, refuse);
    const error = await failureOf(client.roms.get(1));
    expect(error.attempts).toBe(1);
  });
});

describe("answers that are not ours", () => {
  const html =
    (status: number, headers: Record<string, string> = {}) =>
    () =>
      new Response("<html>Bad gateway</html>", {
        status,
        headers: { "content-type": "text/html", ...headers },
      });

  test("are protocol errors, whatever their status", async () => {
    for (const status of [200, 403, 404, 500]) {
      const { client, server } = setUp();
      failTrpc(server, 9, html(status));
      const error = await failureOf(client.roms.get(1));
      expect([error.kind, error.code, error.attempts]).toEqual(["protocol", "ANSWER_NOT_OURS", 1]);
      expect(error.details).toEqual({ contentType: "text/html" });
    }
  });

  test("of a proxy whose server restarts are tried again", async () => {
    const { client, server, environment, events } = setUp();
    failTrpc(server, 1, html(502, { "retry-after": "2" }));
    const pending = client.roms.get(1);
    await until(() => events.length === 1);
    expect(events[0]).toMatchObject({ delayMs: 2_000, error: { kind: "upstream", status: 502 } });
    await environment.advance(2_000);
    expect((await pending).id).toBe(1);
  });

  test("are protocol errors when they only claim to be JSON", async () => {
    const { client, server } = setUp();
    failTrpc(server, 9, () => new Response("{", { headers: { "content-type": "application/json" } }));
    expect((await failureOf(client.scan.start())).kind).toBe("protocol");
  });

  test("of a server that speaks other revisions are incompatible", async () => {
    for (const [range, code] of [
      ["9;oldest=2", "CLIENT_TOO_OLD"],
      ["0;oldest=0", "SERVER_TOO_OLD"],
    ] as const) {
      const { client, server } = setUp();
      failTrpc(server, 9, () => Response.json({}, { headers: { "x-multitap-api": range } }));
      const error = await failureOf(client.roms.get(1));
      expect([error.kind, error.code, error.attempts]).toEqual(["incompatible", code, 1]);
    }
  });
});

describe("time limits and aborts", () => {
  /** A server that never answers, but notices when it is called off. */
  function setUpSilent(options: Partial<ClientOptions> = {}) {
    const parts = setUp({ retry: false, ...options });
    let calledOff = 0;
    parts.server.intercept = (request) =>
      new Promise((_resolve, reject) => {
        request.signal.addEventListener("abort", () => {
          calledOff += 1;
          reject(request.signal.reason);
        });
      });
    return { ...parts, calledOff: () => calledOff };
  }

  test("end a try that got no answer in time", async () => {
    const { client, environment, calledOff } = setUpSilent();
    const failed = failureOf(client.roms.get(1));
    await settle();
    await environment.advance(29_999);
    expect(calledOff()).toBe(0);
    await environment.advance(1);
    const error = await failed;
    expect([error.kind, error.code, error.details]).toEqual(["timeout", "TIMED_OUT", { timeoutMs: 30_000 }]);
    await until(() => calledOff() === 1, "the request was called off");
  });

  test("follow the limit of the single call", async () => {
    const { client, environment } = setUpSilent({ timeoutMs: 10_000 });
    const failed = failureOf(client.roms.get(1, {}, { timeoutMs: 500 }));
    await settle();
    await environment.advance(500);
    expect((await failed).details).toEqual({ timeoutMs: 500 });
  });

  test("give an abort the name and the reason of its signal", async () => {
    const { client, calledOff } = setUpSilent();
    const controller = new AbortController();
    const failed = failureOf(client.roms.get(1, {}, { signal: controller.signal }));
    await settle();
    const reason = new Error("the user left");
    controller.abort(reason);
    const error = await failed;
    expect([error.kind, error.name, error.operation]).toEqual(["aborted", "AbortError", "roms.get"]);
    expect(error.cause).toBe(reason);
    await until(() => calledOff() === 1, "the request was called off");
  });

  test("send nothing when the signal was aborted before", async () => {
    const { client, server } = setUp();
    const error = await failureOf(client.roms.get(1, {}, { signal: AbortSignal.abort("no") }));
    expect([error.kind, error.cause]).toEqual(["aborted", "no"]);
    expect(server.requests).toEqual([]);
  });

  test("end the pause between two tries", async () => {
    const { client, server, events } = setUp();
    failTrpc(server, 9, refuse);
    const controller = new AbortController();
    const failed = failureOf(client.roms.get(1, {}, { signal: controller.signal }));
    await until(() => events.length === 1);
    controller.abort();
    expect((await failed).kind).toBe("aborted");
  });

  test("leave the other reads of the same request alone", async () => {
    const { client, server } = setUp();
    const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
    server.intercept = () => held;
    const controller = new AbortController();
    const aborted = failureOf(client.roms.get(1, {}, { signal: controller.signal }));
    const other = client.roms.get(2);
    await until(() => server.requests.length === 1);
    controller.abort();
    expect((await aborted).kind).toBe("aborted");
    release(undefined);
    expect((await other).id).toBe(2);
  });

  test("close ends what is under way and refuses what comes after", async () => {
    const { client } = setUpSilent();
    const failed = failureOf(client.roms.get(1));
    await settle();
    await client.close();
    expect((await failed).code).toBe("CLIENT_CLOSED");
    expect((await failureOf(client.roms.get(1))).code).toBe("CLIENT_CLOSED");
    expect(client.connection.state.status).toBe("closed");
  });
});

describe("server and supports", () => {
  test("tell who the server is", async () => {
    const { client } = setUp();
    expect(await client.server()).toEqual({
      version: "0.1.0",
      apiRevision: 1,
      apiRevisionOldest: 1,
      features: ["scan", "events"],
    });
  });

  test("ask once a minute at most", async () => {
    const { client, server, environment } = setUp();
    expect(await client.supports("scan")).toBe(true);
    expect(await client.supports("netplay")).toBe(false);
    expect(server.requests).toHaveLength(1);
    await environment.advance(60_000);
    await client.supports("scan");
    expect(server.requests).toHaveLength(2);
  });

  test("refuse a server of another make, and one of other revisions", async () => {
    const { client, server } = setUp();
    server.heartbeat = { SYSTEM: { VERSION: "5.2.0" } };
    expect((await failureOf(client.server())).code).toBe("NOT_MULTITAP");
    server.heartbeat = {
      SYSTEM: {},
      MULTITAP: { version: "9", apiRevision: 9, apiRevisionOldest: 5, features: [] },
    };
    expect((await failureOf(client.server())).code).toBe("CLIENT_TOO_OLD");
    server.heartbeat = { hello: "world" };
    expect((await failureOf(client.server())).kind).toBe("protocol");
  });
});

describe("fetch", () => {
  test("adds the authorization and hands out any status", async () => {
    const { client, server } = setUp();
    const response = await client.fetch("/api/nothing", { headers: { accept: "text/plain" } });
    expect(response.status).toBe(404);
    expect(server.requests[0]?.headers.get("authorization")).toBe("Bearer fixed-token");
    expect(server.requests[0]?.headers.get("accept")).toBe("text/plain");
  });

  test.each(["//evil.example/x", "https://evil.example/x", "api/x", "@evil.example/"])(
    "keeps the authorization away from %s",
    async (path) => {
      const { client, server } = setUp();
      expect((await failureOf(client.fetch(path))).code).toBe("URL_INVALID");
      expect(server.requests).toEqual([]);
    },
  );

  test("renews a refused sign-in once, unless the body is used up by then", async () => {
    for (const [body, statuses] of [
      ["text", 404],
      [new Response("stream").body, 401],
    ] as const) {
      let calls = 0;
      const { client, server } = setUp({ auth: () => `token-${++calls}` });
      server.intercept = (request) =>
        request.headers.get("authorization") === "Bearer token-1"
          ? Response.json({ detail: "Not authenticated" }, { status: 401 })
          : undefined;
      const init = { method: "POST", body, duplex: "half" };
      expect((await client.fetch("/api/nothing", init)).status).toBe(statuses);
    }
  });

  test("ends the body when its signal aborts", async () => {
    const { client, server } = setUp();
    server.intercept = (request) => {
      const body = new ReadableStream({
        start(controller) {
          controller.enqueue(new Uint8Array(3));
          request.signal.addEventListener("abort", () => controller.error(request.signal.reason));
        },
      });
      return new Response(body);
    };
    const controller = new AbortController();
    const response = await client.fetch("/api/x", { signal: controller.signal });
    const text = response.text();
    controller.abort(new Error("enough"));
    expect(await text.catch((error: Error) => error.message)).toBe("enough");
  });
});

describe("createClient", () => {
  test("sends nothing", async () => {
    const { server } = setUp();
    await settle();
    expect(server.requests).toEqual([]);
  });

  test.each(["ftp://nas", "nas.local", "http://ana:secret@nas"])(
    "refuses %s and does not repeat it",
    (url) => {
      try {
        createClientIn(createManualEnvironment(), { url });
        expect.unreachable();
      } catch (error) {
        expect(isMultitapError(error, "invalid")).toBe(true);
        expect(String(error)).not.toContain("secret");
      }
    },
  );
});
