import { TestFailure, type TestServer, toFailureData } from "./test-server.ts";

/** One websocket of the test server. */
export interface EventSocketData {
  readonly request: Request;
  readonly gone: AbortController;
}

/** The event stream of a test server over websockets. */
export interface TestEventSocket {
  isHandshake(request: Request): boolean;
  /** Upgrades a request, unless the test server answers in its place. */
  answer(request: Request, bun: Bun.Server<EventSocketData>): Promise<Response | undefined>;
  readonly handler: Bun.WebSocketHandler<EventSocketData>;
}

interface Hello {
  readonly token: string | null;
  readonly input: { readonly topics: readonly string[]; readonly lastEventId: string | null };
}

/** Serves the log of a test server as the real server does. */
export function createTestEventSocket(server: TestServer): TestEventSocket {
  return {
    isHandshake: (request) => new URL(request.url).pathname === "/ws/events",
    async answer(request, bun) {
      const answer = await server.intercept(request);
      if (answer !== undefined) return answer;
      return bun.upgrade(request, { data: { request, gone: new AbortController() } })
        ? undefined
        : new Response(null, { status: 426 });
    },
    handler: {
      async message(socket, message) {
        const hello = JSON.parse(String(message)) as Hello;
        noteRequest(server, hello);
        for await (const frame of follow(server, hello, socket.data)) socket.send(JSON.stringify(frame));
        socket.close();
      },
      close: (socket) => socket.data.gone.abort(),
    },
  };
}

/** A listener's message counts as the request that it stands for. */
function noteRequest({ requests }: TestServer, { token, input }: Hello): void {
  const headers = new Headers(token === null ? {} : { authorization: `Bearer ${token}` });
  const search = new URLSearchParams({ input: JSON.stringify(input) });
  requests.push({ method: "GET", path: "/ws/events", search, headers });
}

async function* follow(server: TestServer, { token, input }: Hello, { request, gone }: EventSocketData) {
  try {
    await server.beforeCall("events", { token, request });
    if (server.tokens !== null && !server.tokens.has(token ?? "")) {
      throw new TestFailure("unauthenticated", "AUTH_REQUIRED");
    }
    yield { type: "connected" };
    for await (const event of server.log.follow(input.topics, input.lastEventId, gone.signal)) {
      yield { type: "message", id: event.id, data: event };
    }
    yield { type: "return" };
  } catch (cause) {
    if (!(cause instanceof TestFailure)) throw cause;
    yield { type: "serialized-error", data: { message: cause.message, data: toFailureData(cause) } };
  }
}
