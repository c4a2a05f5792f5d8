import { describe, expect, test } from "bun:test";
import { type Client, type ClientOptions, createClientIn } from "../client.ts";
import { systemEnvironment } from "../environment.ts";
import { isMultitapError } from "../errors.ts";
import { failureOf } from "../testing/failure-of.ts";
import { until } from "../testing/manual-environment.ts";
import { type ServedTestServer, serveTestServer } from "../testing/serve.ts";
import { TestFailure } from "../testing/test-server.ts";
import { type RealtimeTransport, webSocketRealtime } from "./web-socket-realtime.ts";

/** The machine's own time, but every random pause is the shortest. */
const impatient = { ...systemEnvironment, random: () => 0 };

/** The two ways to the same events; what a refused handshake says is lost in a websocket. */
const transports: readonly (readonly [string, RealtimeTransport | undefined, string, readonly string[]])[] = [
  ["server-sent events", undefined, "/trpc/events", ["upstream", "unavailable", "protocol"]],
  ["a websocket", webSocketRealtime(), "/ws/events", ["network", "network", "network"]],
];

/** Waits until the client is connected, and the server would tell it what happens now. */
async function untilOnline(client: Client, { server }: ServedTestServer): Promise<void> {
  await until(
    () => client.connection.state.status === "online" && server.log.followers > 0,
    "the connection",
  );
}

