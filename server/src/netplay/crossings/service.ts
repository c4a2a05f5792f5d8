import type { Ports } from "../../base/context.ts";
import { toAppError } from "../../base/errors.ts";
import { ANSWER_MS } from "../limits.ts";
import type { Links, Urgency } from "../links/service.ts";
import type { Passwords } from "../passwords/service.ts";
import type { Registry } from "../registry/service.ts";
import type { RoomAsk, Seat } from "../rooms/contract.ts";
import type { Effect } from "../rooms/rules.ts";
import type { Caller, Elsewhere, Outcome, RoomDesk } from "../rooms/service.ts";
import type { CrossingItem, CrossingPacket } from "./contract.ts";

/** What can be done to sockets of this process. */
export interface Outlet {
  /** Does an effect whose sockets are all of this process. */
  apply(effect: Effect): void;
  /** Hands a passed event to the members of a room who are here. */
  pass(packet: Omit<CrossingPacket, "peerId">): void;
  end(socketIds: readonly string[]): void;
}

/** What crossings are made of. */
export interface CrossingOptions {
  readonly ports: Pick<Ports, "log">;
  readonly processId: string;
  readonly desk: RoomDesk;
  readonly registry: Registry;
  readonly passwords: Passwords;
  readonly links: () => Links;
  readonly outlet: Outlet;
  /** Tells how urgent a passed event is. */
  readonly urgencyOf: (name: string) => Urgency;
}

/** Rooms whose players are connected to more than one process. */
export interface Crossings extends Elsewhere {
  onItem(from: string, item: unknown): void;
  /** Does what the rooms decided, here and at other processes. */
  apply(effect: Effect): void;
  onPassed(packet: CrossingPacket): void;
  /** Lets go whoever shares a room with a process that is no more. */
  lookAfter(): Promise<void>;
  /** Tells those who share rooms with this process that it ends. */
  close(): void;
}

/** A room of another process. */
interface Place {
  readonly roomId: string;
  readonly home: string;
}

interface State extends CrossingOptions {
  /** Sockets of this process in rooms of others. */
  readonly away: Map<string, Place>;
  readonly asked: Map<number, (outcome: Outcome) => void>;
  /** Processes that were not there when they were looked after last. */
  missing: ReadonlySet<string>;
  refs: number;
}

/** Makes what ties the rooms of a process to those of others. */
export function createCrossings(options: CrossingOptions): Crossings {
  const state: State = { ...options, away: new Map(), asked: new Map(), missing: new Set(), refs: 0 };
  return {
    join: (caller, ask) => join(state, caller, ask),
    leave(socketId, isGone) {
      const place = state.away.get(socketId);
      if (place === undefined) return;
      state.away.delete(socketId);
      tell(state, place.home, { kind: isGone ? "gone" : "left", socketId });
      state.outlet.apply({ kind: "exit", seat: { socketId, processId: null }, roomId: place.roomId });
    },
    signal(socketId, signal) {
      const place = state.away.get(socketId);
      if (place !== undefined) tell(state, place.home, { kind: "signal", socketId, signal });
      return place !== undefined;
    },
    onItem: (from, item) => receive(state, from, item as CrossingItem),
    apply: (effect) => apply(state, effect),
    onPassed(packet) {
      const processes = state.desk.processesOf(packet.channel);
      for (const each of processes) tellFrames(state, each, packet);
      if (processes.length > 0 || state.away.size === 0) return;
      const place = state.away.get(packet.peerId);
      if (place?.roomId === packet.channel) tellFrames(state, place.home, packet);
    },
    lookAfter: () => lookAfter(state),
    close() {
      for (const processId of listOthers(state)) tell(state, processId, { kind: "closing" });
    },
  };
}

function tell({ links }: State, processId: string, item: CrossingItem): void {
  links().send(processId, item, "state");
}

function tellFrames({ links, urgencyOf }: State, processId: string, packet: CrossingPacket): void {
  const [text, ...attachments] = packet.frames;
  const item: CrossingItem = {
    kind: "frames",
    roomId: packet.channel,
    socketId: packet.peerId,
    name: packet.name,
    text,
    attachments: attachments.map((each) => Buffer.from(each).toString("base64")),
  };
  links().send(processId, item, urgencyOf(packet.name));
}

async function join(state: State, caller: Caller, ask: RoomAsk): Promise<Outcome | null> {
  const home = await state.registry.findHome(ask.sessionId).catch((error: unknown) => {
    state.ports.log.warn("netplay could not look for a room", { error: toAppError(error) });
    return null;
  });
  if (home === null) return null;
  const { socketId, who } = caller;
  if (home.passwordHash !== null) {
    const guess = { hash: home.passwordHash, roomId: ask.sessionId, network: who.network };
    const { password } = ask;
    if (password === null || !(await state.passwords.isRight({ ...guess, password }))) {
      return { refusal: "wrong_password" };
    }
  }
  const { promise, resolve } = Promise.withResolvers<Outcome | null>();
  const ref = ++state.refs;
  const timer = setTimeout(() => resolve(null), ANSWER_MS);
  state.asked.set(ref, resolve);
  const { passwordHash } = home;
  tell(state, home.processId, {
    kind: "join",
    ref,
    socketId,
    who,
    ask: { ...ask, password: null },
    passwordHash,
  });
  const outcome = await promise;
  clearTimeout(timer);
  state.asked.delete(ref);
  if (outcome === null || caller.isGone()) tell(state, home.processId, { kind: "gone", socketId });
  else if (outcome.refusal === null) settle(state, caller, { roomId: ask.sessionId, home: home.processId });
  return outcome;
}

