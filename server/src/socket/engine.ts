import { Server as Engine } from "@socket.io/bun-engine";
import { type Socket, Server as SocketIo } from "socket.io";
import { type Budget, createBudget } from "./budget.ts";
import {
  BUDGET_BYTES,
  BUDGET_MESSAGES,
  BUDGET_WINDOW_MS,
  CLOSE_MS,
  CONNECT_TIMEOUT_MS,
  MESSAGE_BYTES_MAX,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
  SESSIONS_MAX,
  SESSIONS_PER_ADDRESS_MAX,
} from "./limits.ts";
import type { SocketHandlers, SocketMount, UpgradeServer } from "./mount.ts";

export interface EndpointOptions {
  /** Path on the shared port, without a trailing slash. */
  readonly path: string;
  readonly pingIntervalMs?: number | undefined;
  readonly pingTimeoutMs?: number | undefined;
  /** Told of what broke in a library; the session it broke in is closed. */
  readonly onFailure: (error: unknown) => void;
}

/** A Socket.IO server on the shared port, without anything to say yet. */
export interface Endpoint {
  readonly io: SocketIo;
  readonly mount: SocketMount;
  /** The network address behind a socket; null when unknown. */
  addressOf(socket: Socket): string | null;
  /** Bytes written to a socket that its client has not taken yet. */
  bufferedBytes(socket: Socket): number;
  /** Cuts the connection without waiting for what is written. */
  cut(socket: Socket): void;
  close(): Promise<void>;
}

type Transport = object & { close(): void };

/** A session as the engine keeps it, with the part of it that its types call private. */
interface EngineSession {
  readonly id: string;
  readonly transport: Transport;
  readonly writeBuffer: readonly { readonly data?: unknown }[];
  once(event: "close", listener: () => void): unknown;
}

/** Close codes of the websocket protocol. */
const POLICY_VIOLATION = 1008;
const MESSAGE_TOO_BIG = 1009;

interface Books {
  /** By the engine's session id. */
  readonly sessions: Map<string, EngineSession>;
  readonly perAddress: Map<string, number>;
  readonly addresses: WeakMap<object, string>;
  readonly webSockets: WeakMap<object, Bun.ServerWebSocket<object>>;
  /** Of our own upgrades: how a connection of this endpoint is told from others, and what it may still send. */
  readonly budgets: WeakMap<object, ClientBudget>;
}

/** Opens the endpoint; the port's owner mounts it. */
export function openEndpoint(options: EndpointOptions): Endpoint {
  const engine = new Engine({
    path: `${options.path}/`,
    pingInterval: options.pingIntervalMs ?? PING_INTERVAL_MS,
    pingTimeout: options.pingTimeoutMs ?? PING_TIMEOUT_MS,
    maxHttpBufferSize: MESSAGE_BYTES_MAX,
  });
  const io = new SocketIo({ serveClient: false, connectTimeout: CONNECT_TIMEOUT_MS });
  const books: Books = {
    sessions: new Map(),
    perAddress: new Map(),
    addresses: new WeakMap(),
    webSockets: new WeakMap(),
    budgets: new WeakMap(),
  };
  engine.on("connection", (session, request) =>
    noteSession(books, session as unknown as EngineSession, request),
  );
  io.bind(engine as never);
  const sessionOf = (socket: Socket) => socket.conn as unknown as EngineSession;
  return {
    io,
    mount: {
      paths: [options.path],
      handle: (request, server, { clientAddress }) =>
        handleRequest({ engine, books, server }, request, clientAddress),
      owns: (data) => isOurs(data) && books.budgets.has(data.transport),
      handlers: createHandlers(engine, books, options.onFailure),
    },
    addressOf: (socket) => books.addresses.get(sessionOf(socket)) ?? null,
    bufferedBytes(socket) {
      const { transport, writeBuffer } = sessionOf(socket);
      const onWire = books.webSockets.get(transport)?.getBufferedAmount() ?? 0;
      return writeBuffer.reduce(
        (sum, { data }) => sum + (typeof data === "string" ? data.length : 0),
        onWire,
      );
    },
    cut: (socket) => sessionOf(socket).transport.close(),
    async close() {
      await io.close();
      await waitUntilEmpty(books.sessions);
      // A client that does not poll any more would keep its session and its timers.
      for (const { transport } of books.sessions.values()) transport.close();
    },
  };
}

async function waitUntilEmpty(sessions: ReadonlyMap<string, unknown>): Promise<void> {
  const endsAtMs = performance.now() + CLOSE_MS;
  while (sessions.size > 0 && performance.now() < endsAtMs) await Bun.sleep(10);
}

