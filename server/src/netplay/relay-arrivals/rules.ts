/** How members come, come back, are cut and go, and who owns the room then. */

import { startPing } from "../relay-delays/rules.ts";
import { endDelivery } from "../relay-deliveries/rules.ts";
import { clearSeat } from "../relay-inputs/rules.ts";
import {
  chooseSeat,
  createMember,
  type Entrant,
  type Member,
  nextOwner,
  showPlayers,
} from "../relay-members/rules.ts";
import type { CloseName } from "../relay-messages/close-codes.data.ts";
import { formatJson, formatLong, PROTOCOL_VERSION, REASON, TYPE } from "../relay-messages/rules.ts";
import {
  MEMBER_NUMBER_MAX,
  PING_EVERY_MS,
  ROSTER_DELAYS_MS,
  SILENCE_MS,
  SPECTATORS_MAX,
} from "../relay-rooms/limits.ts";
import { dropUpload, noteChange, type Room, type Step, send } from "../relay-rooms/rules.ts";
import { askOwner, resumeFrom, startSnapshot, unpin, wantSnapshot } from "../relay-waiting/rules.ts";

/** Somebody with a ticket. */
export interface Arrival {
  readonly connection: number;
  readonly entrant: Entrant;
  /** What a rejoin will have to show. */
  readonly secret: string;
}

/** Spectators of a room, those that are cut included. */
export function countSpectators({ members }: Room): number {
  let count = 0;
  for (const { watch } of members.values()) if (watch !== null) count += 1;
  return count;
}

/** Lets somebody in; says why not. */
export function enterRoom(
  room: Room,
  { connection, entrant, secret }: Arrival,
  step: Step,
): CloseName | null {
  const { seats, barred, log, facts } = room;
  if (barred.has(entrant.userId)) return "removed";
  const isPlayer = entrant.role === "player";
  const seat = isPlayer ? chooseSeat(seats, entrant.seat) : null;
  if (isPlayer && seat === null) return entrant.seat === null ? "roomFull" : "seatTaken";
  if (!isPlayer && countSpectators(room) >= SPECTATORS_MAX) return "roomFull";
  if (room.lastNumber >= MEMBER_NUMBER_MAX) return "roomFull";
  room.lastNumber += 1;
  const member = createMember(
    { number: room.lastNumber, entrant, seat, windowFrames: facts.inputWindow, connection, secret },
    step.nowMs,
  );
  room.members.set(member.number, member);
  if (seat !== null) seats[seat] = member;
  welcome(room, member, step);
  const hasBegun = log.count > 0 || room.kept !== null;
  if (hasBegun) wantSnapshot(room, member, { reason: REASON.joined, step });
  else if (member.watch !== null) member.watch.next = 0;
  return null;
}

/** Somebody who was cut, or is about to be. */
export interface Return {
  readonly connection: number;
  readonly number: number;
  /** What the last WELCOME gave, and what the next rejoin will have to show. */
  readonly shown: string;
  readonly secret: string;
  /** First frame of which an input may be lacking; null when nothing is kept. */
  readonly resumeFrame: number | null;
}

/** Lets somebody back in, in place of a connection that may still seem open; says why not. */
export function reenterRoom(room: Room, back: Return, step: Step): CloseName | null {
  const member = room.members.get(back.number);
  if (member === undefined || member.secret !== back.shown) return "ticketInvalid";
  if (member.connection !== null) {
    step.effects.push({ kind: "close", connection: member.connection, why: "replaced" });
    cutMember(room, member, step);
  }
  member.connection = back.connection;
  member.secret = back.secret;
  member.heardAtMs = step.nowMs;
  member.rosterDue = true;
  member.delays.pinged = null;
  welcome(room, member, step);
  const hasBegun = room.log.count > 0 || room.kept !== null;
  if (back.resumeFrame !== null) resumeFrom(room, member, { frame: back.resumeFrame, step });
  else if (hasBegun) {
    // It has nothing to make a snapshot of.
    if (room.owner === member && hasOthers(room, member)) handOver(room, member, step);
    wantSnapshot(room, member, { reason: REASON.joined, step });
  }
  return null;
}

function hasOthers({ seats }: Room, member: Member): boolean {
  return seats.some((other) => other !== null && other !== member && other.connection !== null);
}

