import * as v from "valibot";
import {
  STREAM_DRAIN_MS,
  STREAM_HELLO_CHARS_MAX,
  STREAM_HELLO_MS,
  STREAM_PING_MS,
  STREAM_WAITING_BYTES,
  STREAMS_MAX,
  STREAMS_PER_ADDRESS_MAX,
  TOKEN_CHARS_MAX,
} from "./limits.ts";
import type { SocketCaller, SocketHandlers, SocketMount, UpgradeServer } from "./mount.ts";
import type { SocketCredentials } from "./sessions.ts";

/** One message to a listener; `status` says why the last one refuses. */
export interface StreamFrame {
  readonly type: string;
  readonly status?: number | undefined;
  readonly data?: unknown;
}

/** What a listener asked for. */
export interface StreamCall {
  readonly credentials: SocketCredentials;
  readonly input: unknown;
  /** Aborted when the listener is gone. */
  readonly signal: AbortSignal;
}

export interface StreamEndpointOptions {
  /** Path on the shared port, without a trailing slash. */
  readonly path: string;
  /** Opens what the listener reads; a refusal is its last frame, never thrown. */
  readonly open: (call: StreamCall) => AsyncIterable<StreamFrame>;
  readonly onFailure: (error: unknown) => void;
  /** How long a listener may take to say who it is. */
  readonly helloMs?: number | undefined;
  /** How often a stream says that it lives. */
  readonly pingMs?: number | undefined;
  /** How long a listener may leave what was sent unread. */
  readonly drainMs?: number | undefined;
}

/** A websocket endpoint that serves one stream per connection. */
export interface StreamEndpoint {
  readonly mount: SocketMount;
  /** Lets every listener go; they will connect again. */
  close(): void;
}

/** The one message of a listener; what it asks for is checked by whoever opens the stream. */
const HelloSchema = v.strictObject({
  type: v.literal("authorize"),
  token: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(TOKEN_CHARS_MAX), v.regex(/^[\x21-\x7e]+$/)))),
  input: v.unknown(),
});

/** Close codes of the protocol itself (RFC 6455, 7.4.1); a refused stream closes with 4000 + its HTTP status. */
const CLOSE = { done: 1000, away: 1001, notText: 1003, policy: 1008, tooLarge: 1009 } as const;
const CLOSE_STATUS = 4_000;

type Peer = Bun.ServerWebSocket<object>;

/** One connection, attached to its websocket; a class, so that it can be told from those of other endpoints. */
class StreamSession {
  readonly gone: AbortController = new AbortController();
  peer: Peer | null = null;
  hasAsked = false;
  helloTimer: ReturnType<typeof setTimeout> | undefined;
  onDrained: () => void = () => undefined;
  constructor(readonly credentials: SocketCredentials) {}
}

interface State {
  readonly options: StreamEndpointOptions;
  readonly sessions: Set<StreamSession>;
}

/**
 * Opens an endpoint whose listeners send one message, `{ type: "authorize", token, input }`, and read frames
 * as JSON texts from then on.
 */
export function createStreamEndpoint(options: StreamEndpointOptions): StreamEndpoint {
  const state: State = { options, sessions: new Set() };
  return {
    mount: {
      paths: [options.path],
      handle: async (request, server, caller) => {
        if (request.headers.get("upgrade")?.toLowerCase() !== "websocket")
          return refuse(426, "websocket only");
        if (isFull(state, caller.clientAddress)) return refuse(503, "too many listeners");
        return upgrade(request, server, caller);
      },
      owns: (data) => data instanceof StreamSession,
      handlers: createHandlers(state),
    },
    close() {
      for (const { gone, peer } of [...state.sessions]) {
        peer?.send(JSON.stringify({ type: "return" }));
        peer?.close(CLOSE.away, "stopping");
        gone.abort();
      }
    },
  };
}

function refuse(status: number, detail: string): Response {
  const headers = { "retry-after": "5", upgrade: "websocket" };
  return Response.json({ detail }, { status, headers });
}

function isFull({ sessions }: State, address: string | null): boolean {
  if (sessions.size >= STREAMS_MAX) return true;
  let count = 0;
  for (const { credentials } of sessions) if (credentials.clientAddress === address) count += 1;
  return count >= STREAMS_PER_ADDRESS_MAX;
}

