// The event stream over a websocket, from the handshake to what a listener reads.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createClient, webSocketRealtime } from "@multitap/client";
import { ADMIN, addAccounts, callApp, openBrowser, VIEWER } from "../auth/calls.testing.ts";
import type { RaisedEvent } from "../ports/events/port.ts";
import { hello, openStream, type StreamClient, type ToldFrame } from "../socket/stream-client.testing.ts";
import { createTestApp, type TestApp } from "./testing.ts";

/** Opening an app on a busy machine takes a while, and accounts are asked for again every five seconds. */
const SLOW_MS = 30_000;

let app: TestApp;
let url: string;
const streams: StreamClient[] = [];

beforeAll(async () => {
  app = await createTestApp();
  await addAccounts(app);
  url = await app.listen();
}, SLOW_MS);
afterAll(async () => {
  for (const stream of streams) stream.close();
  await app.close();
});

function open(headers: Record<string, string> = {}): StreamClient {
  const stream = openStream(`${url}/ws/events`, headers);
  streams.push(stream);
  return stream;
}

const library = { topics: ["library"] };

async function tokenOf(scope: string, username = "ana"): Promise<string> {
  const form = { username, password: "viewerpass", scope };
  const answer = await callApp(app, "/api/token", { form });
  return (answer.json as { access_token: string }).access_token;
}

async function signIn(authorization: string) {
  const browser = openBrowser(app);
  await browser.call("/api/login", { method: "POST", authorization });
  return { browser, cookie: `romm_session=${browser.cookies.get("romm_session")}` };
}

const rom = (id: number, userId: number | null = null): RaisedEvent => ({
  topic: "library",
  userId,
  data: { change: "created", entity: "rom", ids: [id] },
});
const told = (id: number) => ({ type: "message", data: { topic: "library", data: { ids: [id] } } });

/** Reads until the stream stands; returns its first position. */
async function begin(stream: StreamClient): Promise<string> {
  expect(await stream.next()).toEqual({ type: "connected" });
  const mark = await stream.next();
  expect(mark).toMatchObject({ type: "message", data: { topic: "mark" } });
  return mark?.id ?? "";
}

const refusal = (code: string): ToldFrame => ({
  type: "serialized-error",
  data: { data: { code, requestId: expect.stringMatching(/^[0-9a-f]{12}$/) } },
});

describe("events over a websocket", () => {
  test("are told to whoever the first message authorizes", async () => {
    const stream = open();
    stream.send(hello(library, await tokenOf("me.read")));
    const first = await begin(stream);
    app.ports.events.raise(rom(1));
    app.ports.events.raise(rom(2, 99_999));
    app.ports.events.raise(rom(3));
    const one = await stream.next();
    expect(one).toMatchObject(told(1));
    // As over HTTP, the id stands in the message too.
    expect(one).toMatchObject({ data: { id: one?.id } });
    expect(Number(one?.id)).toBeGreaterThan(Number(first));
    expect(await stream.next()).toMatchObject(told(3));
  });

  test("go on behind the last id, or tell of a gap", async () => {
    const token = await tokenOf("me.read");
    const early = open();
    early.send(hello(library, token));
    const lastEventId = await begin(early);
    early.close();
    await early.closed;
    app.ports.events.raise(rom(10));
    const later = open();
    later.send(hello({ ...library, lastEventId }, token));
    await later.next();
    await later.next();
    expect(await later.next()).toMatchObject(told(10));
    const lost = open();
    lost.send(hello({ ...library, lastEventId: "999999999" }, token));
    await lost.next();
    const frames = [await lost.next(), await lost.next()];
    expect(frames).toContainEqual(
      expect.objectContaining({ data: expect.objectContaining({ topic: "gap", reason: "restarted" }) }),
    );
  });

  test("come to the client of this project, and their refusal too", async () => {
    const realtime = webSocketRealtime();
    const client = createClient({ url, auth: await tokenOf("me.read"), realtime });
    const reader = client.events(["library"])[Symbol.asyncIterator]();
    const next = reader.next();
    while (client.connection.state.status !== "online") await Bun.sleep(5);
    app.ports.events.raise(rom(70));
    expect((await next).value).toMatchObject({ topic: "library", data: { ids: [70] } });
    await client.close();
    const weak = createClient({ url, auth: await tokenOf("roms.read"), realtime });
    const refused = weak.events(["library"])[Symbol.asyncIterator]().next();
    const error = await refused.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: "forbidden", code: "AUTH_SCOPE_MISSING" });
    await weak.close();
  });

  test("need a token, a header or the cookie of one of our own pages", async () => {
    const { cookie } = await signIn(VIEWER);
    const host = new URL(url).host;
    const cases: readonly (readonly [Record<string, string>, boolean])[] = [
      [{}, false],
      [{ authorization: VIEWER }, true],
      [{ cookie }, true],
      [{ cookie, origin: url }, true],
      [{ cookie, origin: "https://games.example", "x-forwarded-host": "games.example" }, true],
      [{ cookie, origin: "https://evil.example" }, false],
      [{ cookie, origin: `http://${host}.evil.example` }, false],
      [{ cookie, origin: "null" }, false],
      [{ cookie, origin: "not an origin" }, false],
      [{ cookie: "romm_session=unknown", origin: url }, false],
    ];
    for (const [headers, isAllowed] of cases) {
      const stream = open(headers);
      stream.send(hello(library));
      const frame = await stream.next();
      expect([headers, frame]).toMatchObject([
        headers,
        isAllowed ? { type: "connected" } : refusal("AUTH_REQUIRED"),
      ]);
      if (isAllowed) stream.close();
      else expect(await stream.closed).toEqual({ code: 4401, reason: "AUTH_REQUIRED" });
    }
  });

  test("are told by token to a page of another origin, whatever its cookie", async () => {
    const { cookie } = await signIn(ADMIN);
    const stream = open({ cookie, origin: "https://app.example" });
    const weak = await tokenOf("roms.read");
    stream.send(hello(library, weak));
    expect(await stream.next()).toMatchObject(refusal("AUTH_SCOPE_MISSING"));
    expect(await stream.closed).toEqual({ code: 4403, reason: "AUTH_SCOPE_MISSING" });
  });

  test.each([[{ topics: [] }], [{ topics: ["moon"] }], [{ ...library, lastEventId: 5 }], [null], [[]]])(
    "are refused for the input %j",
    async (input) => {
      const stream = open({ authorization: VIEWER });
      stream.send(hello(input));
      expect(await stream.next()).toMatchObject(refusal("INPUT_INVALID"));
      expect((await stream.closed).reason).toBe("INPUT_INVALID");
    },
  );

  test(
    "are refused to the visitor of a kiosk, who has no account",
    async () => {
      const kiosk = await createTestApp({ environment: { KIOSK_MODE: "true" } });
      const stream = openStream(`${await kiosk.listen()}/ws/events`);
      stream.send(hello(library));
      expect(await stream.next()).toMatchObject(refusal("EVENTS_ACCOUNT_REQUIRED"));
      await stream.closed;
      await kiosk.close();
    },
    SLOW_MS,
  );

  test("are answered on the plain path with how to ask", async () => {
    const answer = await fetch(`${url}/ws/events`);
    expect([answer.status, await answer.json()]).toEqual([426, { detail: "websocket only" }]);
  });
});