function noteSession(books: Books, session: EngineSession, request: Request): void {
  const address = books.addresses.get(request) ?? "";
  books.addresses.set(session, address);
  books.sessions.set(session.id, session);
  books.perAddress.set(address, (books.perAddress.get(address) ?? 0) + 1);
  books.budgets.set(session, createClientBudget());
  session.once("close", () => {
    books.sessions.delete(session.id);
    const left = (books.perAddress.get(address) ?? 1) - 1;
    if (left > 0) books.perAddress.set(address, left);
    else books.perAddress.delete(address);
  });
}

/** What one client may send within a span of time. */
interface ClientBudget {
  take(bytes: number): boolean;
}

function createClientBudget(): ClientBudget {
  const bytesLeft: Budget = createBudget({ amount: BUDGET_BYTES, windowMs: BUDGET_WINDOW_MS });
  const messagesLeft: Budget = createBudget({ amount: BUDGET_MESSAGES, windowMs: BUDGET_WINDOW_MS });
  return {
    take(bytes) {
      const nowMs = performance.now();
      return messagesLeft.take(1, nowMs) && bytesLeft.take(bytes, nowMs);
    },
  };
}

interface Desk {
  readonly engine: Engine;
  readonly books: Books;
  readonly server: UpgradeServer;
}

async function handleRequest(
  { engine, books, server }: Desk,
  request: Request,
  clientAddress: string | null,
): Promise<Response> {
  const sessionId = new URL(request.url).searchParams.get("sid");
  if (sessionId === null && isFull(books, clientAddress)) return refuse(503, "too many open sockets");
  if (clientAddress !== null) books.addresses.set(request, clientAddress);
  const admitted = request.method === "POST" ? await admitBody(books, request, sessionId) : request;
  if (admitted instanceof Response) return admitted;
  const upgrade = (asked: Request, options: { readonly data: { readonly transport: object } }) => {
    books.budgets.set(options.data.transport, createClientBudget());
    return server.upgrade(asked, options as never);
  };
  // The engine uses nothing else of the server.
  return await engine.handleRequest(admitted, { upgrade } as never);
}

function isFull({ sessions, perAddress }: Books, address: string | null): boolean {
  return (
    sessions.size >= SESSIONS_MAX ||
    (address !== null && (perAddress.get(address) ?? 0) >= SESSIONS_PER_ADDRESS_MAX)
  );
}

/** The engine would read a body of any length, and the port lets large ones through. */
async function admitBody(
  { sessions, budgets }: Books,
  request: Request,
  sessionId: string | null,
): Promise<Request | Response> {
  const session = sessionId === null ? undefined : sessions.get(sessionId);
  // Answered by the engine without its body, which nobody needs to read.
  if (session === undefined) return new Request(request.url, { method: "POST" });
  const text = await readText(request).catch((error: unknown) => {
    // A client that went away while it sent; anything else is not expected.
    if (request.signal.aborted) return null;
    throw error;
  });
  if (text === null || budgets.get(session)?.take(Buffer.byteLength(text)) !== true) {
    session.transport.close();
    return text === null ? refuse(413, "message too large") : refuse(429, "too many messages");
  }
  return new Request(request.url, { method: "POST", body: text, signal: request.signal });
}

async function readText(request: Request): Promise<string | null> {
  const declaredBytes = Number(request.headers.get("content-length") ?? 0);
  if (declaredBytes > MESSAGE_BYTES_MAX) return null;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request.body ?? []) {
    bytes += part.byteLength;
    if (bytes > MESSAGE_BYTES_MAX) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** In the form of the engine's own refusals, which clients report as a failed connection and try again. */
function refuse(status: number, message: string): Response {
  return Response.json({ code: 4, message }, { status });
}

function isOurs(data: unknown): data is { readonly transport: object } {
  return (
    typeof data === "object" && data !== null && "transport" in data && typeof data.transport === "object"
  );
}

function createHandlers(
  engine: Engine,
  { webSockets, budgets }: Books,
  onFailure: (error: unknown) => void,
): SocketHandlers {
  const transportOf = (socket: Bun.ServerWebSocket<object>) =>
    (socket.data as { transport: object }).transport;
  return {
    open(socket) {
      webSockets.set(transportOf(socket), socket);
      engine.onWebSocketOpen(socket as never);
    },
    message(socket, message) {
      const bytes = typeof message === "string" ? Buffer.byteLength(message) : message.byteLength;
      if (bytes > MESSAGE_BYTES_MAX) return void socket.close(MESSAGE_TOO_BIG, "message too large");
      if (budgets.get(transportOf(socket))?.take(bytes) !== true) {
        return void socket.close(POLICY_VIOLATION, "too many messages");
      }
      try {
        engine.onWebSocketMessage(socket as never, message as never);
      } catch (error) {
        onFailure(error);
        socket.close(POLICY_VIOLATION, "not understood");
      }
    },
    close: (socket, code, reason) => engine.onWebSocketClose(socket as never, code, reason),
  };
}