function upgrade(
  request: Request,
  server: UpgradeServer,
  { clientAddress, baseUrl }: SocketCaller,
): Response | undefined {
  const { headers } = request;
  // A browser sends the cookie along whatever page opens the socket, so only our own pages may use it.
  const cookie = isFromOwnPage(headers.get("origin"), baseUrl) ? headers.get("cookie") : null;
  const authorization = headers.get("authorization");
  const data = new StreamSession({ token: null, authorization, cookie, clientAddress });
  return server.upgrade(request, { data }) ? undefined : refuse(400, "not a websocket handshake");
}

/** Tells whether a handshake comes from a page of this server, or from no page at all. */
function isFromOwnPage(origin: string | null, baseUrl: string): boolean {
  if (origin === null) return true;
  const host = URL.parse(origin)?.host;
  return host !== undefined && host !== "" && host === URL.parse(baseUrl)?.host;
}

function createHandlers(state: State): SocketHandlers {
  const { helloMs = STREAM_HELLO_MS } = state.options;
  return {
    open(peer) {
      const session = sessionOf(peer);
      session.peer = peer;
      state.sessions.add(session);
      session.helloTimer = setTimeout(() => peer.close(CLOSE.policy, "nobody authorized in time"), helloMs);
    },
    message(peer, message) {
      const session = sessionOf(peer);
      const flaw = findFlaw(session, message);
      if (flaw !== null) return peer.close(...flaw);
      session.hasAsked = true;
      clearTimeout(session.helloTimer);
      const hello = v.safeParse(v.pipe(v.string(), v.parseJson(), HelloSchema), message);
      if (!hello.success) return peer.close(CLOSE_STATUS + 400, "the first message is not an authorize");
      const { token = null, input } = hello.output;
      const { signal } = session.gone;
      const frames = state.options.open({ credentials: { ...session.credentials, token }, input, signal });
      serve(state, session, { peer, frames }).catch((error: unknown) => {
        state.options.onFailure(error);
        peer.terminate();
      });
    },
    drain: (peer) => sessionOf(peer).onDrained(),
    close(peer) {
      const session = sessionOf(peer);
      clearTimeout(session.helloTimer);
      state.sessions.delete(session);
      session.gone.abort();
      session.onDrained();
    },
  };
}

function sessionOf(peer: Peer): StreamSession {
  return peer.data as StreamSession;
}

/** Why a message is not even read; null when it may be. */
function findFlaw({ hasAsked }: StreamSession, message: string | Buffer): [number, string] | null {
  if (hasAsked) return [CLOSE.policy, "one message per connection"];
  if (typeof message !== "string") return [CLOSE.notText, "text expected"];
  if (message.length > STREAM_HELLO_CHARS_MAX) return [CLOSE.tooLarge, "message too large"];
  return null;
}

interface Serving {
  readonly peer: Peer;
  readonly frames: AsyncIterable<StreamFrame>;
}

async function serve({ options }: State, session: StreamSession, { peer, frames }: Serving): Promise<void> {
  const { pingMs = STREAM_PING_MS, drainMs = STREAM_DRAIN_MS } = options;
  const { signal } = session.gone;
  const pings = setInterval(() => peer.send('{"type":"ping"}'), pingMs);
  try {
    for await (const frame of frames) {
      if (signal.aborted) break;
      peer.send(JSON.stringify({ ...frame, status: undefined }));
      if (frame.type === "serialized-error") {
        peer.close(CLOSE_STATUS + (frame.status ?? 500), readCode(frame.data));
        break;
      }
      if (frame.type === "return") peer.close(CLOSE.done, "ended");
      if (!signal.aborted && peer.getBufferedAmount() > STREAM_WAITING_BYTES)
        await waitUntilDrained(session, peer, drainMs);
    }
  } finally {
    clearInterval(pings);
  }
}

/** The next frame is asked for once this one went out; a listener that reads nothing is cut, and resumes. */
async function waitUntilDrained(session: StreamSession, peer: Peer, drainMs: number): Promise<void> {
  const timer = setTimeout(() => peer.terminate(), drainMs);
  await new Promise<void>((resolve) => {
    session.onDrained = resolve;
  });
  clearTimeout(timer);
}

function readCode(data: unknown): string {
  const facts: unknown = typeof data === "object" && data !== null && "data" in data ? data.data : null;
  const hasCode = typeof facts === "object" && facts !== null && "code" in facts;
  return hasCode ? String(facts.code) : "INTERNAL";
}
