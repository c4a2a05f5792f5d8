import { afterEach, describe, expect, test } from "bun:test";
import { ADMIN, addAccounts, VIEWER } from "../auth/calls.testing.ts";
import { parseTrustedProxies } from "../http/public-url.ts";
import { type ClientOptions, openClient, type TestClient } from "../socket/client.testing.ts";
import { createDispatcher } from "./dispatcher.ts";
import { createLifecycle } from "./lifecycle.ts";
import { openSockets } from "./sockets.ts";
import { createTestApp, type TestApp } from "./testing.ts";

const SLOW_MS = 60_000;

let app: TestApp;
const clients: TestClient[] = [];

async function open(): Promise<string> {
  app = await createTestApp();
  await addAccounts(app);
  return await app.listen();
}

async function connect(url: string, options: ClientOptions = {}): Promise<TestClient> {
  const client = await openClient(url, options);
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await app.close();
});

const asAdmin = { headers: { authorization: ADMIN } };

describe("/ws/socket.io", () => {
  test(
    "echoes the origin of a page with credentials, and needs no CSRF header",
    async () => {
      const url = await open();
      const path = `${url}/ws/socket.io/?EIO=4&transport=polling`;
      const headers = { origin: "https://elsewhere.example" };
      const opened = await fetch(path, { headers });
      expect(opened.headers.get("access-control-allow-origin")).toBe("https://elsewhere.example");
      expect(opened.headers.get("access-control-allow-credentials")).toBe("true");
      const { sid } = JSON.parse((await opened.text()).slice(1)) as { sid: string };
      const posted = await fetch(`${path}&sid=${sid}`, { method: "POST", headers, body: "40" });
      expect([posted.status, await posted.text()]).toEqual([200, "ok"]);
      const asked = await fetch(path, {
        method: "OPTIONS",
        headers: { ...headers, "access-control-request-method": "POST" },
      });
      expect([asked.status, asked.headers.get("access-control-allow-origin")]).toEqual([
        204,
        "https://elsewhere.example",
      ]);
    },
    SLOW_MS,
  );

  test(
    "leaves larger bodies to the other doors of the port",
    async () => {
      const url = await open();
      const body = new URLSearchParams({ username: "x".repeat(1_500_000) });
      expect((await fetch(`${url}/api/token`, { method: "POST", body })).status).not.toBe(413);
    },
    SLOW_MS,
  );

  test(
    "holds two hundred sockets at once, each of which is told",
    async () => {
      const url = await open();
      const transports = (index: number) => (index % 4 === 0 ? ["polling"] : ["websocket"]);
      await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          connect(url, { ...asAdmin, transports: transports(index) }),
        ),
      );
      app.ports.events.raise({ topic: "permissions", userId: 2, data: { userId: 2 } });
      const told = await Promise.all(clients.map((client) => client.waitFor<unknown>("permissions:changed")));
      expect(told).toEqual(Array.from({ length: 200 }, () => ({ user_id: 2 })));
      expect(clients.map((client) => client.told.length)).toEqual(Array.from({ length: 200 }, () => 1));
    },
    SLOW_MS,
  );

  test(
    "serves websockets behind a URL prefix, too",
    async () => {
      await open();
      const { ports, facts } = app;
      const trustedProxies = parseTrustedProxies(["none"]);
      if (trustedProxies === null) throw new RangeError("no proxies");
      const lifecycle = createLifecycle();
      lifecycle.enter({ name: "serving" });
      const dispatcher = createDispatcher({
        lifecycle,
        onFailure: () => undefined,
        host: "127.0.0.1",
        corsOrigins: "*",
        trustedProxies,
        urlPrefix: "/romm",
      });
      const sockets = await openSockets({ ports, facts, cache: null });
      dispatcher.attach({
        ports,
        facts,
        healthChecks: [],
        cache: null,
        zips: { keep: () => Promise.resolve(null), sweep: () => Promise.resolve(), close: () => undefined },
        socketMounts: sockets.mounts,
      });
      const port = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch: async (request, server) => (await dispatcher.fetch(request, server)) as Response,
        websocket: dispatcher.websocket,
      });
      for (const path of ["/romm/ws/socket.io/", "/ws/socket.io"]) {
        const client = await connect(port.url.origin, { path });
        expect(await client.ask("scan")).toEqual(["You are not authorized to run scans"]);
      }
      await sockets.close();
      await port.stop(true);
    },
    SLOW_MS,
  );
});

/** A small generator with a seed, so that a failure can be repeated (mulberry32). */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

