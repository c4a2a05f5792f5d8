import { ROOMS_MAX, ROOMS_PER_ADDRESS_MAX } from "../limits.ts";
import type { ListedRoom, Player, Refusal, Room, RoomAsk, Seat, Signal, Who } from "./contract.ts";

/** A connected socket, or one of another process that is in a room here. */
interface Visitor extends Seat {
  readonly roomId: string | null;
  /** Since when it has been in no room. */
  readonly idleSinceMs: number;
}

/** All rooms of a process, and who is where. */
export interface Hall {
  /** By id, oldest first. */
  readonly rooms: ReadonlyMap<string, Room>;
  readonly visitors: ReadonlyMap<string, Visitor>;
}

/** What happened. */
export type HallEvent =
  | ({ readonly kind: "came" } & Seat)
  | ({ readonly kind: "opened"; readonly ask: RoomAsk; readonly passwordHash: string | null } & Attempt)
  | ({ readonly kind: "joined"; readonly ask: RoomAsk; readonly isPasswordRight: boolean } & Attempt)
  | { readonly kind: "left" | "gone"; readonly socketId: string }
  | { readonly kind: "signalled"; readonly socketId: string; readonly signal: Signal };

interface Attempt extends Seat {
  readonly who: Who;
}

/** What is to be done, in this order. */
export type Effect =
  /** The socket hears the others of the room from now on, and they it. */
  | { readonly kind: "enter"; readonly seat: Seat; readonly roomId: string }
  | { readonly kind: "exit"; readonly seat: Seat; readonly roomId: string }
  | { readonly kind: "players"; readonly to: readonly Seat[]; readonly players: readonly Player[] }
  | { readonly kind: "signal"; readonly to: Seat; readonly sender: string; readonly signal: Signal }
  | { readonly kind: "owner_left"; readonly to: readonly Seat[] }
  | { readonly kind: "changed"; readonly roomId: string; readonly isOpen: boolean };

/** What became of an event. */
export interface Step {
  readonly hall: Hall;
  readonly effects: readonly Effect[];
  /** Why an attempt was refused; nothing changed then. */
  readonly refusal: Refusal | null;
}

export const EMPTY_HALL: Hall = { rooms: new Map(), visitors: new Map() };

/** Decides what an event changes and brings about. */
export function stepHall(hall: Hall, event: HallEvent, nowMs: number): Step {
  switch (event.kind) {
    case "came":
      return done(putVisitor(hall, { ...seatOf(event), roomId: null, idleSinceMs: nowMs }));
    case "opened":
      return open(hall, event, nowMs);
    case "joined":
      return join(hall, event, nowMs);
    case "left":
      return leave(hall, event.socketId, nowMs);
    case "gone": {
      const step = leave(hall, event.socketId, nowMs);
      return { ...step, hall: dropVisitor(step.hall, event.socketId) };
    }
    case "signalled":
      return signal(hall, event);
  }
}

/** The room a socket is in; null for none. */
export function findRoomOf({ rooms, visitors }: Hall, socketId: string): Room | null {
  const roomId = visitors.get(socketId)?.roomId ?? null;
  return roomId === null ? null : (rooms.get(roomId) ?? null);
}

/** Sockets of this process that have been in no room for so long that they are of no use. */
export function listIdle({ visitors }: Hall, beforeMs: number): readonly string[] {
  return [...visitors.values()]
    .filter(
      ({ roomId, processId, idleSinceMs }) => roomId === null && processId === null && idleSinceMs < beforeMs,
    )
    .map(({ socketId }) => socketId);
}

/** The process a socket is connected to, null for this one; undefined for one that nobody knows. */
export function findProcessOf({ visitors }: Hall, socketId: string): string | null | undefined {
  return visitors.get(socketId)?.processId;
}

/** Sockets of another process that are in rooms here. */
export function listVisitorsFrom({ visitors }: Hall, processId: string): readonly string[] {
  return [...visitors.values()]
    .filter((each) => each.processId === processId)
    .map(({ socketId }) => socketId);
}

/** Processes other than this one that have players in a room. */
export function listProcesses(room: Room): readonly string[] {
  return [...new Set(room.players.flatMap(({ processId }) => processId ?? []))];
}

/** A room as others may see it. */
export function toListed(room: Room): ListedRoom {
  const owner = room.players.find(({ socketId }) => socketId === room.ownerSocketId);
  return {
    id: room.id,
    name: room.name,
    gameId: room.gameId,
    domain: room.domain,
    ownerName: owner?.name ?? null,
    playerNames: room.players.map(({ name }) => name),
    playerCount: room.players.length,
    playersMax: room.playersMax,
    hasPassword: room.passwordHash !== null,
    openedAtMs: room.openedAtMs,
  };
}

