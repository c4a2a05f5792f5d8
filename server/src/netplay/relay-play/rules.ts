/** What members of a room say. */
import { removeMember } from "../relay-arrivals/rules.ts";
import { takePong } from "../relay-delays/rules.ts";
import { takeInput } from "../relay-inputs/rules.ts";
import type { Member } from "../relay-members/rules.ts";
import type { CloseName } from "../relay-messages/close-codes.data.ts";
import {
  FLAG,
  formatLong,
  formatPong,
  HEAD_BYTES,
  isWellFormed,
  LONG_HEAD_BYTES,
  REASON,
  RESULT,
  readLong,
  readShort,
  TYPE,
  writeShort,
} from "../relay-messages/rules.ts";
import { BARRED_MAX, RESUME_EVERY_MS, WANTED_EVERY_MS } from "../relay-rooms/limits.ts";
import { dropUpload, type Room, type Step, send } from "../relay-rooms/rules.ts";
import { finishUpload, letGo, startUpload, takePart, type Upload } from "../relay-snapshots/rules.ts";
import { resumeFrom, serveWaiting, wantSnapshot } from "../relay-waiting/rules.ts";

/** One message of a member. */
export interface Said {
  readonly member: Member;
  readonly bytes: Uint8Array;
}

/** Handles a message; says why its connection has to be closed, when it has to be. */
export function takeMessage(room: Room, { member, bytes }: Said, step: Step): CloseName | null {
  const type = bytes[0];
  member.heardAtMs = step.nowMs;
  if (type === TYPE.input || type === TYPE.keep) return play(room, { member, bytes }, step);
  const handler = HANDLERS[type ?? 0];
  if (handler === undefined || !isWellFormed(bytes)) return "messageInvalid";
  return handler(room, { member, bytes }, step);
}

/** The hot path: nothing is written anew, and nobody is looked for. */
function play({ log, facts }: Room, { member, bytes }: Said, step: Step): CloseName | null {
  const { seat, connection } = member;
  const isOwn = seat !== null && bytes[1] === seat && readShort(bytes) === 0;
  if (!isOwn || bytes.length !== log.recordBytes || connection === null) return "messageInvalid";
  if (!takeInput(log, bytes, step.nowMs) || bytes[0] === TYPE.keep) return null;
  step.effects.push({ kind: "publish", roomId: facts.id, from: connection, bytes });
  return null;
}

type Handler = (room: Room, said: Said, step: Step) => CloseName | null;

const HANDLERS: Readonly<Record<number, Handler>> = {
  [TYPE.resume]: resume,
  [TYPE.message]: passOn,
  [TYPE.signal]: passOn,
  [TYPE.snapshotBegin]: beginSnapshot,
  [TYPE.snapshotPart]: takeSnapshotPart,
  [TYPE.snapshotCancel]: cancelSnapshot,
  [TYPE.snapshotWanted]: askForSnapshot,
  [TYPE.ping]: answerPing,
  [TYPE.pong]: hearPong,
  [TYPE.leave]: leave,
  [TYPE.kick]: kick,
};

function resume(room: Room, { member, bytes }: Said, step: Step): CloseName | null {
  if (member.watch !== null) return "messageInvalid";
  if (step.nowMs - member.resumedAtMs < RESUME_EVERY_MS) return null;
  member.resumedAtMs = step.nowMs;
  resumeFrom(room, member, { frame: readLong(bytes, HEAD_BYTES), step });
  return null;
}

/** To one member of the same room, or to all others. */
function passOn(room: Room, { member, bytes }: Said, step: Step): CloseName | null {
  const to = readShort(bytes);
  if (to === 0 && bytes[0] === TYPE.signal) return "messageInvalid";
  writeShort(bytes, member.number);
  if (to !== 0) {
    const receiver = room.members.get(to);
    if (receiver !== undefined && receiver !== member) send(step, receiver, bytes);
    return null;
  }
  for (const receiver of room.members.values()) if (receiver !== member) send(step, receiver, bytes);
  return null;
}

