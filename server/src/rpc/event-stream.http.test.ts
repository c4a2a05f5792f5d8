// The event stream from a raised event to the bytes that a listener reads.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createTestApp, type TestApp } from "../app/testing.ts";
import { ADMIN, addAccounts, basic, VIEWER } from "../auth/calls.testing.ts";
import type { RaisedEvent } from "../ports/events/port.ts";
import { inputOf } from "./kit.testing.ts";

let app: TestApp;

beforeAll(async () => {
  app = await createTestApp();
  await addAccounts(app);
});
afterAll(() => app.close());

/** One frame of a server-sent stream. */
interface Frame {
  readonly event: string | null;
  readonly id: string | null;
  readonly data: unknown;
}

interface Listener {
  readonly response: Response;
  /** The next frame that is neither a sign of life nor a position; null at the end of the stream. */
  next(): Promise<Frame | null>;
  /** The next frame that is no sign of life. */
  nextOfAny(): Promise<Frame | null>;
  cancel(): Promise<void>;
}

interface ListenOptions {
  readonly topics?: readonly string[] | undefined;
  readonly lastEventId?: string | null | undefined;
  /** Null sends none; the administrator's unless given. */
  readonly authorization?: string | null | undefined;
  readonly headers?: Record<string, string> | undefined;
  readonly from?: TestApp | undefined;
}

async function listen(options: ListenOptions = {}): Promise<Listener> {
  const { topics = ["library"], lastEventId, authorization = ADMIN, from = app } = options;
  const input = { topics, ...(lastEventId === undefined ? {} : { lastEventId }) };
  const response = await from.fetch(`/trpc/events?${inputOf(input)}`, {
    headers: {
      accept: "text/event-stream",
      ...(authorization === null ? {} : { authorization }),
      ...options.headers,
    },
  });
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader();
  const decoder = new TextDecoder();
  let text = "";
  const nextOfAny = async (): Promise<Frame | null> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const frame = parseFrame(text.slice(0, end));
        text = text.slice(end + 2);
        if (frame !== null) return frame;
        continue;
      }
      const { value, done } = await reader.read();
      if (done) return null;
      text += decoder.decode(value, { stream: true });
    }
  };
  const next = async (): Promise<Frame | null> => {
    for (;;) {
      const frame = await nextOfAny();
      if (!isMark(frame)) return frame;
    }
  };
  return { response, next, nextOfAny, cancel: () => reader.cancel() };
}

function isMark(frame: Frame | null): boolean {
  const data = frame?.data;
  return typeof data === "object" && data !== null && "topic" in data && data.topic === "mark";
}

function parseFrame(text: string): Frame | null {
  const field = (name: string) =>
    text
      .split("\n")
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2) ?? null;
  const event = field("event");
  const data = field("data");
  if (data === null || event === "connected" || event === "ping") return null;
  return { event, id: field("id"), data: data === "" ? null : JSON.parse(data) };
}

const rom = (id: number, userId: number | null = null): RaisedEvent => ({
  topic: "library",
  userId,
  data: { change: "created", entity: "rom", ids: [id] },
});

const library = (...ids: number[]) => ({
  data: { topic: "library", data: { change: "created", entity: "rom", ids } },
});

describe("events", () => {
  test("tells its position first, so that a cut before the first event loses nothing", async () => {
    const early = await listen();
    const mark = await early.nextOfAny();
    const id = mark?.id ?? "";
    expect(id).toMatch(/^\d+$/);
    expect(mark).toMatchObject({ id, data: { topic: "mark", id } });
    await early.cancel();
    app.ports.events.raise(rom(77));
    const later = await listen({ lastEventId: id });
    expect(await later.next()).toMatchObject(library(77));
    await later.cancel();
  });

  test("tells what happens, with growing ids", async () => {
    const listener = await listen();
    for (const id of [1, 2, 3]) app.ports.events.raise(rom(id));
    const frames = [await listener.next(), await listener.next(), await listener.next()];
    expect(frames).toMatchObject([library(1), library(2), library(3)]);
    const ids = frames.map((frame) => Number(frame?.id));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(3);
    // The id and the moment stand in the message too, for transports without frames.
    expect(frames[0]?.data).toMatchObject({ id: frames[0]?.id, at: expect.stringMatching(/^\d{4}-.*Z$/) });
    await listener.cancel();
  });

  test("is served so that no proxy holds it back", async () => {
    const { response, cancel } = await listen();
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toStartWith("text/event-stream");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    expect(response.headers.get("cache-control")).toContain("no-cache");
    await cancel();
  });

  test.each(["header", "input", "query"])("resumes behind the last id, sent as %s", async (where) => {
    const before = await listen();
    for (const id of [10, 11, 12]) app.ports.events.raise(rom(id));
    const first = await before.next();
    await before.next();
    await before.next();
    await before.cancel();
    const lastEventId = first?.id ?? "";
    const after =
      where === "header"
        ? await listen({ headers: { "last-event-id": lastEventId } })
        : await listen({
            lastEventId,
            ...(where === "query" ? { headers: { "last-event-id": lastEventId } } : {}),
          });
    app.ports.events.raise(rom(13));
    expect([await after.next(), await after.next(), await after.next()]).toMatchObject([
      library(11),
      library(12),
      library(13),
    ]);
    await after.cancel();
  });

  test("answers a resume point that it never gave with a gap, and goes on behind it", async () => {
    const listener = await listen({ lastEventId: "999999999" });
    const gap = await listener.next();
    expect(gap).toMatchObject({ data: { topic: "gap", reason: "restarted" } });
    app.ports.events.raise(rom(20));
    const next = await listener.next();
    expect(next).toMatchObject(library(20));
    expect(Number(next?.id)).toBeGreaterThan(Number(gap?.id));
    await listener.cancel();
  });

  test("tells only of topics that were asked for, and of nobody else's events", async () => {
    const [viewer] = await app.database.handle.sql<
      { id: number }[]
    >`select id from users where username = 'ana'`;
    const listener = await listen({ topics: ["library"], authorization: VIEWER });
    app.ports.events.raise({ topic: "tasks", userId: null, data: { taskId: "x", status: "done" } });
    app.ports.events.raise(rom(30, 99_999));
    app.ports.events.raise(rom(31, viewer?.id ?? 0));
    expect(await listener.next()).toMatchObject(library(31));
    await listener.cancel();
  });
});