/** Packets that are nearly right. */
const SEEDS: readonly string[] = [
  '42["scan",{"type":"quick"}]',
  '421["scan",{"platforms":[1],"roms_ids":[1,2],"apis":["igdb"]}]',
  '42["scan:stop"]',
  '4299999999999999999999["scan:stop"]',
  '42["error",{}]',
  '42["__proto__",{"__proto__":{"isAdmin":true}}]',
  '42["constructor","prototype"]',
  "42[]",
  "42",
  "42[1]",
  "42[null]",
  "42{}",
  "43[1,2]",
  "4399[{}]",
  '451-["scan",{"_placeholder":true,"num":0}]',
  '451-["scan",{"_placeholder":true,"num":9}]',
  '4599-["scan"]',
  '450-["scan"]',
  '40/admin,{"token":"x"}',
  '40{"token":{"a":1}}',
  "41",
  '44{"message":"no"}',
  "2probe",
  "5",
  "6",
  "1",
  "3",
  "b====",
  "",
  "9",
  `42["scan",${deep(50_000)}]`,
  `42["scan"${",0".repeat(300_000)}]`,
  `42["scan",{"platform_fs_slugs":["${"x".repeat(400_000)}"]}]`,
  '42["scan",{"platforms":[1e309,-0,0.5,9007199254740993]}]',
  '42["scan","\\ud800"]',
];

function mutate(text: string, random: (below: number) => number): string {
  const at = random(text.length + 1);
  switch (random(6)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + String.fromCharCode(random(0x250)) + text.slice(at);
    case 2:
      return text.slice(0, at) + text.slice(at + 1 + random(4));
    case 3:
      return text + (SEEDS[random(SEEDS.length)] ?? "");
    default:
      return text;
  }
}

/** Sends packets over a websocket of its own until it is closed or all are sent. */
async function sendByWebSocket(
  url: string,
  packets: readonly (string | Uint8Array<ArrayBuffer>)[],
): Promise<void> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws/socket.io/?EIO=4&transport=websocket`, {
    headers: { authorization: VIEWER },
  } as never);
  const closed = new Promise<void>((resolve) => socket.addEventListener("close", () => resolve()));
  await new Promise<void>((resolve) => socket.addEventListener("message", () => resolve(), { once: true }));
  const joined = new Promise<void>((resolve) =>
    socket.addEventListener("message", () => resolve(), { once: true }),
  );
  socket.send("40");
  await Promise.race([joined, closed]);
  for (const packet of packets) {
    if (socket.readyState === WebSocket.OPEN) socket.send(packet);
  }
  await Promise.race([closed, Bun.sleep(15)]);
  socket.close();
}

async function sendByPolling(url: string, packets: readonly string[]): Promise<void> {
  const path = `${url}/ws/socket.io/?EIO=4&transport=polling`;
  const { sid } = JSON.parse((await (await fetch(path)).text()).slice(1)) as { sid: string };
  for (const body of ["40", packets.join("\x1e"), ...packets.slice(0, 3)]) {
    const answer = await fetch(`${path}&sid=${sid}`, { method: "POST", body });
    expect(answer.status).toBeLessThan(500);
  }
}

describe("a client that sends anything", () => {
  test(
    "neither stops the server nor reaches other sockets",
    async () => {
      const url = await open();
      const seed = Number(process.env.MULTITAP_FUZZ_SEED ?? Date.now() % 1_000_000);
      const random = createRandom(seed);
      const bystander = await connect(url, { headers: { authorization: VIEWER }, transports: ["websocket"] });
      for (let round = 0; round < 60; round += 1) {
        const packets = Array.from({ length: 1 + random(6) }, () =>
          mutate(SEEDS[random(SEEDS.length)] ?? "", random),
        );
        const bytes = Uint8Array.from({ length: random(40) }, () => random(256));
        const small = packets.filter((packet) => packet.length < 10_000);
        await sendByWebSocket(url, random(3) === 0 ? [...packets, bytes] : packets);
        if (round % 3 === 0) await sendByPolling(url, small);
      }
      // Each seed as it is, so that none is left to chance.
      for (const packet of SEEDS) await sendByWebSocket(url, [packet]);
      expect([`seed ${seed}`, await bystander.ask("scan")]).toEqual([
        `seed ${seed}`,
        ["You are not authorized to run scans"],
      ]);
      expect(bystander.told).toEqual([["scan:done_ko", "You are not authorized to run scans"]]);
      const { sql } = app.database.handle;
      const [row] = await sql<{ scans: number }[]>`select count(*)::int as scans from scans`;
      expect(row?.scans).toBe(0);
    },
    SLOW_MS,
  );
});