function beginSnapshot(room: Room, { member, bytes }: Said, step: Step): CloseName | null {
  if (member.seat === null) return "messageInvalid";
  const [id, frame, sizeBytes] = [readShort(bytes), readLong(bytes, 4), readLong(bytes, 8)];
  const wish = { id, frame, sizeBytes, isForEveryone: ((bytes[1] ?? 0) & FLAG) !== 0 };
  const started = room.owner === member ? startUpload(step.ledger, wish, room.upload) : RESULT.notOwner;
  if (typeof started === "object") room.upload = started;
  else send(step, member, formatLong(TYPE.snapshotResult, frame, { small: started, short: id }));
  return null;
}

/** The upload that a message of its owner is about; null when that is not under way. */
function findUpload(room: Room, { member, bytes }: Said): Upload | null {
  const { upload, owner } = room;
  return upload !== null && owner === member && upload.id === readShort(bytes) ? upload : null;
}

function takeSnapshotPart(room: Room, said: Said, step: Step): CloseName | null {
  const upload = findUpload(room, said);
  if (upload === null) return said.member.seat === null ? "messageInvalid" : null;
  const { id, frame } = upload;
  const { member, bytes } = said;
  if (!takePart(upload, readLong(bytes, HEAD_BYTES), bytes.subarray(LONG_HEAD_BYTES))) {
    dropUpload(room, step.ledger);
    send(step, member, formatLong(TYPE.snapshotResult, frame, { small: RESULT.order, short: id }));
    return null;
  }
  send(step, member, formatLong(TYPE.snapshotAck, upload.receivedBytes, { short: id }));
  if (upload.receivedBytes < upload.bytes.length) return null;
  room.upload = null;
  letGo(step.ledger, room.kept);
  room.kept = finishUpload(upload, member.seat ?? 0, step.nowMs);
  send(step, member, formatLong(TYPE.snapshotResult, frame, { small: RESULT.kept, short: id }));
  serveWaiting(room, room.kept, { isForEveryone: upload.isForEveryone, step });
  return null;
}

function cancelSnapshot(room: Room, said: Said, step: Step): CloseName | null {
  if (said.member.seat === null) return "messageInvalid";
  if (findUpload(room, said) !== null) dropUpload(room, step.ledger);
  return null;
}

function askForSnapshot(room: Room, { member }: Said, step: Step): CloseName | null {
  if (step.nowMs - member.wantedAtMs < WANTED_EVERY_MS) return null;
  member.wantedAtMs = step.nowMs;
  wantSnapshot(room, member, { reason: REASON.asked, step });
  return null;
}

function answerPing(_room: Room, { member, bytes }: Said, step: Step): CloseName | null {
  send(step, member, formatPong(readLong(bytes, HEAD_BYTES), Math.floor(step.nowMs) % 0x1_0000_0000));
  return null;
}

function hearPong(_room: Room, { member, bytes }: Said, { nowMs }: Step): CloseName | null {
  takePong(member.delays, readLong(bytes, HEAD_BYTES), nowMs);
  return null;
}

function leave(room: Room, { member }: Said, step: Step): CloseName | null {
  removeMember(room, member, step);
  return "left";
}

function kick(room: Room, { member, bytes }: Said, step: Step): CloseName | null {
  const target = room.members.get(readShort(bytes));
  if (room.owner !== member || target === member) return "messageInvalid";
  if (target === undefined) return null;
  const isBarred = ((bytes[1] ?? 0) & FLAG) !== 0;
  if (isBarred && target.userId !== member.userId && room.barred.size < BARRED_MAX)
    room.barred.add(target.userId);
  const { connection } = target;
  if (connection !== null) step.effects.push({ kind: "close", connection, why: "removed" });
  removeMember(room, target, step);
  return null;
}