/** Whoever is in a room elsewhere now has left the one here. */
function settle({ desk, away, outlet }: State, { socketId }: Caller, place: Place): void {
  const before = away.get(socketId);
  if (desk.roomOf(socketId) === null && before?.roomId === place.roomId) return;
  desk.act({ kind: "left", socketId });
  away.set(socketId, place);
  outlet.apply({ kind: "enter", seat: { socketId, processId: null }, roomId: place.roomId });
}

function receive(state: State, from: string, item: CrossingItem): void {
  const { desk } = state;
  switch (item.kind) {
    case "join":
      answer(state, from, item);
      return;
    case "answer":
      state.asked.get(item.ref)?.(
        item.refusal === null ? { refusal: null, players: item.players } : { refusal: item.refusal },
      );
      return;
    case "left":
    case "gone":
      if (desk.isFrom(from, item.socketId)) desk.act({ kind: "gone", socketId: item.socketId });
      return;
    case "signal":
      if (desk.isFrom(from, item.socketId)) {
        desk.act({ kind: "signalled", socketId: item.socketId, signal: item.signal });
      }
      return;
    case "closing":
      dismiss(state, from);
      return;
    case "effect":
      applyFrom(state, from, item.effect);
      return;
    case "frames":
      receiveFrames(state, from, item);
      return;
  }
}

function answer(state: State, from: string, item: Extract<CrossingItem, { kind: "join" }>): void {
  const { ref, socketId, who, ask, passwordHash } = item;
  const room = state.desk.findRoom(ask.sessionId);
  const isPasswordRight = room !== null && room.passwordHash === passwordHash;
  const outcome = state.desk.act({ kind: "joined", socketId, processId: from, who, ask, isPasswordRight });
  const players = outcome.refusal === null ? outcome.players : [];
  tell(state, from, { kind: "answer", ref, refusal: outcome.refusal, players });
}

/** Does what the home of a room decided for sockets that are here. */
function applyFrom(state: State, home: string, effect: Effect): void {
  const { away, desk, outlet } = state;
  if (effect.kind === "enter") {
    const { socketId } = effect.seat;
    const before = away.get(socketId);
    if (before !== undefined && before.home !== home) tell(state, before.home, { kind: "left", socketId });
    desk.act({ kind: "left", socketId });
    away.set(socketId, { roomId: effect.roomId, home });
  }
  if (effect.kind === "exit") {
    if (away.get(effect.seat.socketId)?.home !== home) return;
    if (away.get(effect.seat.socketId)?.roomId !== effect.roomId) return;
    away.delete(effect.seat.socketId);
  }
  outlet.apply(effect);
}

/** Tells whether somebody here is in a room of that process; asked with every input that comes from there. */
function isShared({ away }: State, { roomId, home }: Place): boolean {
  for (const place of away.values()) if (place.roomId === roomId) return place.home === home;
  return false;
}

function receiveFrames(state: State, from: string, item: Extract<CrossingItem, { kind: "frames" }>): void {
  const { roomId, socketId, name, text, attachments } = item;
  const { desk, outlet } = state;
  const isHome = desk.findRoom(roomId) !== null;
  const isMember = isHome
    ? desk.roomOf(socketId)?.id === roomId && desk.isFrom(from, socketId)
    : isShared(state, { roomId, home: from });
  if (!isMember) return;
  const bytes = attachments.map((each) => Buffer.from(each, "base64"));
  const packet: CrossingPacket = { channel: roomId, peerId: socketId, name, frames: [text, ...bytes] };
  outlet.pass(packet);
  if (!isHome) return;
  for (const each of desk.processesOf(roomId)) if (each !== from) tellFrames(state, each, packet);
}

function apply(state: State, effect: Effect): void {
  const { outlet } = state;
  switch (effect.kind) {
    case "changed":
      outlet.apply(effect);
      return;
    case "enter":
    case "exit":
      send(state, effect.seat.processId, effect);
      return;
    case "signal":
      send(state, effect.to.processId, effect);
      return;
    case "players":
    case "owner_left": {
      const byProcess = Map.groupBy(effect.to, ({ processId }: Seat) => processId);
      for (const [processId, to] of byProcess) send(state, processId, { ...effect, to });
    }
  }
}

function send(state: State, processId: string | null, effect: Effect): void {
  if (processId === null) state.outlet.apply(effect);
  else tell(state, processId, { kind: "effect", effect });
}

/** Processes that share rooms with this one. */
function listOthers({ desk, away }: State): ReadonlySet<string> {
  const guests = desk.list().flatMap(({ id }) => desk.processesOf(id));
  return new Set([...guests, ...[...away.values()].map(({ home }) => home)]);
}

/** One that is missed twice is gone; once may be a store that lost what it held. */
async function lookAfter(state: State): Promise<void> {
  const missing = new Set<string>();
  for (const processId of listOthers(state)) {
    if (await state.registry.isAlive(processId)) continue;
    if (state.missing.has(processId)) dismiss(state, processId);
    else missing.add(processId);
  }
  state.missing = missing;
}

/** Does without a process: its players leave, and those who were in its rooms are let go. */
function dismiss({ desk, away, outlet }: State, processId: string): void {
  for (const socketId of desk.visitorsFrom(processId)) desk.act({ kind: "gone", socketId });
  const lost = [...away].filter(([, { home }]) => home === processId).map(([socketId]) => socketId);
  for (const socketId of lost) away.delete(socketId);
  // Their game is over: clients leave the room when their connection ends.
  outlet.end(lost);
}
