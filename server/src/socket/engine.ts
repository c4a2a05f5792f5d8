import { Server as Engine } from "@socket.io/bun-engine";
import { type Socket, Server as SocketIo } from "socket.io";
import { type Budget, type BudgetOptions, createBudget } from "./budget.ts";
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
  /** Paths on the shared port, without a trailing slash; all of them lead to the same sockets. */
  readonly paths: readonly string[];
  readonly pingIntervalMs?: number | undefined;
  readonly pingTimeoutMs?: number | undefined;
  /** Largest message or polling body, in bytes. */
  readonly messageBytesMax?: number | undefined;
  /** What one session may send. */
  readonly messageBudget?: BudgetOptions | undefined;
  readonly byteBudget?: BudgetOptions | undefined;
  readonly sessionsPerAddressMax?: number | undefined;
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
  /** The session of a socket, for whoever writes whole frames to it. */
  sessionOf(socket: Socket): EngineSession;
  /** The websocket a session uses now; null while it polls, or is about to change over. */
  linkOf(session: EngineSession): Link | null;
  close(): Promise<void>;
}

type Transport = object & { close(): void };

/** A session as the engine keeps it, with the part of it that its types call private. */
export interface EngineSession {
  readonly id: string;
  readonly transport: Transport;
  readonly writeBuffer: readonly { readonly data?: unknown }[];
  write(data: string | Uint8Array): unknown;
  once(event: "close" | "upgrade", listener: () => void): unknown;
}

/** Looks at a message before the engine does; true when the engine need not see it. */
export type TakeMessage = (link: Link, message: string | Buffer, bytes: number) => boolean;

/** What is attached to a websocket of ours; a class, so that it can be told from those of other endpoints. */
export class Link {
  peer: Bun.ServerWebSocket<object> | null = null;
  /** Set while somebody wants to see its messages first. */
  take: TakeMessage | null = null;
  onDrained: (() => void) | null = null;
  constructor(
    readonly books: Books,
    readonly transport: Transport,
    readonly budget: ClientBudget,
  ) {}
}

/** Close codes of the websocket protocol. */
const POLICY_VIOLATION = 1008;
const MESSAGE_TOO_BIG = 1009;

interface Books {
  readonly options: EndpointOptions;
  readonly messageBytesMax: number;
  /** By the engine's session id. */
  readonly sessions: Map<string, EngineSession>;
  readonly perAddress: Map<string, number>;
  readonly addresses: WeakMap<object, string>;
  /** By the engine's transport. */
  readonly links: WeakMap<object, Link>;
  /** What a session may still send by polling. */
  readonly budgets: WeakMap<object, ClientBudget>;
}

/** Opens the endpoint; the port's owner mounts it. */
export function openEndpoint(options: EndpointOptions): Endpoint {
  const messageBytesMax = options.messageBytesMax ?? MESSAGE_BYTES_MAX;
  const engine = new Engine({
    path: `${options.paths[0] ?? ""}/`,
    pingInterval: options.pingIntervalMs ?? PING_INTERVAL_MS,
    pingTimeout: options.pingTimeoutMs ?? PING_TIMEOUT_MS,
    maxHttpBufferSize: messageBytesMax,
  });
  const io = new SocketIo({ serveClient: false, connectTimeout: CONNECT_TIMEOUT_MS });
  const books: Books = {
    options,
    messageBytesMax,
    sessions: new Map(),
    perAddress: new Map(),
    addresses: new WeakMap(),
    links: new WeakMap(),
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
      paths: options.paths,
      handle: (request, server, { clientAddress }) =>
        handleRequest({ engine, books, server }, request, clientAddress),
      owns: (data) => data instanceof Link && data.books === books,
      handlers: createHandlers(engine, books),
    },
    addressOf: (socket) => books.addresses.get(sessionOf(socket)) ?? null,
    bufferedBytes: (socket) => countBuffered(books, sessionOf(socket)),
    cut: (socket) => sessionOf(socket).transport.close(),
    sessionOf,
    linkOf(session) {
      const link = books.links.get(session.transport);
      return link === undefined || link.peer === null ? null : link;
    },
    async close() {
      await io.close();
      await waitUntilEmpty(books.sessions);
      // A client that does not poll any more would keep its session and its timers.
      for (const { transport } of books.sessions.values()) transport.close();
    },
  };
}

function countBuffered({ links }: Books, { transport, writeBuffer }: EngineSession): number {
  const onWire = links.get(transport)?.peer?.getBufferedAmount() ?? 0;
  return writeBuffer.reduce((sum, { data }) => sum + countBytes(data), onWire);
}

