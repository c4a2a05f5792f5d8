import type { Ports } from "../../base/context.ts";
import { AppError, toAppError } from "../../base/errors.ts";
import { countAttempt, takeBackAttempt } from "../../base/rate-limit.ts";
import { FAILURES_WINDOW_MS, IDLE_MS, JOINS_WAITING_MAX, OPEN_FAILURES_MAX } from "../limits.ts";
import type { Passwords } from "../passwords/service.ts";
import type { Registry } from "../registry/service.ts";
import type { ListedRoom, Player, Refusal, Room, RoomAsk, Signal, Who } from "./contract.ts";
import {
  type Effect,
  EMPTY_HALL,
  findProcessOf,
  findRoomOf,
  type Hall,
  type HallEvent,
  listIdle,
  listProcesses,
  listVisitorsFrom,
  stepHall,
  toListed,
} from "./rules.ts";

/** A socket that wants something. */
export interface Caller {
  readonly socketId: string;
  readonly who: Who;
  /** It went while it was waiting. */
  isGone(): boolean;
}

/** What a caller is told. */
export type Outcome =
  | { readonly refusal: Refusal }
  | { readonly refusal: null; readonly players: readonly Player[] };

/** What rooms of other processes are asked; `Away` has them. */
export interface Elsewhere {
  /** Joins a room of another process; null when there is none of this id. */
  join(caller: Caller, ask: RoomAsk): Promise<Outcome | null>;
  leave(socketId: string, isGone: boolean): void;
  /** False when the socket is in no room of another process. */
  signal(socketId: string, signal: Signal): boolean;
}

/** What the rooms of a process need of others. */
export interface RoomDeskOptions {
  readonly ports: Ports;
  readonly passwords: Passwords;
  readonly registry: () => Registry;
  readonly elsewhere: () => Elsewhere;
  readonly onEffect: (effect: Effect) => void;
}

/** The rooms of a process, with what cannot be decided at once. */
export interface RoomDesk {
  came(socketId: string): void;
  /** @throws AppError `NETPLAY_TRIES` after too many refused attempts. */
  open(caller: Caller, ask: RoomAsk): Promise<Outcome>;
  /** @throws AppError `NETPLAY_TRIES` after too many wrong passwords, `NETPLAY_BUSY` when too many wait. */
  join(caller: Caller, ask: RoomAsk): Promise<Outcome>;
  leave(socketId: string): void;
  gone(socketId: string): void;
  signal(socketId: string, signal: Signal): void;
  /** Does what another process asks for one of its sockets, which proved its password there. */
  act(event: HallEvent): Outcome;
  findRoom(roomId: string): Room | null;
  /** Processes that have players in a room of this one; cheap, for it is asked with every input. */
  processesOf(roomId: string): readonly string[];
  roomOf(socketId: string): Room | null;
  /** Whether a socket of that process is in a room of this one. */
  isFrom(processId: string, socketId: string): boolean;
  visitorsFrom(processId: string): readonly string[];
  listIdle(): readonly string[];
  list(): readonly ListedRoom[];
  listWithHashes(): readonly { readonly room: ListedRoom; readonly passwordHash: string | null }[];
}

const OPENING = {
  name: "netplay-open",
  attemptsMax: OPEN_FAILURES_MAX,
  windowMs: FAILURES_WINDOW_MS,
} as const;

const NOWHERE: readonly string[] = [];

interface State {
  readonly options: RoomDeskOptions;
  hall: Hall;
  /** Of rooms with players of other processes. */
  readonly processes: Map<string, readonly string[]>;
  /** Attempts at one room, one after the other: players stand in the order in which they came. */
  readonly lines: Map<string, { tail: Promise<unknown>; waiting: number }>;
}

/** Makes the rooms of a process. */
export function createRoomDesk(options: RoomDeskOptions): RoomDesk {
  const state: State = { options, hall: EMPTY_HALL, processes: new Map(), lines: new Map() };
  return {
    came: (socketId) => void act(state, { kind: "came", socketId, processId: null }),
    open: (caller, ask) => inLine(state, ask.sessionId, () => open(state, caller, ask)),
    join: (caller, ask) => inLine(state, ask.sessionId, () => join(state, caller, ask)),
    leave(socketId) {
      options.elsewhere().leave(socketId, false);
      act(state, { kind: "left", socketId });
    },
    gone(socketId) {
      options.elsewhere().leave(socketId, true);
      act(state, { kind: "gone", socketId });
    },
    signal(socketId, signal) {
      if (!options.elsewhere().signal(socketId, signal)) act(state, { kind: "signalled", socketId, signal });
    },
    act: (event) => act(state, event),
    findRoom: (roomId) => state.hall.rooms.get(roomId) ?? null,
    processesOf: (roomId) => state.processes.get(roomId) ?? NOWHERE,
    roomOf: (socketId) => findRoomOf(state.hall, socketId),
    isFrom: (processId, socketId) => findProcessOf(state.hall, socketId) === processId,
    visitorsFrom: (processId) => listVisitorsFrom(state.hall, processId),
    listIdle: () => listIdle(state.hall, nowMs(state) - IDLE_MS),
    list: () => [...state.hall.rooms.values()].map(toListed),
    listWithHashes: () =>
      [...state.hall.rooms.values()].map((room) => ({
        room: toListed(room),
        passwordHash: room.passwordHash,
      })),
  };
}

