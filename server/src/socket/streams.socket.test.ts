import { afterEach, describe, expect, test } from "bun:test";
import { STREAM_HELLO_CHARS_MAX, STREAMS_PER_ADDRESS_MAX } from "./limits.ts";
import { createSocketSwitch } from "./mount.ts";
import { hello, openStream, type StreamClient } from "./stream-client.testing.ts";
import {
  createStreamEndpoint,
  type StreamCall,
  type StreamEndpointOptions,
  type StreamFrame,
} from "./streams.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close();
});

interface Scene {
  readonly calls: StreamCall[];
  readonly failures: unknown[];
  open(): StreamClient;
  readonly url: string;
}

/** Serves what `read` gives on a port of this machine. */
function serve(
  read: (call: StreamCall) => AsyncIterable<StreamFrame>,
  options: Partial<StreamEndpointOptions> = {},
): Scene {
  const calls: StreamCall[] = [];
  const failures: unknown[] = [];
  const endpoint = createStreamEndpoint({
    path: "/stream",
    open(call) {
      calls.push(call);
      return read(call);
    },
    onFailure: (error) => failures.push(error),
    ...options,
  });
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request, self) =>
      (await endpoint.mount.handle(request, self, {
        clientAddress: "192.0.2.1",
        baseUrl: "http://nas",
      })) as Response,
    websocket: createSocketSwitch(() => [endpoint.mount]),
  });
  closers.push(() => void server.stop(true));
  const url = `${server.url.origin}/stream`;
  return {
    calls,
    failures,
    url,
    open() {
      const stream = openStream(url);
      closers.push(() => stream.close());
      return stream;
    },
  };
}

async function* silence({ signal }: StreamCall): AsyncGenerator<StreamFrame> {
  yield { type: "connected" };
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
}

describe("a stream endpoint", () => {
  test("hands on who asks for what, once", async () => {
    const { open, calls } = serve(silence);
    const stream = open();
    stream.send(hello({ a: 1 }, "token"));
    expect(await stream.next()).toEqual({ type: "connected" });
    expect(calls).toMatchObject([
      { input: { a: 1 }, credentials: { token: "token", cookie: null, clientAddress: "192.0.2.1" } },
    ]);
    stream.send(hello({ a: 2 }, "token"));
    expect(await stream.closed).toEqual({ code: 1008, reason: "one message per connection" });
    expect(calls).toHaveLength(1);
    expect(calls[0]?.signal.aborted).toBe(true);
  });

  test.each([
    ["binary", new TextEncoder().encode(hello({})), 1003],
    ["too large", hello({ a: "x".repeat(STREAM_HELLO_CHARS_MAX) }), 1009],
    ["no JSON", "{", 4400],
    ["empty", "", 4400],
    ["null", "null", 4400],
    ["deep", "[".repeat(8_000), 4400],
    ["another type", '{"type":"subscribe","input":{}}', 4400],
    ["a word too many", '{"type":"authorize","input":{},"more":1}', 4400],
    ["a token that is none", hello({}, "a\nb"), 4400],
    ["an empty token", hello({}, ""), 4400],
    ["a number as token", '{"type":"authorize","input":{},"token":7}', 4400],
    ["a long token", hello({}, "x".repeat(8_193)), 4400],
  ])("refuses a first message that is %s", async (_what, message, code) => {
    const { open, calls, failures } = serve(silence);
    const stream = open();
    stream.send(message);
    expect((await stream.closed).code).toBe(code);
    expect([calls, failures]).toEqual([[], []]);
  });

  test("does not wait long for somebody who says nothing", async () => {
    const { open } = serve(silence, { helloMs: 50 });
    expect(await open().closed).toEqual({ code: 1008, reason: "nobody authorized in time" });
  });

  test("says that it lives, also to a silent stream", async () => {
    const { url } = serve(silence, { pingMs: 20 });
    const socket = new WebSocket(url.replace("http", "ws"));
    closers.push(() => socket.close());
    socket.onopen = () => socket.send(hello({}));
    const told: string[] = [];
    await new Promise<void>((resolve) => {
      socket.onmessage = ({ data }) => {
        told.push(String(data));
        if (told.length === 3) resolve();
      };
    });
    expect(told).toEqual(['{"type":"connected"}', '{"type":"ping"}', '{"type":"ping"}']);
  });

  test("fetches no more than a slow listener takes, and lets it go in the end", async () => {
    let count = 0;
    const ended = Promise.withResolvers<void>();
    async function* flood(): AsyncGenerator<StreamFrame> {
      try {
        for (;;) {
          count += 1;
          yield { type: "message", data: "x".repeat(10_000) };
        }
      } finally {
        ended.resolve();
      }
    }
    const { url, failures } = serve(flood, { drainMs: 100 });
    const { port } = new URL(url);
    const opened = Promise.withResolvers<void>();
    const cut = Promise.withResolvers<void>();
    const raw = await Bun.connect({
      hostname: "127.0.0.1",
      port: Number(port),
      socket: {
        data: () => opened.resolve(),
        close: () => cut.resolve(),
      },
    });
    closers.push(() => void raw.end());
    raw.write(
      "GET /stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    await opened.promise;
    raw.pause();
    const text = new TextEncoder().encode(hello({}));
    // A client's frame is masked; with zeros the text stays as it is.
    raw.write(new Uint8Array([0x81, 0x80 | text.length, 0, 0, 0, 0, ...text]));
    await ended.promise;
    // What the kernel takes for both ends, and what may wait with us.
    expect(count * 10_000).toBeLessThan(20_000_000);
    expect(failures).toEqual([]);
  });

  test("drops a listener whose stream breaks, and says so", async () => {
    const broken = new RangeError("broken");
    async function* fail(): AsyncGenerator<StreamFrame> {
      yield { type: "connected" };
      throw broken;
    }
    const { open, failures } = serve(fail);
    const stream = open();
    stream.send(hello({}));
    await stream.closed;
    expect(failures).toEqual([broken]);
  });

  test("takes so many of one address, and new ones once some have left", async () => {
    const { open, url } = serve(silence);
    const streams = Array.from({ length: STREAMS_PER_ADDRESS_MAX }, () => open());
    for (const stream of streams) stream.send(hello({}));
    for (const stream of streams) await stream.next();
    const refused = await fetch(url, { headers: { upgrade: "websocket", connection: "upgrade" } });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await open().next()).toBeNull();
    streams[0]?.close();
    await streams[0]?.closed;
    const late = open();
    late.send(hello({}));
    expect(await late.next()).toEqual({ type: "connected" });
  });
});
