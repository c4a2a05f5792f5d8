/**
 * All rooms of one process as a machine without sockets: an event, the time and the state give the effects. The state is
 * changed in place; what happens inside a room stands in the rules of its parts.
 */
import {
  type Arrival,
  cutMember,
  enterRoom,
  type Return,
  reenterRoom,
  removeMember,
  sweepRoom,
  tellRoster,
} from "../relay-arrivals/rules.ts";
import type { Member } from "../relay-members/rules.ts";
import { takeMessage } from "../relay-play/rules.ts";
import type { RelayRoomLimits } from "../relay-rooms/limits.ts";
import {
  createRoom,
  discardRoom,
  type Effect,
  type Room,
  type RoomFacts,
  type Step,
} from "../relay-rooms/rules.ts";
import type { Ledger } from "../relay-snapshots/rules.ts";
import { sendPiece } from "../relay-waiting/rules.ts";

export interface SwitchboardState {
  readonly limits: RelayRoomLimits;
  readonly ledger: Ledger;
  readonly rooms: Map<string, Room>;
  /** Who is behind a connection. */
  readonly connections: Map<number, { readonly room: Room; readonly member: Member }>;
}

export function createSwitchboardState(limits: RelayRoomLimits): SwitchboardState {
  return {
    limits,
    ledger: { bytesMax: limits.memoryBytesMax, bytes: 0 },
    rooms: new Map(),
    connections: new Map(),
  };
}

export type SwitchboardEvent =
  /** Somebody came with a ticket; `opens` is there when it is that of the one who opens the room. */
  | ({ readonly kind: "arrived"; readonly roomId: string; readonly opens: RoomFacts | null } & Arrival)
  | ({ readonly kind: "returned"; readonly roomId: string } & Return)
  /** The machine may change the bytes, and keeps none of them. */
  | { readonly kind: "said"; readonly connection: number; readonly bytes: Uint8Array }
  /** It can take another piece of what waits for it. */
  | { readonly kind: "ready"; readonly connection: number }
  | { readonly kind: "closed"; readonly connection: number }
  /** An account that may not be here any more. */
  | { readonly kind: "dismissed"; readonly userId: number }
  | { readonly kind: "sweep" };

/** Handles one event; gives what is to be done, in order. */
export function stepSwitchboard(
  state: SwitchboardState,
  event: SwitchboardEvent,
  nowMs: number,
): readonly Effect[] {
  const { limits, ledger } = state;
  const step: Step = { nowMs, limits, ledger, effects: [] };
  if (event.kind === "said") say(state, event, step);
  else act(state, event, step);
  return step.effects;
}

function say(
  state: SwitchboardState,
  { connection, bytes }: { readonly connection: number; readonly bytes: Uint8Array },
  step: Step,
): void {
  const found = state.connections.get(connection);
  if (found === undefined) return;
  const { room, member } = found;
  const why = takeMessage(room, { member, bytes }, step);
  if (why !== null) {
    step.effects.push({ kind: "close", connection, why });
    cutMember(room, member, step);
  }
  if (room.isRosterDue) settle(state, room, step);
}

function act(
  state: SwitchboardState,
  event: Exclude<SwitchboardEvent, { readonly kind: "said" }>,
  step: Step,
): void {
  switch (event.kind) {
    case "arrived":
      arrive(state, event, step);
      break;
    case "returned": {
      const room = state.rooms.get(event.roomId);
      const { connection } = event;
      admit(state, { room, connection, step }, (found) => reenterRoom(found, event, step));
      break;
    }
    case "ready":
      makeReady(state, event.connection, step);
      break;
    case "closed":
      close(state, event.connection, step);
      break;
    case "dismissed":
      dismiss(state, event.userId, step);
      break;
    case "sweep":
      for (const room of [...state.rooms.values()]) sweep(state, room, step);
  }
}

function close(state: SwitchboardState, connection: number, step: Step): void {
  const found = state.connections.get(connection);
  if (found === undefined) return;
  state.connections.delete(connection);
  cutMember(found.room, found.member, step);
  settle(state, found.room, step);
}

function arrive(
  state: SwitchboardState,
  event: Extract<SwitchboardEvent, { readonly kind: "arrived" }>,
  step: Step,
): void {
  const { roomId, opens, connection } = event;
  let room = state.rooms.get(roomId);
  if (room === undefined && opens !== null) {
    const made = state.rooms.size < state.limits.roomsMax ? createRoom(opens, step) : null;
    if (made === null) {
      step.effects.push({ kind: "close", connection, why: "roomsFull" });
      return;
    }
    room = made;
    state.rooms.set(roomId, made);
  }
  admit(state, { room, connection, step }, (found) => enterRoom(found, event, step));
}

interface Admission {
  readonly room: Room | undefined;
  readonly connection: number;
  readonly step: Step;
}

function admit(
  state: SwitchboardState,
  { room, connection, step }: Admission,
  enter: (room: Room) => ReturnType<typeof enterRoom>,
): void {
  const why = room === undefined ? "roomNotFound" : enter(room);
  if (room === undefined || why !== null) {
    step.effects.push({ kind: "close", connection, why: why ?? "roomNotFound" });
    return;
  }
  const member = [...room.members.values()].find((each) => each.connection === connection);
  if (member !== undefined) state.connections.set(connection, { room, member });
  settle(state, room, step);
}

function makeReady(state: SwitchboardState, connection: number, step: Step): void {
  const found = state.connections.get(connection);
  if (found !== undefined && sendPiece(found.room, found.member, step)) {
    step.effects.push({ kind: "pump", connection });
  }
}

function dismiss(state: SwitchboardState, userId: number, step: Step): void {
  for (const room of state.rooms.values()) {
    for (const member of [...room.members.values()].filter((each) => each.userId === userId)) {
      const { connection } = member;
      if (connection !== null) step.effects.push({ kind: "close", connection, why: "removed" });
      removeMember(room, member, step);
    }
    settle(state, room, step);
  }
}

function sweep(state: SwitchboardState, room: Room, step: Step): void {
  const isOver = sweepRoom(room, step);
  settle(state, room, step);
  if (!isOver) return;
  discardRoom(room, step);
  state.rooms.delete(room.facts.id);
  step.effects.push({ kind: "changed", roomId: room.facts.id });
}

/** Forgets connections that are being closed, and tells the others who is there. */
function settle(state: SwitchboardState, room: Room, step: Step): void {
  for (const effect of step.effects) if (effect.kind === "close") state.connections.delete(effect.connection);
  tellRoster(room, step);
}
