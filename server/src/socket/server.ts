import type { Socket } from "socket.io";
import { assert } from "../base/assert.ts";
import type { Context } from "../base/context.ts";
import { toAppError } from "../base/errors.ts";
import { ANONYMOUS, type Identity } from "../base/identity.ts";
import type { Events } from "../ports/events/port.ts";
import type { Log } from "../ports/log/port.ts";
import type { BudgetOptions } from "./budget.ts";
import type {
  OpenSocketDoor,
  QuickSocketHandler,
  SocketDoor,
  SocketHandler,
  SocketHub,
  SocketPeer,
} from "./door.ts";
import { type Endpoint, type EndpointOptions, openEndpoint } from "./engine.ts";
import { followEvents } from "./feeds.ts";
import {
  ARGUMENTS_MAX,
  BUDGET_EVENTS,
  BUDGET_WINDOW_MS,
  BUFFERED_CLOSE_BYTES,
  BUFFERED_SKIP_BYTES,
  EVENT_NAME_CHARS_MAX,
  EVENTS_WAITING_MAX,
  SWEEP_MS,
} from "./limits.ts";
import type { SocketMount } from "./mount.ts";
import { createPassing, type Passing, type PassingOptions } from "./passing.ts";
import {
  applyIdentity,
  askAgain,
  createSession,
  type IdentifiedSocket,
  type IdentifySocket,
  isCallerLost,
  readCredentials,
  type SocketCredentials,
  type SocketSession,
  sweepSessions,
} from "./sessions.ts";

/** What a context for one event is made of. */
export interface SocketCallFacts {
  readonly identity: Identity;
  readonly clientAddress: string | null;
  readonly signal: AbortSignal;
}

export interface SocketServerOptions extends Omit<EndpointOptions, "onFailure"> {
  readonly doors: readonly SocketDoor[];
  readonly identify: IdentifySocket;
  readonly createContext: (call: SocketCallFacts) => Context;
  readonly events: Events;
  readonly log: Log;
  /** Events of one socket that are handled, those beyond are refused; and how many of them may wait. */
  readonly eventBudget?: BudgetOptions | undefined;
  readonly eventsWaitingMax?: number | undefined;
  /** Unread bytes of a socket, from which on it is let go. */
  readonly bufferedCloseBytes?: number | undefined;
  /** Events that are passed on between the members of channels; without it there are none. */
  readonly passing?: PassingOptions | undefined;
  /** How often the accounts behind sockets are asked for again. */
  readonly sweepMs?: number | undefined;
}

/** A running Socket.IO server. */
export interface SocketServer {
  readonly mount: SocketMount;
  /** Lets every client go, which will try to connect again, and stops everything. */
  close(): Promise<void>;
}

/** What clients are told in acknowledgements. */
const TOO_MANY_EVENTS = "Too many events";
const UNKNOWN_EVENT = "Unknown event";

interface Arrival extends IdentifiedSocket {
  readonly credentials: SocketCredentials;
}

interface State {
  readonly options: SocketServerOptions;
  readonly endpoint: Endpoint;
  /** Who was found out about sockets that are about to be connected. */
  readonly arrivals: WeakMap<Socket, Arrival>;
  readonly sessions: Map<string, SocketSession>;
  readonly handlers: Map<string, SocketHandler>;
  readonly quickHandlers: Map<string, QuickSocketHandler>;
  readonly passing: Passing | null;
  readonly doors: OpenSocketDoor[];
  readonly report: (error: unknown) => void;
}

/**
 * Opens a Socket.IO server whose doors hear of what happens in every process from the shared log of events, so
 * each process sends to its own sockets and none of them needs to know of the others.
 */
export async function openSocketServer(options: SocketServerOptions): Promise<SocketServer> {
  const report = (error: unknown) => options.log.error("socket failed", { error });
  const endpoint = openEndpoint({ ...options, onFailure: report });
  const arrivals = new WeakMap<Socket, Arrival>();
  const doors: OpenSocketDoor[] = [];
  const { passing } = options;
  const state: State = {
    options,
    endpoint,
    report,
    arrivals,
    sessions: new Map(),
    handlers: new Map(),
    quickHandlers: new Map(),
    passing:
      passing === undefined
        ? null
        : createPassing(endpoint, passing, (packet) => {
            for (const door of doors) door.onPassed?.(packet);
          }),
    doors,
  };
  const stop = new AbortController();
  const hub = createHub(state, stop.signal);
  const stopFeeds: (() => Promise<void>)[] = [];
  for (const door of options.doors) stopFeeds.push(await openDoor(state, door, hub));
  endpoint.io.use((socket, next) => void admit(state, socket).then(() => next(), report));
  endpoint.io.on("connection", (socket) => welcome(state, socket));
  const stopSweeping = startSweeping(state);
  return {
    mount: endpoint.mount,
    async close() {
      stop.abort();
      stopSweeping();
      for (const door of state.doors) await door.close?.();
      await endpoint.close();
      await Promise.all(stopFeeds.map((stopFeed) => stopFeed()));
    },
  };
}