/** The rooms of a game that somebody can join. */
export function listJoinable(rooms: readonly ListedRoom[], gameId: string): readonly ListedRoom[] {
  return rooms.filter((room) => room.gameId === gameId && room.playerCount < room.playersMax);
}

const done = (hall: Hall, effects: readonly Effect[] = []): Step => ({ hall, effects, refusal: null });
const refuse = (hall: Hall, refusal: Refusal): Step => ({ hall, effects: [], refusal });

const seatOf = ({ socketId, processId }: Seat): Seat => ({ socketId, processId });
const seatsOf = (players: readonly Player[]): readonly Seat[] => players.map(seatOf);

function putVisitor({ rooms, visitors }: Hall, visitor: Visitor): Hall {
  return { rooms, visitors: new Map(visitors).set(visitor.socketId, visitor) };
}

function dropVisitor({ rooms, visitors }: Hall, socketId: string): Hall {
  const left = new Map(visitors);
  left.delete(socketId);
  return { rooms, visitors: left };
}

function putRoom({ rooms, visitors }: Hall, room: Room): Hall {
  return { rooms: new Map(rooms).set(room.id, room), visitors };
}

function dropRoom({ rooms, visitors }: Hall, roomId: string): Hall {
  const left = new Map(rooms);
  left.delete(roomId);
  return { rooms: left, visitors };
}

function toPlayer({ ask, who, ...seat }: Attempt & { readonly ask: RoomAsk }): Player {
  return {
    ...seatOf(seat),
    playerId: ask.playerId,
    name: ask.playerName ?? who.username ?? `Player ${ask.playerId}`,
    userid: ask.userid,
    altPlayerId: ask.altPlayerId,
    who,
  };
}

/** Places in a game follow the order of keys, and clients put keys that are whole numbers first. */
function keepsOrder(players: readonly Player[]): boolean {
  const ids = players.map(({ playerId }) => playerId);
  const keys = Object.keys(Object.fromEntries(ids.map((id) => [id, true])));
  return keys.length === ids.length && keys.every((key, at) => key === ids[at]);
}

function open(hall: Hall, event: Extract<HallEvent, { kind: "opened" }>, nowMs: number): Step {
  const { ask, who, passwordHash } = event;
  if (hall.rooms.has(ask.sessionId)) return refuse(hall, "exists");
  const own = [...hall.rooms.values()].filter(({ network }) => network === who.network);
  const leaves = findRoomOf(hall, event.socketId)?.players.length === 1 ? 1 : 0;
  if (hall.rooms.size - leaves >= ROOMS_MAX || own.length - leaves >= ROOMS_PER_ADDRESS_MAX) {
    return refuse(hall, "too_many_rooms");
  }
  const room: Room = {
    id: ask.sessionId,
    name: ask.roomName ?? `Room ${ask.sessionId}`,
    gameId: ask.gameId,
    domain: ask.domain,
    contentHash: ask.contentHash,
    passwordHash,
    playersMax: ask.playersMax,
    ownerSocketId: event.socketId,
    players: [toPlayer(event)],
    openedAtMs: nowMs,
    network: who.network,
  };
  const left = leave(hall, event.socketId, nowMs);
  const entered = enter(left.hall, event, { room, nowMs });
  return done(entered.hall, [...left.effects, ...entered.effects]);
}

function join(hall: Hall, event: Extract<HallEvent, { kind: "joined" }>, nowMs: number): Step {
  const { ask, isPasswordRight } = event;
  const room = hall.rooms.get(ask.sessionId);
  if (room === undefined) return refuse(hall, "not_found");
  if (room.passwordHash !== null && !isPasswordRight) return refuse(hall, "wrong_password");
  if (room.contentHash !== null && ask.contentHash !== null && room.contentHash !== ask.contentHash) {
    return refuse(hall, "rom_mismatch");
  }
  const player = toPlayer(event);
  const taken = room.players.find(({ playerId }) => playerId === ask.playerId);
  if (taken !== undefined && !isSamePerson(taken, player)) return refuse(hall, "player_taken");
  // Whoever comes again, by the same socket or with the same id, keeps the place.
  const replaced = taken ?? room.players.find(({ socketId }) => socketId === event.socketId);
  const others = room.players.filter((each) => each !== replaced && each.socketId !== event.socketId);
  if (replaced === undefined && others.length >= room.playersMax) return refuse(hall, "full");
  const players =
    replaced === undefined
      ? [...others, player]
      : room.players.flatMap((each) => (each === replaced ? [player] : others.includes(each) ? [each] : []));
  if (!keepsOrder(players)) return refuse(hall, "invalid");
  return takePlace(hall, event, { room, players, replaced, nowMs });
}