function nowMs({ options }: State): number {
  return options.ports.clock.now().getTime();
}

function act(state: State, event: HallEvent): Outcome {
  const { hall, effects, refusal } = stepHall(state.hall, event, nowMs(state));
  state.hall = hall;
  for (const effect of effects) {
    if (effect.kind === "changed") noteProcesses(state, effect.roomId);
    if (effect.kind === "changed" && !effect.isOpen) state.options.registry().release(effect.roomId);
  }
  for (const effect of effects) state.options.onEffect(effect);
  if (refusal !== null) return { refusal };
  const room = "socketId" in event ? findRoomOf(hall, event.socketId) : null;
  return { refusal: null, players: room?.players ?? [] };
}

function noteProcesses({ hall, processes }: State, roomId: string): void {
  const room = hall.rooms.get(roomId);
  const all = room === undefined ? NOWHERE : listProcesses(room);
  if (all.length > 0) processes.set(roomId, all);
  else processes.delete(roomId);
}

/** Handles attempts at one room in the order in which they came. */
async function inLine(state: State, roomId: string, attempt: () => Promise<Outcome>): Promise<Outcome> {
  const line = state.lines.get(roomId) ?? { tail: Promise.resolve(), waiting: 0 };
  if (line.waiting >= JOINS_WAITING_MAX) {
    throw new AppError("unavailable", "NETPLAY_BUSY", {
      message: "Too many want to join at once, try again",
    });
  }
  state.lines.set(roomId, line);
  line.waiting += 1;
  const own = line.tail.then(attempt);
  line.tail = own.catch(() => undefined);
  try {
    return await own;
  } finally {
    line.waiting -= 1;
    if (line.waiting === 0) state.lines.delete(roomId);
  }
}

async function open(state: State, caller: Caller, ask: RoomAsk): Promise<Outcome> {
  const { passwords, registry } = state.options;
  const takeBack = await countOpening(state, caller);
  if (state.hall.rooms.has(ask.sessionId)) return { refusal: "exists" };
  const passwordHash = ask.password === null ? null : await passwords.hash(ask.password);
  if (!(await claim(state, ask.sessionId, passwordHash))) return { refusal: "exists" };
  const { socketId, who } = caller;
  const outcome: Outcome = caller.isGone()
    ? { refusal: "invalid" }
    : act(state, { kind: "opened", socketId, processId: null, who, ask, passwordHash });
  if (outcome.refusal !== null) {
    registry().release(ask.sessionId);
    return outcome;
  }
  await takeBack();
  state.options.elsewhere().leave(socketId, false);
  return outcome;
}

/** Counts an attempt to open a room; it does not count when it succeeds. Rooms go on while nothing can be counted. */
async function countOpening({ options }: State, { who }: Caller): Promise<() => Promise<void>> {
  const { ports } = options;
  const onFailure = (error: unknown) => ports.log.warn("netplay could not count an attempt", { error });
  const counted = await countAttempt({ ports }, OPENING, who.network).catch((error: unknown) => {
    onFailure(error);
    return null;
  });
  if (counted?.isAllowed === false) {
    const message = `Too many attempts, try again in ${Math.ceil(counted.retryAfterMs / 1_000)} s`;
    throw new AppError("rate_limited", "NETPLAY_TRIES", { message, retryAfterMs: counted.retryAfterMs });
  }
  return async () => {
    if (counted !== null) await takeBackAttempt({ ports }, OPENING, who.network).catch(onFailure);
  };
}

/** While kv is away nobody else can open the room either, so it is opened here. */
async function claim({ options }: State, roomId: string, passwordHash: string | null): Promise<boolean> {
  try {
    return await options.registry().claim(roomId, passwordHash);
  } catch (error) {
    if (toAppError(error).kind !== "unavailable") throw error;
    options.ports.log.warn("netplay could not claim a room", { error });
    return true;
  }
}

async function join(state: State, caller: Caller, ask: RoomAsk): Promise<Outcome> {
  const { passwords, elsewhere } = state.options;
  const { socketId, who } = caller;
  const room = state.hall.rooms.get(ask.sessionId);
  if (room === undefined) return (await elsewhere().join(caller, ask)) ?? { refusal: "not_found" };
  const hash = room.passwordHash;
  const isPasswordRight =
    hash === null ||
    (ask.password !== null &&
      (await passwords.isRight({ password: ask.password, hash, roomId: room.id, network: who.network })));
  // Meanwhile the room may have ended, and another one of its id begun.
  const isSame = (state.hall.rooms.get(room.id)?.passwordHash ?? null) === hash;
  if (caller.isGone() || !isSame) return { refusal: "not_found" };
  const outcome = act(state, { kind: "joined", socketId, processId: null, who, ask, isPasswordRight });
  if (outcome.refusal === null) elsewhere().leave(socketId, false);
  return outcome;
}
