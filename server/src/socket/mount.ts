import { assert } from "../base/assert.ts";

/** What Bun offers for turning a request into a websocket. */
export type UpgradeServer = Pick<Bun.Server<object>, "upgrade" | "requestIP" | "timeout">;

/** Who asks, as seen through trusted proxies. */
export interface SocketCaller {
  /** Null when unknown. */
  readonly clientAddress: string | null;
  /** The address that the caller uses for the root of the server. */
  readonly baseUrl: string;
}

/** One raw or Socket.IO endpoint on the shared port. */
export interface SocketMount {
  /** Paths it answers, without a trailing slash; one more slash is accepted. */
  readonly paths: readonly string[];
  /**
   * Answers a request, or upgrades it and returns undefined.
   */
  handle(request: Request, server: UpgradeServer, caller: SocketCaller): Promise<Response | undefined>;
  /** Recognises its own connections by the data their upgrade attached. */
  owns(data: unknown): boolean;
  readonly handlers: SocketHandlers;
}

/** Bun's websocket callbacks of one endpoint. */
export interface SocketHandlers {
  open?(socket: Bun.ServerWebSocket<object>): void;
  message(socket: Bun.ServerWebSocket<object>, message: string | Buffer): void;
  drain?(socket: Bun.ServerWebSocket<object>): void;
  close?(socket: Bun.ServerWebSocket<object>, code: number, reason: string): void;
}

/** Largest websocket message: snapshots of bigger cores. */
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** Bytes that wait for a client, from which on the runtime lets it go; endpoints do so with less. */
const BACKPRESSURE_BYTES_MAX = 3 * MESSAGE_BYTES_MAX;
/** Seconds of silence after which a connection is closed; endpoints ping more often. */
const IDLE_SECONDS = 120;

/** Finds the endpoint of a path; null when it is none. */
export function findMount(mounts: readonly SocketMount[], path: string): SocketMount | null {
  const plain = path.endsWith("/") ? path.slice(0, -1) : path;
  return mounts.find((mount) => mount.paths.includes(plain)) ?? null;
}

/**
 * Makes the one websocket object of the port: a server has a single one, so each event goes to the endpoint
 * that owns the connection.
 * @param readMounts The endpoints, which are attached only once the database is there.
 */
export function createSocketSwitch(readMounts: () => readonly SocketMount[]): Bun.WebSocketHandler<object> {
  const ownerOf = (socket: Bun.ServerWebSocket<object>): SocketHandlers => {
    const mount = readMounts().find((each) => each.owns(socket.data));
    assert(mount !== undefined, "a websocket belongs to no endpoint");
    return mount.handlers;
  };
  return {
    maxPayloadLength: MESSAGE_BYTES_MAX,
    idleTimeout: IDLE_SECONDS,
    backpressureLimit: BACKPRESSURE_BYTES_MAX,
    // A message that is left out would leave attachments without their packet.
    closeOnBackpressureLimit: true,
    // Inputs are tiny and many: compressing them costs more than it saves.
    perMessageDeflate: false,
    open: (socket) => ownerOf(socket).open?.(socket),
    message: (socket, message) => ownerOf(socket).message(socket, message),
    drain: (socket) => ownerOf(socket).drain?.(socket),
    close: (socket, code, reason) => ownerOf(socket).close?.(socket, code, reason),
  };
}
