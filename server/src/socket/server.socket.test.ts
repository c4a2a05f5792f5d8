import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { connect as connectTcp, type Socket as TcpSocket } from "node:net";
import { createTestApp, type TestApp } from "../app/testing.ts";
import { AppError } from "../base/errors.ts";
import type { Identity } from "../base/identity.ts";
import { type ClientOptions, openClient, type TestClient } from "./client.testing.ts";
import type { SocketDoor, SocketHub } from "./door.ts";
import { BUDGET_EVENTS, BUFFERED_CLOSE_BYTES, MESSAGE_BYTES_MAX } from "./limits.ts";
import { createSocketSwitch, findMount } from "./mount.ts";
import { openSocketServer, type SocketServer } from "./server.ts";

const SLOW_MS = 30_000;

let app: TestApp;
let server: SocketServer;
let port: Bun.Server<object>;
let hub: SocketHub;
const clients: TestClient[] = [];
/** Who each token speaks for by now. */
const accounts = new Map<string, number>();

const userOf = (userId: number): Identity => ({
  kind: "user",
  userId,
  username: `user${userId}`,
  isAdmin: false,
  scopes: new Set(["me.read", ...(userId === 1 ? (["logs.read"] as const) : [])]),
  proof: "access_token",
  deviceId: null,
  sessionId: null,
});

const who = (token: string | null): Identity => {
  const userId = accounts.get(token ?? "");
  return userId === undefined ? { kind: "anonymous" } : userOf(userId);
};

let greeted: string[] = [];
/** What the server said went wrong. */
let reported: string[] = [];

/** Says what it is told, so that tests see what the kit makes of it. */
const door: SocketDoor = {
  topics: ["permissions"],
  async open(given) {
    hub = given;
    return {
      handlers: {
        echo: async ({ payload }) => [payload],
        whoami: async ({ ctx }) => [ctx.identity.kind === "user" ? ctx.identity.username : ctx.identity.kind],
        slow: async () => {
          await Bun.sleep(20);
          return [];
        },
        break: async () => {
          throw new TypeError("a bug");
        },
      },
      quickHandlers: {
        quick: (peer, payload) => [peer.clientAddress, payload],
        refuse: () => {
          throw new AppError("forbidden", "AUTH_SCOPE_MISSING", { message: "not you" });
        },
        fall: () => {
          throw new TypeError("a bug");
        },
      },
      async onIdentified(peer) {
        greeted.push(peer.identity.kind === "user" ? peer.identity.username : peer.identity.kind);
      },
    };
  },
};

beforeAll(async () => {
  app = await createTestApp();
}, SLOW_MS);
afterAll(() => app.close());

async function open(): Promise<void> {
  server = await openSocketServer({
    paths: ["/s"],
    doors: [door],
    identify: async ({ token }) => ({ identity: who(token), recheck: async () => who(token) }),
    createContext: (call) => ({ ...app.createContext(call.identity), ...call }),
    events: app.ports.events,
    log: { ...app.ports.log, error: (message) => void reported.push(message) },
    sweepMs: 50,
  });
  port = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request, bun) =>
      (await findMount([server.mount], new URL(request.url).pathname)?.handle(request, bun, {
        clientAddress: "192.0.2.1",
        baseUrl: "http://nas",
      })) ?? new Response(null, { status: 404 }),
    websocket: createSocketSwitch(() => [server.mount]),
  });
}

async function connect(options: ClientOptions = {}): Promise<TestClient> {
  const client = await openClient(port.url.origin, { path: "/s/", ...options });
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  accounts.clear();
  greeted = [];
  reported = [];
  await server.close();
  await port.stop(true);
});