/** An id belongs to its socket; somebody who lost the connection is known by the account, or without one by the network. */
function isSamePerson(taken: Player, player: Player): boolean {
  if (taken.socketId === player.socketId) return true;
  if (taken.who.userId !== null || player.who.userId !== null) return taken.who.userId === player.who.userId;
  return taken.who.network === player.who.network;
}

interface Place {
  readonly room: Room;
  readonly players: readonly Player[];
  readonly replaced: Player | undefined;
  readonly nowMs: number;
}

function takePlace(hall: Hall, seat: Seat, { room, players, replaced, nowMs }: Place): Step {
  const isElsewhere = findRoomOf(hall, seat.socketId)?.id !== room.id;
  const left = isElsewhere ? leave(hall, seat.socketId, nowMs) : done(hall);
  const isMoved = replaced !== undefined && replaced.socketId !== seat.socketId;
  const out = isMoved ? sendOut(left.hall, replaced, { roomId: room.id, nowMs }) : done(left.hall);
  const isThere = players.some(({ socketId }) => socketId === room.ownerSocketId);
  const ownerSocketId = isThere ? room.ownerSocketId : seat.socketId;
  const entered = enter(out.hall, seat, { room: { ...room, players, ownerSocketId }, nowMs });
  return done(entered.hall, [...left.effects, ...out.effects, ...entered.effects]);
}

interface Entering {
  readonly room: Room;
  readonly nowMs: number;
}

function enter(hall: Hall, seat: Seat, { room, nowMs }: Entering): Step {
  const visitor: Visitor = { ...seatOf(seat), roomId: room.id, idleSinceMs: nowMs };
  return done(putVisitor(putRoom(hall, room), visitor), [
    { kind: "enter", seat: seatOf(seat), roomId: room.id },
    { kind: "players", to: seatsOf(room.players), players: room.players },
    { kind: "changed", roomId: room.id, isOpen: true },
  ]);
}

/** Whoever took over a place is in the room by a newer socket; the older one is in none. */
function sendOut(
  hall: Hall,
  seat: Seat,
  { roomId, nowMs }: { readonly roomId: string; readonly nowMs: number },
): Step {
  const visitor: Visitor = { ...seatOf(seat), roomId: null, idleSinceMs: nowMs };
  // Only their own process knows those of others who are in no room.
  const left = seat.processId === null ? putVisitor(hall, visitor) : dropVisitor(hall, seat.socketId);
  return done(left, [{ kind: "exit", seat: seatOf(seat), roomId }]);
}

function leave(hall: Hall, socketId: string, nowMs: number): Step {
  const room = findRoomOf(hall, socketId);
  const seat = hall.visitors.get(socketId);
  if (room === null || seat === undefined) return done(hall);
  const players = room.players.filter((each) => each.socketId !== socketId);
  const out = sendOut(hall, seat, { roomId: room.id, nowMs });
  const [first] = players;
  if (first === undefined) {
    const effects: Effect[] = [...out.effects, { kind: "changed", roomId: room.id, isOpen: false }];
    return done(dropRoom(out.hall, room.id), effects);
  }
  const isOwner = room.ownerSocketId === socketId;
  const left: Room = { ...room, players, ownerSocketId: isOwner ? first.socketId : room.ownerSocketId };
  return done(putRoom(out.hall, left), [
    ...out.effects,
    ...(isOwner ? [{ kind: "owner_left", to: seatsOf(players) } as const] : []),
    { kind: "players", to: seatsOf(players), players },
    ...(isOwner ? askForConnections(players) : []),
    { kind: "changed", roomId: room.id, isOpen: true },
  ]);
}

/** The new owner sends the picture from now on, so it has to connect to everybody who is left. */
function askForConnections([owner, ...guests]: readonly Player[]): readonly Effect[] {
  if (owner === undefined) return [];
  const to = seatOf(owner);
  const ask: Signal = { target: owner.socketId, isRenegotiation: true };
  return guests.map(({ socketId }) => ({ kind: "signal", to, sender: socketId, signal: ask }));
}

function signal(hall: Hall, { socketId, signal: said }: Extract<HallEvent, { kind: "signalled" }>): Step {
  const target = findRoomOf(hall, socketId)?.players.find((each) => each.socketId === said.target);
  if (target === undefined) return done(hall);
  return done(hall, [{ kind: "signal", to: seatOf(target), sender: socketId, signal: said }]);
}