function countBytes(data: unknown): number {
  if (typeof data === "string") return data.length;
  return data instanceof Uint8Array ? data.byteLength : 0;
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
  books.budgets.set(session, createClientBudget(books.options));
  session.once("close", () => {
    books.sessions.delete(session.id);
    const left = (books.perAddress.get(address) ?? 1) - 1;
    if (left > 0) books.perAddress.set(address, left);
    else books.perAddress.delete(address);
  });
}

/** What one client may send within a span of time. */
interface ClientBudget {
  take(bytes: number, messages: number): boolean;
}

function createClientBudget({ byteBudget, messageBudget }: EndpointOptions): ClientBudget {
  const bytesLeft: Budget = createBudget(byteBudget ?? { amount: BUDGET_BYTES, windowMs: BUDGET_WINDOW_MS });
  const messagesLeft: Budget = createBudget(
    messageBudget ?? { amount: BUDGET_MESSAGES, windowMs: BUDGET_WINDOW_MS },
  );
  return {
    take(bytes, messages) {
      const nowMs = performance.now();
      return messagesLeft.take(messages, nowMs) && bytesLeft.take(bytes, nowMs);
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
  const upgrade = (asked: Request, options: { readonly data: { readonly transport: Transport } }) => {
    const { transport } = options.data;
    const link = new Link(books, transport, createClientBudget(books.options));
    books.links.set(transport, link);
    return server.upgrade(asked, { ...options, data: link } as never);
  };
  // The engine uses nothing else of the server.
  return await engine.handleRequest(admitted, { upgrade } as never);
}

function isFull({ sessions, perAddress, options }: Books, address: string | null): boolean {
  const perAddressMax = options.sessionsPerAddressMax ?? SESSIONS_PER_ADDRESS_MAX;
  return (
    sessions.size >= SESSIONS_MAX || (address !== null && (perAddress.get(address) ?? 0) >= perAddressMax)
  );
}

/** The engine would read a body of any length, and the port lets large ones through. */
async function admitBody(
  { sessions, budgets, messageBytesMax }: Books,
  request: Request,
  sessionId: string | null,
): Promise<Request | Response> {
  const session = sessionId === null ? undefined : sessions.get(sessionId);
  // Answered by the engine without its body, which nobody needs to read.
  if (session === undefined) return new Request(request.url, { method: "POST" });
  const text = await readText(request, messageBytesMax).catch((error: unknown) => {
    // A client that went away while it sent; anything else is not expected.
    if (request.signal.aborted) return null;
    throw error;
  });
  if (text === null || budgets.get(session)?.take(Buffer.byteLength(text), countPackets(text)) !== true) {
    session.transport.close();
    return text === null ? refuse(413, "message too large") : refuse(429, "too many messages");
  }
  return new Request(request.url, { method: "POST", body: text, signal: request.signal });
}

/** What stands between the packets of a polling body. */
const SEPARATOR = "\x1e";

function countPackets(body: string): number {
  let count = 1;
  for (let at = body.indexOf(SEPARATOR); at >= 0; at = body.indexOf(SEPARATOR, at + 1)) count += 1;
  return count;
}

async function readText(request: Request, bytesMax: number): Promise<string | null> {
  const declaredBytes = Number(request.headers.get("content-length") ?? 0);
  if (declaredBytes > bytesMax) return null;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request.body ?? []) {
    bytes += part.byteLength;
    if (bytes > bytesMax) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** In the form of the engine's own refusals, which clients report as a failed connection and try again. */
function refuse(status: number, message: string): Response {
  return Response.json({ code: 4, message }, { status });
}

function createHandlers(engine: Engine, { options, messageBytesMax }: Books): SocketHandlers {
  return {
    open(socket) {
      (socket.data as Link).peer = socket;
      engine.onWebSocketOpen(socket as never);
    },
    message(socket, message) {
      const link = socket.data as Link;
      const bytes = typeof message === "string" ? Buffer.byteLength(message) : message.byteLength;
      if (bytes > messageBytesMax) return void socket.close(MESSAGE_TOO_BIG, "message too large");
      if (!link.budget.take(bytes, 1)) return void socket.close(POLICY_VIOLATION, "too many messages");
      if (link.take?.(link, message, bytes)) return;
      try {
        engine.onWebSocketMessage(socket as never, message as never);
      } catch (error) {
        options.onFailure(error);
        socket.close(POLICY_VIOLATION, "not understood");
      }
    },
    drain: (socket) => (socket.data as Link).onDrained?.(),
    close(socket, code, reason) {
      (socket.data as Link).peer = null;
      engine.onWebSocketClose(socket as never, code, reason);
    },
  };
}
