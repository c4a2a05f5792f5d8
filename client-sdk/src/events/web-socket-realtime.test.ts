import { describe, expect, test } from "bun:test";
import type { MultitapError } from "../errors.ts";
import { CALL_TIMEOUT_MS, EVENT_CHARS_MAX, EVENTS_SILENCE_MS } from "../limits.ts";
import { createManualEnvironment } from "../testing/manual-environment.ts";
import { type RealtimeTransport, webSocketRealtime } from "./web-socket-realtime.ts";

/** A websocket that does what the test says. */
class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readonly sent: unknown[] = [];
  closeCount = 0;
  constructor(readonly url: string) {}
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.closeCount += 1;
  }
}

function open(header: string | null = "Bearer abc", url = "https://nas.example/games") {
  const environment = createManualEnvironment();
  const heard: unknown[] = [];
  const ends: (MultitapError | null)[] = [];
  const sockets: FakeSocket[] = [];
  class Given extends FakeSocket {
    constructor(address: string) {
      super(address);
      sockets.push(this);
    }
  }
  const stop = webSocketRealtime({ WebSocket: Given }).open({
    url,
    input: { topics: ["library"] },
    authorization: { header },
    environment,
    observer: {
      onOpen: () => heard.push("open"),
      onMessage: (message) => heard.push(message),
      onEnd: (error) => ends.push(error),
    },
  });
  const [socket] = sockets;
  if (socket === undefined) throw new RangeError("no socket was opened");
  const say = (frame: unknown) => socket.onmessage?.({ data: JSON.stringify(frame) });
  return { environment, heard, ends, socket, stop, say };
}

describe("webSocketRealtime", () => {
  test.each([
    ["https://nas.example/games", "wss://nas.example/games/ws/events"],
    ["http://nas.local:8080", "ws://nas.local:8080/ws/events"],
  ])("finds the door of %s", (url, expected) => {
    expect(open(null, url).socket.url).toBe(expected);
  });

  test.each([
    ["Bearer abc", "abc"],
    [null, null],
  ])("shows %p in its one message, never in the address", (header, token) => {
    const { socket } = open(header);
    expect(socket.sent).toEqual([]);
    socket.onopen?.();
    expect(socket.sent).toEqual([{ type: "authorize", token, input: { topics: ["library"] } }]);
  });

  test("tells what the server tells, and passes over what it does not know", () => {
    const { heard, ends, say } = open();
    say({ type: "connected" });
    say({ type: "ping" });
    say({ type: "news of 2040", data: 1 });
    say({ type: "message", id: "7", data: { id: "7", topic: "library" } });
    say({ type: "return" });
    say({ type: "message", id: "8", data: {} });
    expect(heard).toEqual(["open", { id: "7", topic: "library" }]);
    expect(ends).toEqual([null]);
  });

  test("ends with the error of the server, and once", () => {
    const { ends, socket, say } = open();
    const data = {
      kind: "forbidden",
      code: "AUTH_SCOPE_MISSING",
      details: { scope: "me.read" },
      httpStatus: 403,
    };
    say({ type: "serialized-error", data: { message: "no", data } });
    socket.onclose?.();
    expect(ends).toHaveLength(1);
    expect(ends[0]).toMatchObject({
      kind: "forbidden",
      code: "AUTH_SCOPE_MISSING",
      status: 403,
      message: "no",
    });
    expect(socket.closeCount).toBe(1);
  });

  test.each([
    ["not JSON", "<html>"],
    ["no object", "7"],
    ["binary", new ArrayBuffer(2)],
    ["too large", JSON.stringify({ type: "message", data: "x".repeat(EVENT_CHARS_MAX) })],
    ["a failure without one", '{"type":"serialized-error"}'],
  ])("does not believe a message that is %s", (_what, data) => {
    const { ends, socket } = open();
    socket.onmessage?.({ data });
    expect(ends.map((error) => error?.kind)).toEqual(["protocol"]);
    expect(socket.closeCount).toBe(1);
  });

  test("waits so long for the server's word, then so long for its next", async () => {
    const early = open();
    await early.environment.advance(CALL_TIMEOUT_MS - 1);
    expect(early.ends).toEqual([]);
    await early.environment.advance(1);
    expect(early.ends[0]).toMatchObject({ kind: "timeout", details: { timeoutMs: CALL_TIMEOUT_MS } });
    const later = open();
    later.say({ type: "connected" });
    for (let count = 0; count < 3; count++) {
      await later.environment.advance(EVENTS_SILENCE_MS - 1);
      later.say({ type: "ping" });
    }
    expect(later.ends).toEqual([]);
    await later.environment.advance(EVENTS_SILENCE_MS);
    expect(later.ends[0]).toMatchObject({ kind: "timeout", details: { timeoutMs: EVENTS_SILENCE_MS } });
  });

  test("tells nothing after it was stopped, and leaves no timer", () => {
    const { environment, heard, ends, socket, stop, say } = open();
    stop();
    socket.onopen?.();
    say({ type: "connected" });
    socket.onerror?.();
    socket.onclose?.();
    expect(environment.pending()).toEqual([]);
    expect([heard, ends, socket.sent, socket.closeCount]).toEqual([[], [], [], 1]);
  });

  const nothing = () => undefined;
  const failureOfOpen = (transport: RealtimeTransport): unknown => {
    const observer = { onOpen: nothing, onMessage: nothing, onEnd: nothing };
    const environment = createManualEnvironment();
    try {
      transport.open({
        url: "http://nas",
        input: null,
        authorization: { header: null },
        environment,
        observer,
      });
    } catch (error) {
      return error;
    }
    return null;
  };

  test("fails as a network does where the platform refuses to open one", () => {
    const cause = new DOMException("mixed content", "SecurityError");
    class Refusing {
      constructor(_url: string) {
        throw cause;
      }
    }
    const failure = failureOfOpen(webSocketRealtime({ WebSocket: Refusing }));
    expect(failure).toMatchObject({ kind: "network", code: "NETWORK_FAILED" });
  });

  test("asks for a class where the platform has none", () => {
    const { WebSocket: own } = globalThis;
    try {
      Reflect.deleteProperty(globalThis, "WebSocket");
      const failure = failureOfOpen(webSocketRealtime());
      expect(failure).toMatchObject({ kind: "unsupported", code: "WEBSOCKET_UNSUPPORTED" });
    } finally {
      globalThis.WebSocket = own;
    }
  });
});
