/**
 * One room as a machine without sockets: what happens goes in, what is to be done comes out. The room is changed in
 * place, because sixty times a second and player nothing can be copied.
 */
import { createLog, type InputLog, measureLog } from "../relay-inputs/rules.ts";
import type { Member } from "../relay-members/rules.ts";
import type { CloseName } from "../relay-messages/close-codes.data.ts";
import {
  type Ledger,
  letGo,
  release,
  reserve,
  type Snapshot,
  type Upload,
} from "../relay-snapshots/rules.ts";
import type { RelayRoomLimits } from "./limits.ts";

/** What is fixed when a room is opened. */
export interface RoomFacts {
  readonly id: string;
  readonly invite: string;
  readonly name: string;
  readonly romId: number;
  readonly ownerUserId: number;
  readonly playersMax: number;
  readonly inputBytes: number;
  readonly inputWindow: number;
  /** Argon2id; null for none. */
  readonly passwordHash: string | null;
  readonly contentHash: string | null;
  /** By the calendar, for lists. */
  readonly openedAtMs: number;
}

export interface Room {
  readonly facts: RoomFacts;
  readonly log: InputLog;
  /** Everybody, by number; also players that are cut. */
  readonly members: Map<number, Member>;
  readonly seats: (Member | null)[];
  /** Accounts that the owner keeps out. */
  readonly barred: Set<number>;
  lastNumber: number;
  owner: Member | null;
  /** Frame of the newest snapshot as of the last change of owner. */
  resumeFrame: number | null;
  upload: Upload | null;
  kept: Snapshot | null;
  lastSnapshotId: number;
  /** When the owner was asked for a snapshot. */
  askedAtMs: number;
  /** Since when no player is connected; null while one is. */
  deserted: number | null;
  isRosterDue: boolean;
  rosterAtMs: number;
  /** The text of the last roster, so that delays alone are not told twice. */
  roster: string;
}

/** What is to be done, in order. */
export type Effect =
  | { readonly kind: "send"; readonly to: number; readonly bytes: Uint8Array }
  /** An input, for every connected player but the sender. */
  | { readonly kind: "publish"; readonly roomId: string; readonly from: number; readonly bytes: Uint8Array }
  /** A connection is in a room from now on. */
  | {
      readonly kind: "enter";
      readonly connection: number;
      readonly roomId: string;
      readonly role: "player" | "spectator";
    }
  /** Something waits to be sent piece by piece. */
  | { readonly kind: "pump"; readonly connection: number }
  | { readonly kind: "close"; readonly connection: number; readonly why: CloseName }
  /** What lists show of a room is not as it was, or the room is gone. */
  | { readonly kind: "changed"; readonly roomId: string };

/** What one step knows and fills. */
export interface Step {
  readonly nowMs: number;
  readonly limits: RelayRoomLimits;
  readonly ledger: Ledger;
  readonly effects: Effect[];
}

/** Makes a room without members; null when there is no memory for it. */
export function createRoom(facts: RoomFacts, { ledger, nowMs }: Step): Room | null {
  const { playersMax, inputBytes, inputWindow } = facts;
  const shape = { seats: playersMax, inputBytes, windowFrames: inputWindow };
  if (!reserve(ledger, measureLog(shape))) return null;
  return {
    facts,
    log: createLog(shape),
    members: new Map(),
    seats: Array.from({ length: playersMax }, () => null),
    barred: new Set(),
    lastNumber: 0,
    owner: null,
    resumeFrame: null,
    upload: null,
    kept: null,
    lastSnapshotId: 0,
    askedAtMs: Number.NEGATIVE_INFINITY,
    deserted: nowMs,
    isRosterDue: false,
    rosterAtMs: nowMs,
    roster: "",
  };
}

/** Gives back the memory of a room from which everybody has gone. */
export function discardRoom(room: Room, { ledger }: Step): void {
  const { playersMax, inputBytes, inputWindow } = room.facts;
  dropUpload(room, ledger);
  letGo(ledger, room.kept);
  release(ledger, measureLog({ seats: playersMax, inputBytes, windowFrames: inputWindow }));
}

/** Forgets an upload that will not be completed. */
export function dropUpload(room: Room, ledger: Ledger): void {
  if (room.upload !== null) release(ledger, room.upload.bytes.length);
  room.upload = null;
}

/** Sends to one member; whoever is cut gets nothing. */
export function send(step: Step, { connection }: Member, bytes: Uint8Array): void {
  if (connection !== null) step.effects.push({ kind: "send", to: connection, bytes });
}

/** Says that who is in a room, or what lists show, is not as it was. */
export function noteChange(room: Room, { effects }: Step): void {
  room.isRosterDue = true;
  effects.push({ kind: "changed", roomId: room.facts.id });
}