function welcome(room: Room, member: Member, step: Step): void {
  const { facts } = room;
  const { connection, seat, number, watch } = member;
  if (connection === null) return;
  const role = watch === null ? "player" : "spectator";
  step.effects.push({ kind: "enter", connection, roomId: facts.id, role });
  const told = {
    roomId: facts.id,
    playerId: String(number),
    role,
    seat,
    invite: watch === null ? facts.invite : null,
    rejoin: `${facts.id}.${number}.${member.secret}`,
    graceMs: step.limits.graceMs,
    name: facts.name,
    romId: facts.romId,
    playersMax: facts.playersMax,
    inputBytes: facts.inputBytes,
    inputWindow: facts.inputWindow,
    delayMs: watch?.delayMs ?? null,
    pingMs: PING_EVERY_MS,
  };
  send(step, member, formatJson(TYPE.welcome, told, { small: PROTOCOL_VERSION, short: number }));
  if (watch === null) {
    room.deserted = null;
    if (room.owner === null) takeOver(room, member);
  }
  noteChange(room, step);
}

function takeOver(room: Room, member: Member | null): void {
  room.owner = member;
  room.resumeFrame = room.kept?.frame ?? null;
  room.askedAtMs = Number.NEGATIVE_INFINITY;
}

/** Makes the next connected player the owner, who is sent the kept snapshot. */
function handOver(room: Room, before: Member, step: Step): void {
  dropUpload(room, step.ledger);
  const next = nextOwner(room.seats, before.seat ?? 0);
  takeOver(room, next === before ? null : next);
  const { owner, kept } = room;
  if (owner === null || kept === null) return;
  startSnapshot(room, owner, { snapshot: kept, reason: REASON.owner, step });
}

/** A member's connection is gone; its seat is kept for the grace period. */
export function cutMember(room: Room, member: Member, step: Step): void {
  if (member.connection === null) return;
  member.connection = null;
  member.cutAtMs = step.nowMs;
  member.waitsFor = null;
  endDelivery(member.delivery, step.ledger);
  if (member.watch !== null) unpin(member.watch, step);
  if (room.owner === member) dropUpload(room, step.ledger);
  const isDeserted = room.seats.every((each) => each === null || each.connection === null);
  if (isDeserted) room.deserted ??= step.nowMs;
  noteChange(room, step);
}

/** A member is gone for good. */
export function removeMember(room: Room, member: Member, step: Step): void {
  cutMember(room, member, step);
  room.members.delete(member.number);
  if (member.seat !== null) {
    room.seats[member.seat] = null;
    clearSeat(room.log, member.seat);
  }
  if (room.owner === member) handOver(room, member, step);
  noteChange(room, step);
}

/** Looks at what has run out; true when the room is over, with nobody in it any more. */
export function sweepRoom(room: Room, step: Step): boolean {
  const { nowMs, limits } = step;
  for (const member of [...room.members.values()]) {
    if (member.connection === null) {
      if (nowMs - member.cutAtMs >= limits.graceMs) removeMember(room, member, step);
    } else if (nowMs - member.heardAtMs >= SILENCE_MS) {
      step.effects.push({ kind: "close", connection: member.connection, why: "silent" });
      cutMember(room, member, step);
    } else attend(room, member, step);
  }
  if (nowMs - room.rosterAtMs >= ROSTER_DELAYS_MS) room.isRosterDue = true;
  // Everybody said good-bye: nobody will come back.
  if (room.members.size === 0) return true;
  if (room.deserted === null || nowMs - room.deserted < limits.graceMs) return false;
  endRoom(room, step);
  return true;
}

function attend(room: Room, member: Member, step: Step): void {
  if (step.nowMs - member.delays.pingedAtMs >= PING_EVERY_MS) {
    send(step, member, formatLong(TYPE.ping, startPing(member.delays, step.nowMs)));
  }
  if (member.waitsFor !== null && (member.watch?.pinned ?? null) === null) askOwner(room, member, step);
}

/** Closes whoever is left. */
function endRoom(room: Room, step: Step): void {
  for (const member of room.members.values()) {
    const { connection } = member;
    cutMember(room, member, step);
    if (connection !== null) step.effects.push({ kind: "close", connection, why: "roomClosed" });
  }
  room.members.clear();
}

/** Tells everybody who is there, when that is not what they were told last. */
export function tellRoster(room: Room, step: Step): void {
  if (!room.isRosterDue) return;
  room.isRosterDue = false;
  room.rosterAtMs = step.nowMs;
  const roster = {
    ownerId: room.owner === null ? null : String(room.owner.number),
    resumeFrame: room.resumeFrame,
    players: showPlayers(room.seats),
    spectatorCount: countSpectators(room),
  };
  const text = JSON.stringify(roster);
  const isNew = text !== room.roster;
  room.roster = text;
  const bytes = formatJson(TYPE.roster, roster);
  for (const member of room.members.values()) {
    if (isNew || member.rosterDue) send(step, member, bytes);
    member.rosterDue = false;
  }
}