describe("an acknowledgement", () => {
  test("comes for whatever asked for one, and the first argument alone counts", async () => {
    await open();
    const client = await connect();
    expect(await client.ask("echo", { a: 1 }, "too much")).toEqual([{ a: 1 }]);
    expect(await client.ask("echo")).toEqual([null]);
    for (const name of ["unknown", "constructor", "__proto__", "error", "x".repeat(1_000)]) {
      expect([name, await client.ask(name)]).toEqual([name, ["Unknown event"]]);
    }
    expect(await client.ask("echo", ...Array.from({ length: 20 }, () => 1))).toEqual(["Unknown event"]);
  });

  test("of events beyond the budget says so", async () => {
    await open();
    const client = await connect();
    const answers: (readonly unknown[])[] = [];
    for (let sent = 0; sent < BUDGET_EVENTS + 5; sent += 1) answers.push(await client.ask("echo", sent));
    expect(answers.slice(0, BUDGET_EVENTS)).toEqual(
      Array.from({ length: BUDGET_EVENTS }, (_, index) => [index]),
    );
    expect(answers.at(-1)).toEqual(["Too many events"]);
  });

  test("of a handler that broke says nothing of the bug, which is reported", async () => {
    await open();
    const client = await connect();
    expect(await client.ask("break")).toEqual(["Internal Server Error"]);
    expect(reported).toEqual(["socket failed"]);
    expect(await client.ask("echo", 1)).toEqual([1]);
  });

  test("of a handler that answers at once comes before those that wait, whatever it throws", async () => {
    await open();
    const client = await connect();
    const order: string[] = [];
    const slow = client.ask("slow").then(() => order.push("slow"));
    const quick = client.ask("quick", 1).then((answer) => {
      order.push("quick");
      return answer;
    });
    expect(await quick).toEqual(["192.0.2.1", 1]);
    await slow;
    expect(order).toEqual(["quick", "slow"]);
    expect(await client.ask("refuse")).toEqual(["not you"]);
    expect(reported).toEqual([]);
    expect(await client.ask("fall")).toEqual(["Internal Server Error"]);
    expect(reported).toEqual(["socket failed"]);
  });

  test("comes in order, and at once when too many events wait", async () => {
    await open();
    const client = await connect();
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.ask("slow")));
    expect(answers).toEqual([
      ...Array.from({ length: 16 }, () => []),
      ...Array.from({ length: 4 }, () => ["Too many events"]),
    ]);
  });
});

describe("the caller", () => {
  test("is asked for again with each event, so that an anonymous socket becomes somebody", async () => {
    await open();
    const client = await connect({ auth: { token: "t" } });
    expect(await client.ask("whoami")).toEqual(["anonymous"]);
    accounts.set("t", 2);
    expect(await client.ask("whoami")).toEqual(["user2"]);
    expect(greeted).toEqual(["user2"]);
    hub.sendToRooms(["user:2"], { event: "hello", args: [1] });
    await client.waitFor("hello");
  });

  test("stands in the rooms of the account and of its scopes", async () => {
    await open();
    accounts.set("one", 1);
    accounts.set("two", 2);
    const [one, two, nobody] = [
      await connect({ auth: { token: "one" } }),
      await connect({ auth: { token: "two" }, transports: ["polling"] }),
      await connect(),
    ];
    hub.sendToRooms(["admin"], { event: "to admins", args: [] });
    hub.sendToRooms(["user:2", "admin"], { event: "to both", args: [] });
    hub.sendToRooms(["user:3"], { event: "to nobody", args: [] });
    hub.send(hub.listPeers(), { event: "to all", args: [] });
    for (const client of [one, two, nobody]) await client.waitFor("to all");
    expect([one.names(), two.names(), nobody.names()]).toEqual([
      ["to admins", "to both", "to all"],
      ["to both", "to all"],
      ["to all"],
    ]);
  });

  test("takes the socket along when the account is lost or becomes another", async () => {
    await open();
    accounts.set("a", 1);
    accounts.set("b", 2);
    const lost = await connect({ auth: { token: "a" } });
    const changed = await connect({ auth: { token: "b" }, transports: ["polling"] });
    const stays = await connect();
    accounts.delete("a");
    accounts.set("b", 3);
    expect(await lost.waitForEnd()).toBe("io server disconnect");
    expect(await changed.waitForEnd()).toBe("io server disconnect");
    expect(stays.socket.connected).toBe(true);
    expect(hub.listPeers()).toHaveLength(1);
  });
});

const handshake = () =>
  fetch(`${port.url.origin}/s/?EIO=4&transport=polling`).then(async (answer) => {
    const { sid } = JSON.parse((await answer.text()).slice(1)) as { sid: string };
    return `${port.url.origin}/s/?EIO=4&transport=polling&sid=${sid}`;
  });