describe.each(transports)("events over %s", (_name, realtime, eventPath, refusedKinds) => {
  const connect = (url: string, options: Partial<ClientOptions> = {}) =>
    createClientIn(impatient, { url, auth: "token", realtime, ...options });
  const eventPaths = (requests: readonly { readonly path: string }[]) =>
    requests.filter(({ path }) => path === eventPath);

  test("reach every stream of the client over one connection", async () => {
    await using served = await serveTestServer();
    const client = connect(served.url);
    const heard: string[] = [];
    client.events(["scan"]).subscribe((event) => heard.push(`a ${event.id}`));
    client.events(["scan", "library"]).subscribe((event) => heard.push(`b ${event.id}`));
    await untilOnline(client, served);
    served.server.log.raise("scan", {});
    served.server.log.raise("library", {});
    await until(() => heard.length === 3);
    expect(heard.sort()).toEqual(["a 1", "b 1", "b 2"]);
    const opened = eventPaths(served.server.requests);
    expect(opened).toHaveLength(1);
    expect(JSON.parse(served.server.requests[0]?.search.get("input") ?? "")).toEqual({
      topics: ["scan", "library"],
      lastEventId: null,
    });
    expect(served.server.requests[0]?.headers.get("authorization")).toBe("Bearer token");
    expect(served.server.requests[0]?.search.has("connectionParams")).toBe(false);
    await client.close();
  });

  test("are neither lost nor repeated over cuts at any moment", async () => {
    await using served = await serveTestServer();
    const client = connect(served.proxy.url);
    const heard: string[] = [];
    const stream = client.events(["library"]);
    const ended = (async () => {
      for await (const event of stream) heard.push(event.topic === "gap" ? `gap ${event.reason}` : event.id);
    })();
    await untilOnline(client, served);
    let cuts = 0;
    // Falls anywhere: between events, and in the middle of one.
    served.proxy.onCut = () => {
      cuts += 1;
      if (cuts < 12) served.proxy.cutAfterBytes = 400 + cuts * 37;
    };
    served.proxy.cutAfterBytes = 300;
    for (let id = 1; id <= 200; id++) {
      served.server.log.raise("library", { change: "created", entity: "rom", ids: [id] });
      if (id % 10 === 0) await Bun.sleep(2);
    }
    await until(() => heard.length >= 200, "all events");
    expect(cuts).toBeGreaterThanOrEqual(5);
    expect(heard).toEqual(Array.from({ length: 200 }, (_, index) => String(index + 1)));
    expect(stream.lastEventId).toBe("200");
    await client.close();
    await ended;
  });

  test("that happened while the app was away are given first, or a gap stands for them", async () => {
    await using served = await serveTestServer();
    for (let count = 0; count < 10; count++) served.server.log.raise("library", {});
    const heard: string[] = [];
    for (const [oldest, resumeFrom] of [
      [0, "8"],
      [9, "3"],
    ] as const) {
      served.server.log.oldest = oldest;
      const client = connect(served.url);
      let count = 0;
      for await (const event of client.events(["library"], { resumeFrom })) {
        heard.push(`${event.topic} ${event.id}`);
        count += 1;
        if (count === 2) break;
      }
      await client.close();
    }
    expect(heard).toEqual(["library 9", "library 10", "gap 9", "library 10"]);
  });

  test("leave a gap when the server never told a position", async () => {
    await using served = await serveTestServer({ hasMarks: false });
    const client = connect(served.proxy.url);
    const heard: string[] = [];
    client
      .events(["library"])
      .subscribe((event) => heard.push(event.topic === "gap" ? event.reason : event.id));
    await untilOnline(client, served);
    served.proxy.cutAll();
    await until(() => heard.length === 1);
    await untilOnline(client, served);
    served.server.log.raise("library", {});
    await until(() => heard.length === 2);
    expect(heard).toEqual(["restarted", "1"]);
    await client.close();
  });

  test("need a sign-in when the server refuses, and come after it", async () => {
    await using served = await serveTestServer();
    served.server.tokens = new Set();
    const client = connect(served.url, { auth: undefined });
    const heard: string[] = [];
    client.events(["library"]).subscribe((event) => heard.push(event.id));
    await until(() => client.connection.state.status === "needs_auth");
    const { state } = client.connection;
    expect(state.status === "needs_auth" && state.error.kind).toBe("unauthenticated");
    await client.auth.signInWithPassword({ username: "ana", password: "right", scopes: ["roms.read"] });
    await untilOnline(client, served);
    served.server.log.raise("library", {});
    await until(() => heard.length === 1);
    await client.close();
  });

  test("are resumed with a fresh token", async () => {
    await using served = await serveTestServer();
    let token = 0;
    const client = connect(served.proxy.url, { auth: () => `token-${++token}` });
    client.events(["library"]).subscribe(() => undefined);
    await untilOnline(client, served);
    served.proxy.cutAll();
    await until(() => eventPaths(served.server.requests).length === 2);
    const headers = served.server.requests.map(({ headers }) => headers.get("authorization"));
    expect(headers).toEqual(["Bearer token-1", "Bearer token-2"]);
    await client.close();
  });

  test("end with the error of a server that forbids them", async () => {
    await using served = await serveTestServer();
    served.server.beforeCall = () => {
      throw new TestFailure("forbidden", "AUTH_SCOPE_MISSING", { details: { scope: "tasks.run" } });
    };
    const client = connect(served.url);
    const error = await failureOf(client.events(["tasks"])[Symbol.asyncIterator]().next());
    expect([error.kind, error.code, error.details]).toEqual([
      "forbidden",
      "AUTH_SCOPE_MISSING",
      { scope: "tasks.run" },
    ]);
    expect(client.connection.state.status).toBe("idle");
    await client.close();
  });

  test("wait for a server that starts, or a proxy without one", async () => {
    await using served = await serveTestServer();
    const answers = [
      () => new Response("<html>", { status: 502, headers: { "content-type": "text/html" } }),
      () => Response.json({ detail: "starting" }, { status: 503, headers: { "retry-after": "0" } }),
      () => new Response("<html>", { headers: { "content-type": "text/html" } }),
    ];
    served.server.intercept = () => answers.shift()?.();
    const client = connect(served.url);
    const kinds: string[] = [];
    client.connection.onChange((state) => {
      if (state.status === "offline") kinds.push(state.error.kind);
    });
    client.events(["library"]).subscribe(() => undefined);
    await untilOnline(client, served);
    expect(kinds).toEqual([...refusedKinds]);
    await client.close();
  });

  test("ask for another sign-in when the token is revoked in the middle", async () => {
    await using served = await serveTestServer();
    served.server.tokens = new Set(["token"]);
    const client = connect(served.proxy.url);
    client.events(["library"]).subscribe(() => undefined);
    await untilOnline(client, served);
    served.server.tokens.clear();
    served.proxy.cutAll();
    await until(() => client.connection.state.status === "needs_auth");
    const { state } = client.connection;
    expect(state.status === "needs_auth" && state.error.code).toBe("AUTH_REQUIRED");
    await client.close();
  });

  test("end in order when the client is closed, and the connection with them", async () => {
    await using served = await serveTestServer();
    const client = connect(served.url);
    const ends: unknown[] = [];
    client.events(["library"]).subscribe(
      () => undefined,
      (error) => ends.push(error),
    );
    await untilOnline(client, served);
    await client.close();
    expect(ends).toEqual([null]);
    await until(() => served.server.log.followers === 0, "the server notices");
    const thrown = await client.server().catch((error: unknown) => error);
    expect(isMultitapError(thrown, "aborted")).toBe(true);
  });
});
