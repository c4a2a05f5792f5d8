import { activityDoor } from "../activity/socket.ts";
import type { Context, Ports } from "../base/context.ts";
import { AppError, isAppError } from "../base/errors.ts";
import type { Facts } from "../base/facts.ts";
import { createRequestId } from "../base/ids.ts";
import { callOperation } from "../base/operation.ts";
import { toErrorResponse } from "../http/error-response.ts";
import type { ResponseCache } from "../http/response-cache.ts";
import { logsDoor } from "../logs/socket.ts";
import { toRoomsWire } from "../netplay/rooms/wire.ts";
import { listGameRoomsOpenly } from "../netplay/service.ts";
import { netplayDoor, netplayServerOptions } from "../netplay/socket.ts";
import { permissionsDoor } from "../permissions/socket.ts";
import { createSubscriptions } from "../rpc/frames.ts";
import { scanDoor } from "../scan/socket.ts";
import type { SocketDoor } from "../socket/door.ts";
import type { SocketMount } from "../socket/mount.ts";
import { openSocketServer, type SocketCallFacts } from "../socket/server.ts";
import type { IdentifySocket } from "../socket/sessions.ts";
import { createStreamEndpoint, type StreamEndpoint } from "../socket/streams.ts";
import { syncDoor } from "../sync/socket.ts";
import { createGate } from "./gate.ts";
import { openRelayRooms } from "./relay-rooms.ts";
import { appRouter } from "./trpc.ts";

/** Where clients of the compatible API expect its Socket.IO server. */
const MAIN_PATH = "/ws/socket.io";
/** Where pages of EmulatorJS look for rooms when nobody told them of the compatible route. */
const ROOM_LIST_PATH = "/list";
/** The event stream, for pages that are open in more tabs than a browser has connections to spare. */
const EVENTS_PATH = "/ws/events";

/** What each domain does on the main Socket.IO server. */
const mainDoors: readonly SocketDoor[] = [scanDoor, permissionsDoor, logsDoor, syncDoor, activityDoor];

export interface SocketsOptions {
  readonly ports: Ports;
  readonly facts: Facts;
  /** Kept answers; null keeps none. */
  readonly cache: ResponseCache | null;
}

/** The open endpoints of the port. */
export interface OpenSockets {
  readonly mounts: readonly SocketMount[];
  /** Lets every client go and stops everything; before the ports close. */
  close(): Promise<void>;
}

/** Opens every socket endpoint; the dispatcher mounts them. */
export async function openSockets(options: SocketsOptions): Promise<OpenSockets> {
  const { ports, facts, cache } = options;
  const createContext: CreateSocketContext = (call) => ({
    ports,
    facts,
    db: ports.database,
    ...call,
    requestId: createRequestId(),
    noteWrite: () => cache?.invalidate(),
    raise: ports.events.raise,
  });
  const identify = createIdentify(options);
  const main = await openSocketServer({
    paths: [MAIN_PATH],
    doors: mainDoors,
    identify,
    createContext,
    events: ports.events,
    log: ports.log,
  });
  const netplay = await openSocketServer({
    ...netplayServerOptions(facts.netplay),
    doors: [netplayDoor],
    identify,
    createContext,
    events: ports.events,
    log: ports.log,
  });
  const events = openEventSockets({ ports, identify, createContext });
  const relayRooms = openRelayRooms({ ports, facts });
  return {
    // The one with most messages first, since each is looked up.
    mounts: [
      relayRooms.mount,
      netplay.mount,
      main.mount,
      events.mount,
      mountRoomList({ ports, identify, createContext }),
    ],
    async close() {
      events.close();
      await relayRooms.close();
      await netplay.close();
      await main.close();
    },
  };
}

type CreateSocketContext = (call: SocketCallFacts & Pick<Context, "recheck">) => Context;

interface EventSocketsOptions {
  readonly ports: Ports;
  readonly identify: IdentifySocket;
  readonly createContext: CreateSocketContext;
}

/** Serves the subscription `events` of the typed door over websockets as well. */
function openEventSockets({ ports, identify, createContext }: EventSocketsOptions): StreamEndpoint {
  const report = (error: unknown, path?: string) => ports.log.error("socket failed", { error, path });
  const subscribe = createSubscriptions({ router: appRouter, onFailure: report });
  return createStreamEndpoint({
    path: EVENTS_PATH,
    onFailure: report,
    open: ({ credentials, input, signal }) =>
      subscribe({
        path: "events",
        input,
        signal,
        async readContext() {
          const { identity, recheck } = await identify(credentials);
          if (recheck === undefined) {
            const message = "cannot find out who calls";
            throw new AppError("unavailable", "DATABASE_AWAY", { message });
          }
          return createContext({ identity, recheck, clientAddress: credentials.clientAddress, signal });
        },
      }),
  });
}

/** Answers the list of rooms where pages ask for it that take us for a netplay server alone. */
function mountRoomList({ identify, createContext }: EventSocketsOptions): SocketMount {
  return {
    paths: [ROOM_LIST_PATH],
    owns: () => false,
    handlers: { message: () => undefined },
    async handle(request, _server, { clientAddress }) {
      const { headers, signal, url, method } = request;
      if (method !== "GET") return Response.json({ detail: "Method Not Allowed" }, { status: 405 });
      const gameId = new URL(url).searchParams.get("game_id");
      if (!gameId) return Response.json({});
      const authorization = headers.get("authorization");
      const cookie = headers.get("cookie");
      const { identity } = await identify({ token: null, authorization, cookie, clientAddress });
      const ctx = createContext({ identity, clientAddress, signal });
      try {
        return Response.json(toRoomsWire(await callOperation(listGameRoomsOpenly, ctx, () => ({ gameId }))));
      } catch (error) {
        if (!isAppError(error)) throw error;
        return toErrorResponse(error, { pathNames: [], hasBody: false });
      }
    },
  };
}

/** Shows what a handshake brought to the gate that every request passes. */
function createIdentify({ ports, facts }: SocketsOptions): IdentifySocket {
  const addresses = new WeakMap<Request, string>();
  const gate = createGate({ ports, facts, clientAddressOf: (request) => addresses.get(request) ?? null });
  return async ({ token, authorization, cookie, clientAddress }) => {
    const headers = new Headers();
    const proof = token === null ? authorization : `Bearer ${token}`;
    if (proof !== null) headers.set("authorization", proof);
    if (cookie !== null) headers.set("cookie", cookie);
    // A reading request: nothing that a foreign page could have made a browser change.
    const request = new Request(`http://localhost${MAIN_PATH}/`, { headers });
    if (clientAddress !== null) addresses.set(request, clientAddress);
    const { identity, recheck } = await gate.enter(request);
    return { identity, recheck };
  };
}