async function openDoor(state: State, door: SocketDoor, hub: SocketHub): Promise<() => Promise<void>> {
  const opened = await door.open(hub);
  state.doors.push(opened);
  for (const [name, handler] of Object.entries(opened.handlers ?? {})) state.handlers.set(name, handler);
  for (const [name, handler] of Object.entries(opened.quickHandlers ?? {})) {
    state.quickHandlers.set(name, handler);
  }
  const { onEvents } = opened;
  if (onEvents === undefined || door.topics.length === 0) return async () => undefined;
  const { events } = state.options;
  return await followEvents({ events, topics: door.topics, onEvents, onFailure: state.report });
}

/** Finds out who connects, before the client is told that it is connected. Nobody is turned away. */
async function admit({ options, endpoint, arrivals, report }: State, socket: Socket): Promise<void> {
  const credentials = readCredentials(socket, endpoint.addressOf(socket));
  try {
    arrivals.set(socket, { credentials, ...(await options.identify(credentials)) });
  } catch (error) {
    // Asked again with the first event that matters.
    report(error);
    arrivals.set(socket, { credentials, identity: ANONYMOUS });
  }
}

function welcome(state: State, socket: Socket): void {
  const arrival = state.arrivals.get(socket);
  assert(arrival !== undefined, "a socket connected without having been admitted");
  const eventBudget = state.options.eventBudget ?? { amount: BUDGET_EVENTS, windowMs: BUDGET_WINDOW_MS };
  const session = createSession(socket, { credentials: arrival.credentials, eventBudget });
  session.recheck = arrival.recheck;
  state.sessions.set(socket.id, session);
  socket.on("disconnect", () => {
    state.sessions.delete(socket.id);
    session.gone.abort();
    state.passing?.leave(socket.id);
    for (const door of state.doors) door.onGone?.(session);
  });
  for (const door of state.doors) door.onCame?.(session);
  socket.onAny((name: unknown, ...args: unknown[]) => {
    receive(state, session, { name, args });
  });
  follow(state, session, arrival.identity);
}

function greet({ doors, report }: State, session: SocketSession): void {
  for (const door of doors) void door.onIdentified?.(session).catch(report);
}

function follow(state: State, session: SocketSession, identity: Identity): void {
  if (session.gone.signal.aborted) return;
  const change = applyIdentity(session, identity);
  if (change === "lost") session.socket.disconnect(true);
  if (change === "identified") greet(state, session);
}

interface ReceivedEvent {
  readonly name: unknown;
  readonly args: readonly unknown[];
}

type Acknowledge = (...args: readonly unknown[]) => void;

/** Puts an event behind those of the same socket that came before it. */
function receive(state: State, session: SocketSession, { name, args }: ReceivedEvent): void {
  const last = args.at(-1);
  const hasAck = typeof last === "function";
  const acknowledge: Acknowledge = hasAck ? (last as Acknowledge) : () => undefined;
  if (typeof name === "string" && state.passing?.has(name)) {
    state.passing.passEvent(session.id, name, (hasAck ? args.slice(0, -1) : args).slice(0, 1));
    acknowledge();
    return;
  }
  const waitingMax = state.options.eventsWaitingMax ?? EVENTS_WAITING_MAX;
  if (!session.events.take(1, performance.now()) || session.waiting >= waitingMax) {
    acknowledge(TOO_MANY_EVENTS);
    return;
  }
  const isName = typeof name === "string" && name.length <= EVENT_NAME_CHARS_MAX;
  const handler = isName ? state.handlers.get(name) : undefined;
  const quick = isName ? state.quickHandlers.get(name) : undefined;
  const payload = hasAck && args.length === 1 ? undefined : args[0];
  if (quick !== undefined && args.length <= ARGUMENTS_MAX) {
    acknowledge(...handleAtOnce(state, () => quick(session, payload)));
    return;
  }
  if (handler === undefined || args.length > ARGUMENTS_MAX) {
    acknowledge(UNKNOWN_EVENT);
    return;
  }
  session.waiting += 1;
  session.tail = session.tail.then(async () => {
    await handle(state, session, { handler, payload, acknowledge });
    session.waiting -= 1;
  });
}

