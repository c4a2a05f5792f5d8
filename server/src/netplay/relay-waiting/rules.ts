/** Who waits for a snapshot, who is asked for one, and what members are sent piece by piece. */
import {
  deliverInputs,
  deliverSnapshot,
  endDelivery,
  isDelivering,
  takePiece,
} from "../relay-deliveries/rules.ts";
import { coversFrame, oldestOf, readStretch } from "../relay-inputs/rules.ts";
import type { Member, Watch } from "../relay-members/rules.ts";
import { formatLong, formatShort, REASON, type Reason, TYPE } from "../relay-messages/rules.ts";
import { ASK_AGAIN_MS } from "../relay-rooms/limits.ts";
import { type Room, type Step, send } from "../relay-rooms/rules.ts";
import { hold, letGo, type Snapshot } from "../relay-snapshots/rules.ts";

/** The kept snapshot, when every input since it is kept too. */
function findUsable({ kept, log }: Room): Snapshot | null {
  return kept !== null && coversFrame(log, kept.frame) ? kept : null;
}

/** Gives a member a snapshot as soon as there is one that can be used, and asks the owner for it if need be. */
export function wantSnapshot(room: Room, member: Member, { reason, step }: Want): void {
  member.waitsFor = reason;
  if (member.watch !== null) {
    unpin(member.watch, step);
    member.watch.next = null;
    pin(room, member.watch);
    if (member.watch.pinned === null) askOwner(room, member, step);
    return;
  }
  const usable = findUsable(room);
  if (usable === null) askOwner(room, member, step);
  else startSnapshot(room, member, { snapshot: usable, reason, step });
}

interface Want {
  readonly reason: Reason;
  readonly step: Step;
}

/** Asks for a snapshot on behalf of a member; while one is under way nobody is asked. */
export function askOwner(room: Room, member: Member, step: Step): void {
  const { owner } = room;
  if (owner === null || owner.connection === null || owner === member || room.upload !== null) return;
  if (step.nowMs - room.askedAtMs < ASK_AGAIN_MS) return;
  room.askedAtMs = step.nowMs;
  send(step, owner, formatShort(TYPE.snapshotWanted, member.number));
}

/** Begins to send a snapshot to a player, and every input that is kept since. */
export function startSnapshot(
  room: Room,
  member: Member,
  { snapshot, reason, step }: Want & { readonly snapshot: Snapshot },
): void {
  const { delivery } = member;
  member.waitsFor = null;
  room.lastSnapshotId = (room.lastSnapshotId + 1) & 0xffff;
  deliverSnapshot(delivery, step.ledger, { snapshot: hold(snapshot), id: room.lastSnapshotId, reason });
  delivery.replay = null;
  if (member.watch === null) deliverInputs(delivery, room.log, snapshot.frame);
  pump(member, step);
}

/** Sends every kept input from a frame on; when some are gone, a snapshot instead. */
export function resumeFrom(room: Room, member: Member, { frame, step }: Resume): void {
  const { log } = room;
  if (!coversFrame(log, frame)) tellGap(room, member, { frame, step });
  else if (member.watch !== null) {
    member.watch.next = oldestOf(log);
    member.watch.frame = frame;
  } else {
    deliverInputs(member.delivery, log, frame);
    pump(member, step);
  }
}

interface Resume {
  readonly frame: number;
  readonly step: Step;
}

function tellGap(room: Room, member: Member, { frame, step }: Resume): void {
  endDelivery(member.delivery, step.ledger);
  send(step, member, formatLong(TYPE.gap, frame));
  wantSnapshot(room, member, { reason: REASON.asked, step });
}

/** Hands a snapshot that was just completed to those who wait, or to all players. */
export function serveWaiting(room: Room, snapshot: Snapshot, { isForEveryone, step }: Serving): void {
  for (const member of room.members.values()) {
    if (member.connection === null || member === room.owner) continue;
    if (member.watch !== null) {
      if (member.waitsFor !== null && member.watch.pinned === null) pin(room, member.watch);
    } else if (member.waitsFor !== null || isForEveryone) {
      const reason = member.waitsFor ?? REASON.everyone;
      startSnapshot(room, member, { snapshot, reason, step });
    }
  }
}

interface Serving {
  readonly isForEveryone: boolean;
  readonly step: Step;
}

function pump({ connection }: Member, { effects }: Step): void {
  if (connection !== null) effects.push({ kind: "pump", connection });
}

/** A spectator waits for what another one waits for already, so that a room holds two snapshots and not thirty. */
function pin(room: Room, watch: Watch): void {
  for (const { watch: other } of room.members.values()) {
    const shared = other?.pinned ?? null;
    if (shared === null || !coversFrame(room.log, shared.frame)) continue;
    watch.pinned = hold(shared);
    return;
  }
  const usable = findUsable(room);
  watch.pinned = usable === null ? null : hold(usable);
}

/** Lets go of what a spectator was going to see. */
export function unpin(watch: Watch, { ledger }: Step): void {
  letGo(ledger, watch.pinned);
  watch.pinned = null;
}

/**
 * Sends a member the next piece of what it is due, now that it can take one.
 * @returns True when there is more at once.
 */
export function sendPiece(room: Room, member: Member, step: Step): boolean {
  const { delivery, watch } = member;
  const { replay } = delivery;
  if (replay !== null && !coversFrame(room.log, replay.frame)) {
    // It fell out of what is kept while it was being sent.
    tellGap(room, member, { frame: replay.frame, step });
    return isDelivering(delivery);
  }
  if (isDelivering(delivery)) {
    const piece = takePiece(delivery, room.log, step.ledger);
    if (piece !== null) send(step, member, piece);
    return isDelivering(delivery);
  }
  if (watch === null) return false;
  return watch.next === null ? showPinned(room, member, step) : feedSpectator(room, member, step);
}

/** Begins with the snapshot for which a spectator waits, once it is old enough. */
function showPinned(room: Room, member: Member, step: Step): boolean {
  const { watch } = member;
  const pinned = watch?.pinned ?? null;
  if (watch === null || pinned === null || pinned.keptAtMs > step.nowMs - watch.delayMs) return false;
  if (!coversFrame(room.log, pinned.frame)) {
    wantSnapshot(room, member, { reason: member.waitsFor ?? REASON.joined, step });
    return false;
  }
  startSnapshot(room, member, { snapshot: pinned, reason: member.waitsFor ?? REASON.joined, step });
  unpin(watch, step);
  watch.next = oldestOf(room.log);
  watch.frame = pinned.frame;
  return true;
}

/** Sends what is old enough for a spectator to see. */
function feedSpectator(room: Room, member: Member, step: Step): boolean {
  const { watch } = member;
  const { log } = room;
  const from = watch?.next ?? null;
  if (watch === null || from === null) return false;
  if (from < oldestOf(log)) {
    tellGap(room, member, { frame: watch.frame, step });
    return false;
  }
  const arrivedUntilMs = step.nowMs - watch.delayMs;
  const { message, next } = readStretch(log, { from, until: log.count, frame: watch.frame, arrivedUntilMs });
  watch.next = next;
  if (message !== null) send(step, member, message);
  return message !== null;
}