/** The one frame of a stream that was refused. */
const refusal = (httpStatus: number, code: string) => ({
  event: "serialized-error",
  data: { data: { httpStatus, code, requestId: expect.stringMatching(/^[0-9a-f]{12}$/) } },
});

describe("events: refusals", () => {
  test("tells an anonymous listener so inside the stream, whatever they asked for", async () => {
    for (const topics of [["library"], ["moon"]]) {
      const listener = await listen({ topics, authorization: null });
      expect(listener.response.status).toBe(200);
      expect(await listener.next()).toMatchObject(refusal(401, "AUTH_REQUIRED"));
      expect(await listener.next()).toBeNull();
    }
  });

  test("refuses a token without the scope", async () => {
    const form = new URLSearchParams({ username: "ana", password: "viewerpass", scope: "roms.read" });
    const granted = await app.fetch("/api/token", { method: "POST", body: form });
    const { access_token: token } = (await granted.json()) as { access_token: string };
    const listener = await listen({ authorization: `Bearer ${token}` });
    expect(await listener.next()).toMatchObject(refusal(403, "AUTH_SCOPE_MISSING"));
  });

  test.each([{ topics: [] }, { topics: ["moon"] }, { topics: ["library"], lastEventId: 5 }])(
    "refuses the input %j",
    async (input) => {
      const response = await app.fetch(`/trpc/events?${inputOf(input)}`, {
        headers: { authorization: ADMIN },
      });
      expect(await response.text()).toContain('"code":"INPUT_INVALID"');
    },
  );

  test("refuses the visitor of a kiosk, who has no account", async () => {
    const kiosk = await createTestApp({ environment: { KIOSK_MODE: "true" } });
    const listener = await listen({ from: kiosk, authorization: null });
    expect(await listener.next()).toMatchObject(refusal(403, "EVENTS_ACCOUNT_REQUIRED"));
    await kiosk.close();
  });
});

describe("events: ends", () => {
  /** Runs `work` while feeds tell when they are closed. */
  async function watchClose(
    work: (closed: Promise<void>) => Promise<void>,
    onOpen: () => void = () => undefined,
  ) {
    const { events } = app.ports;
    const { open } = events;
    const closed = Promise.withResolvers<void>();
    events.open = async (options) => {
      const feed = await open(options);
      const { close } = feed;
      feed.close = () => {
        close();
        closed.resolve();
      };
      onOpen();
      return feed;
    };
    try {
      await work(closed.promise);
    } finally {
      events.open = open;
    }
  }

  test.each([
    ["eve", "was disabled", "update users set enabled = false where username = 'eve'"],
    ["fay", "has a new password", "update users set hashed_password = 'other' where username = 'fay'"],
    ["gil", "was removed", "delete from users where username = 'gil'"],
  ])(
    "lets %s go soon after the account %s",
    async (name, _what, change) => {
      const { sql } = app.database.handle;
      await sql`insert into users (username, hashed_password)
      select ${name}, hashed_password from users where username = 'ana'`;
      const listener = await listen({ authorization: basic(name, "viewerpass") });
      await listener.nextOfAny();
      await sql.unsafe(change);
      const last = await listener.next();
      expect(last?.event).toBe("serialized-error");
      expect(JSON.stringify(last?.data)).toContain('"kind":"unauthenticated"');
      expect(await listener.next()).toBeNull();
    },
    30_000,
  );

  test("closes its feed when the listener leaves", async () => {
    await watchClose(async (closed) => {
      const listener = await listen();
      await listener.cancel();
      await closed;
    });
  });

  test("closes its feed when the listener left while it was opened", async () => {
    const leaving = new AbortController();
    const leave = () => leaving.abort();
    await watchClose(async (closed) => {
      const init = { headers: { authorization: ADMIN }, signal: leaving.signal };
      await app.fetch(`/trpc/events?${inputOf({ topics: ["library"] })}`, init);
      await closed;
    }, leave);
  });

  test("ends the stream when the server stops, without holding it up", async () => {
    const stopping = await createTestApp();
    await addAccounts(stopping);
    const listener = await listen({ from: stopping });
    const end = listener.next();
    await stopping.close();
    expect(await end).toMatchObject({ event: "return" });
    expect(await listener.next()).toBeNull();
  });
});