function handleAtOnce({ report }: State, run: () => readonly unknown[]): readonly unknown[] {
  try {
    return run();
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === "internal") report(thrown);
    return [error.message];
  }
}

interface HandledEvent {
  readonly handler: SocketHandler;
  readonly payload: unknown;
  readonly acknowledge: Acknowledge;
}

async function handle(state: State, session: SocketSession, event: HandledEvent): Promise<void> {
  const identity = await callerOf(state, session);
  const isLost = isCallerLost(session, identity);
  if (!isLost) follow(state, session, identity);
  if (session.gone.signal.aborted) return;
  try {
    const ctx = contextOf(state, session, isLost ? ANONYMOUS : identity);
    const reply = (name: string, ...args: readonly unknown[]) => void session.socket.emit(name, ...args);
    event.acknowledge(...(await event.handler({ ctx, peer: session, payload: event.payload, reply })));
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.kind === "internal") state.report(thrown);
    event.acknowledge(error.message);
  }
  // Whoever lost their account was told the refusal first.
  if (isLost) follow(state, session, identity);
}

/** Who the caller is by now; who it was before while nobody can be asked. */
async function callerOf({ options, report }: State, session: SocketSession): Promise<Identity> {
  try {
    return await askAgain(session, options.identify);
  } catch (error) {
    report(error);
    return session.identity;
  }
}

function contextOf({ options }: State, session: SocketSession, identity: Identity): Context {
  const { clientAddress } = session.credentials;
  return options.createContext({ identity, clientAddress, signal: session.gone.signal });
}

function createHub(state: State, signal: AbortSignal): SocketHub {
  const { options, endpoint, sessions } = state;
  const { io } = endpoint;
  const send: SocketHub["send"] = (peers, { event, args, canSkip }) => {
    const ids = peers.filter((peer) => isReady(state, peer, canSkip === true)).map((peer) => peer.id);
    // Encoded once for all of them; never handed to other processes, which hear of it by themselves.
    if (ids.length > 0) io.local.to(ids).emit(event, ...args);
  };
  const createContext = (identity: Identity) =>
    options.createContext({ identity, clientAddress: null, signal });
  return {
    ctx: createContext(ANONYMOUS),
    listPeers: () => [...sessions.values()],
    contextOf: (peer) => createContext(peer.identity),
    send,
    sendToIds(ids, message) {
      send(
        ids.flatMap((id) => sessions.get(id) ?? []),
        message,
      );
    },
    end(ids) {
      for (const id of ids) sessions.get(id)?.socket.disconnect(true);
    },
    enterChannel(id, channel) {
      const session = sessions.get(id);
      if (session !== undefined) state.passing?.enter(id, session.socket, channel);
    },
    leaveChannel(id, channel) {
      if (state.passing?.channelOf(id) === channel) state.passing.leave(id);
    },
    passFrames: (packet) => state.passing?.passFrames(packet),
    sendToRooms(rooms, message) {
      const ids = new Set(rooms.flatMap((room) => [...(io.sockets.adapter.rooms.get(room) ?? [])]));
      send(
        [...ids].flatMap((id) => sessions.get(id) ?? []),
        message,
      );
    },
  };
}

/** Tells whether a socket takes one more message; one that reads far too slowly is let go. */
function isReady({ options, endpoint, sessions }: State, { id }: SocketPeer, canSkip: boolean): boolean {
  const closeBytes = options.bufferedCloseBytes ?? BUFFERED_CLOSE_BYTES;
  const session = sessions.get(id);
  if (session === undefined) return false;
  const bytes = endpoint.bufferedBytes(session.socket);
  if (bytes > closeBytes) endpoint.cut(session.socket);
  return bytes <= (canSkip ? BUFFERED_SKIP_BYTES : closeBytes);
}

function startSweeping(state: State): () => void {
  let isSweeping = false;
  const timer = setInterval(() => {
    if (isSweeping) return;
    isSweeping = true;
    const { identify } = state.options;
    const onAnswer = (session: SocketSession, identity: Identity) => follow(state, session, identity);
    void sweepSessions(state.sessions.values(), identify, onAnswer).finally(() => {
      isSweeping = false;
    });
  }, state.options.sweepMs ?? SWEEP_MS);
  timer.unref();
  return () => clearInterval(timer);
}
