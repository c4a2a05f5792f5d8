import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Server as Engine } from "@socket.io/bun-engine";
import { Server as SocketIo } from "socket.io";
import { io, type Socket } from "socket.io-client";
import { parseTrustedProxies } from "../http/public-url.ts";
import type { SocketMount } from "../socket/mount.ts";
import { createDispatcher, type Dispatcher } from "./dispatcher.ts";
import { createLifecycle } from "./lifecycle.ts";
import { createTestApp, type TestApp } from "./testing.ts";

/** A Socket.IO server with its engine, as one endpoint of the shared port. */
function mountSocketIo(path: string): { readonly mount: SocketMount; readonly server: SocketIo } {
  const server = new SocketIo();
  const engine = new Engine({ path: `${path}/`, maxHttpBufferSize: 16 * 1024 * 1024 });
  server.bind(engine);
  const clients = new WeakSet<object>();
  const mount: SocketMount = {
    paths: [path],
    async handle(request, bunServer) {
      return await engine.handleRequest(request, {
        ...bunServer,
        upgrade: (asked: Request, options: { data: { transport: object } }) => {
          clients.add(options.data.transport);
          return bunServer.upgrade(asked, options as never);
        },
      } as never);
    },
    owns: (data) =>
      typeof data === "object" &&
      data !== null &&
      "transport" in data &&
      clients.has(data.transport as object),
    handlers: {
      open: (socket) => engine.onWebSocketOpen(socket as never),
      message: (socket, message) => engine.onWebSocketMessage(socket as never, message as never),
      close: (socket, code, reason) => engine.onWebSocketClose(socket as never, code, reason),
    },
  };
  return { mount, server };
}

let app: TestApp;
let dispatcher: Dispatcher;
let port: Bun.Server<object>;
const main = mountSocketIo("/ws/socket.io");
const netplay = mountSocketIo("/netplay/socket.io");

beforeAll(async () => {
  app = await createTestApp();
  const lifecycle = createLifecycle();
  lifecycle.enter({ name: "serving" });
  const trustedProxies = parseTrustedProxies(["none"]);
  if (trustedProxies === null) throw new RangeError("no proxies");
  dispatcher = createDispatcher({
    lifecycle,
    onFailure: () => undefined,
    host: "127.0.0.1",
    corsOrigins: "*",
    trustedProxies,
    urlPrefix: "",
  });
  dispatcher.attach({
    ports: app.ports,
    facts: app.facts,
    cache: null,
    zips: { keep: () => Promise.resolve(null), sweep: () => Promise.resolve(), close: () => undefined },
    healthChecks: [],
    socketMounts: [main.mount, netplay.mount],
  });
  port = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    maxRequestBodySize: 64 * 1024 * 1024,
    fetch: async (request, server) => (await dispatcher.fetch(request, server)) as Response,
    websocket: dispatcher.websocket,
  });
  for (const [name, { server }] of Object.entries({ main, netplay })) {
    server.on("connection", (socket) => {
      socket.on("echo", (data, answer) => answer(name, data));
    });
  }
});

afterAll(async () => {
  await port.stop(true);
  await app.close();
});

async function connect(path: string, transports: readonly string[]): Promise<Socket> {
  const socket = io(`http://127.0.0.1:${port.port}`, {
    path,
    transports: [...transports],
    forceNew: true,
    reconnection: false,
  });
  await new Promise<void>((resolve, reject) => {
    socket.on("connect", resolve);
    socket.on("connect_error", reject);
  });
  return socket;
}

describe("the one-port dispatcher", () => {
  test.each([
    ["/ws/socket.io/", ["websocket"], "main"],
    ["/ws/socket.io", ["polling"], "main"],
    ["/netplay/socket.io/", ["websocket"], "netplay"],
    ["/netplay/socket.io/", ["polling", "websocket"], "netplay"],
  ] as const)("lets an unmodified Socket.IO client in at %s by %p", async (path, transports, expected) => {
    const socket = await connect(path, transports);
    const bytes = new Uint8Array(300_000).fill(7);
    const [name, echoed] = await socket
      .emitWithAck("echo", Buffer.from(bytes))
      .then((first) => [first, null]);
    expect(name).toBe(expected);
    expect(echoed).toBeNull();
    if (transports.length > 1) {
      // Polling first, then the upgrade to a websocket.
      for (let tries = 0; tries < 100 && socket.io.engine.transport.name !== "websocket"; tries += 1)
        await Bun.sleep(10);
      expect(socket.io.engine.transport.name).toBe("websocket");
    }
    socket.close();
  });

  test("answers HTTP beside sockets on the same port", async () => {
    const socket = await connect("/ws/socket.io/", ["websocket"]);
    const response = await fetch(`http://127.0.0.1:${port.port}/api/heartbeat`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ SYSTEM: { VERSION: "5.2.0" } });
    socket.close();
  });

  test("keeps the body limit of the port, which the engine's own handler object would shrink to 1 MB", async () => {
    const response = await fetch(`http://127.0.0.1:${port.port}/api/token`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: `username=${"x".repeat(2_000_000)}`,
    });
    expect(response.status).not.toBe(413);
    const engineObject = new Engine({ path: "/x/" }).handler();
    expect(engineObject.maxRequestBodySize).toBeLessThanOrEqual(1_000_000);
  });
});