describe("a message", () => {
  test("over the limit closes a websocket, and one within it does not", async () => {
    await open();
    const client = await connect();
    expect(
      await client.ask("echo", "x".repeat(MESSAGE_BYTES_MAX - 100)).then(([text]) => String(text).length),
    ).toBe(MESSAGE_BYTES_MAX - 100);
    client.emit("echo", "x".repeat(MESSAGE_BYTES_MAX));
    expect(await client.waitForEnd()).toBe("transport close");
  });

  test("over the limit ends a polling session, whether or not its length was declared", async () => {
    await open();
    const text = `42["echo","${"x".repeat(MESSAGE_BYTES_MAX)}"]`;
    const declared = await handshake();
    expect((await fetch(declared, { method: "POST", body: text })).status).toBe(413);
    expect((await fetch(declared, { method: "POST", body: "40" })).status).toBe(400);
    const streamed = await handshake();
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(text));
        controller.close();
      },
    });
    expect((await fetch(streamed, { method: "POST", body })).status).toBe(413);
  });

  test("of a client that sends without end closes its session alone", async () => {
    await open();
    const other = await connect();
    const client = await connect();
    for (let sent = 0; sent < 300; sent += 1) client.emit("echo", sent);
    expect(await client.waitForEnd()).toBe("transport close");
    const address = await handshake();
    const statuses: number[] = [];
    for (let sent = 0; sent < 4; sent += 1) {
      statuses.push(
        (await fetch(address, { method: "POST", body: `42["x","${"y".repeat(600_000)}"]` })).status,
      );
    }
    expect(statuses).not.toContain(500);
    expect(statuses.at(-1)).toBeGreaterThanOrEqual(400);
    expect(await other.ask("echo", 1)).toEqual([1]);
  });
});

describe("the engine", () => {
  test.each([
    ["?EIO=4&transport=carrier-pigeon", 400, 0],
    ["?EIO=4&transport=polling&sid=unknown", 400, 1],
    ["?EIO=3&transport=polling", 400, 5],
  ])("refuses %s like every server of its kind", async (query, status, code) => {
    await open();
    const answer = await fetch(`${port.url.origin}/s/${query}`);
    expect([answer.status, ((await answer.json()) as { code: number }).code]).toEqual([status, code]);
  });

  test("names the intervals and the limit in its first packet", async () => {
    await open();
    const text = await (await fetch(`${port.url.origin}/s/?EIO=4&transport=polling`)).text();
    expect(JSON.parse(text.slice(1))).toMatchObject({
      upgrades: ["websocket"],
      pingInterval: 25_000,
      pingTimeout: 60_000,
      maxPayload: 1_000_000,
    });
  });
});

/** Opens a websocket by hand and joins the namespace, so that a test can stop reading from it. */
async function openByHand(): Promise<TcpSocket> {
  const socket = connectTcp(port.port ?? 0, "127.0.0.1");
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  socket.write(
    "GET /s/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  // A masked text frame with the zero mask: "40".
  socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]));
  return socket;
}

describe("a client that does not read", () => {
  test(
    "misses what it can do without, then is let go; others miss nothing",
    async () => {
      await open();
      const reader = await connect();
      const stuck = await openByHand();
      while (hub.listPeers().length < 2) await Bun.sleep(5);
      stuck.pause();
      const text = "x".repeat(500_000);
      const count = Math.ceil((BUFFERED_CLOSE_BYTES * 3) / text.length);
      for (let sent = 1; sent <= count; sent += 1) {
        hub.send(hub.listPeers(), { event: "rare", args: [text], canSkip: true });
        await reader.waitFor("rare", sent);
      }
      expect(hub.listPeers()).toHaveLength(2);
      for (let sent = 1; sent <= count; sent += 1) {
        hub.send(hub.listPeers(), { event: "needed", args: [text] });
        await reader.waitFor("needed", sent);
      }
      while (hub.listPeers().length > 1) await Bun.sleep(5);
      stuck.destroy();
    },
    SLOW_MS,
  );
});

describe("close", () => {
  test("lets every client go within its budget, also one that polls no more", async () => {
    await open();
    const webSocket = await connect();
    const polling = await connect({ transports: ["polling"] });
    const silent = await handshake();
    await fetch(silent, { method: "POST", body: "40" });
    const startedAtMs = performance.now();
    await server.close();
    expect(performance.now() - startedAtMs).toBeLessThan(1_000);
    expect(await webSocket.waitForEnd()).toBe("transport close");
    expect(await polling.waitForEnd()).toMatch(/^transport/);
    expect((await fetch(silent)).status).toBe(400);
  });
});