describe("events over a websocket: ends", () => {
  test(
    "let listeners go soon after their account, token or session is gone, and nobody else",
    async () => {
      const { sql } = app.database.handle;
      await sql`insert into users (username, hashed_password)
      select 'eve', hashed_password from users where username = 'ana'`;
      const json = { name: "radio", scopes: ["me.read"] };
      const made = await callApp(app, "/api/client-tokens", { authorization: ADMIN, json });
      const { id, raw_token: token } = made.json as { id: number; raw_token: string };
      const { browser, cookie } = await signIn(VIEWER);
      const lost = [open(), open(), open({ cookie })];
      lost[0]?.send(hello(library, await tokenOf("me.read", "eve")));
      lost[1]?.send(hello(library, token));
      lost[2]?.send(hello(library));
      const kept = open({ authorization: ADMIN });
      kept.send(hello(library));
      for (const stream of [...lost, kept]) await begin(stream);
      await sql`update users set enabled = false where username = 'eve'`;
      await callApp(app, `/api/client-tokens/${id}`, { method: "DELETE", authorization: ADMIN });
      await browser.call("/api/logout", { method: "POST" });
      for (const stream of lost) {
        expect(await stream.next()).toMatchObject(refusal("AUTH_REQUIRED"));
        expect((await stream.closed).code).toBe(4401);
      }
      app.ports.events.raise(rom(50));
      expect(await kept.next()).toMatchObject(told(50));
    },
    SLOW_MS,
  );

  test(
    "close many feeds when their listeners leave",
    async () => {
      const { events } = app.ports;
      const { open: openFeed } = events;
      let count = 0;
      const changed: (() => void)[] = [];
      const until = async (wanted: number) => {
        while (count !== wanted) await new Promise<void>((resolve) => changed.push(resolve));
      };
      const change = (by: number) => {
        count += by;
        for (const resolve of changed.splice(0)) resolve();
      };
      events.open = async (options) => {
        const feed = await openFeed(options);
        const { close } = feed;
        let isOpen = true;
        feed.close = () => {
          close();
          if (isOpen) change(-1);
          isOpen = false;
        };
        change(1);
        return feed;
      };
      try {
        const token = await tokenOf("me.read");
        const many = Array.from({ length: 100 }, () => open());
        for (const stream of many) stream.send(hello(library, token));
        await until(100);
        for (const stream of many) stream.close();
        await until(0);
      } finally {
        events.open = openFeed;
      }
    },
    SLOW_MS,
  );

  test(
    "let listeners go in order when the server stops",
    async () => {
      const stopping = await createTestApp();
      await addAccounts(stopping);
      const stream = openStream(`${await stopping.listen()}/ws/events`, { authorization: VIEWER });
      stream.send(hello(library));
      await begin(stream);
      await stopping.close();
      expect(await stream.next()).toEqual({ type: "return" });
      expect(await stream.closed).toEqual({ code: 1001, reason: "stopping" });
    },
    SLOW_MS,
  );
});
